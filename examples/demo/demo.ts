/**
 * Four players in one relay session, on the client SDK: `npm run demo`. Starts a gateway of its own, or uses one that
 * runs (`npm run demo -- --url URL --key KEY`). Exits with 0 when all checks pass, else with 1 and the first that failed.
 */
import { parseArgs } from 'node:util';
import { connect, type ClientEvents, type RelayClient } from '../../src/client/client.js';
import { Backend, relayPair, type Session, type User } from './backend.js';
import { runningGateway, startGateway, type Gateway } from './gateway.js';
import { SECONDS, Traffic, VOLATILE_PER_S } from './traffic.js';

interface Player {
  readonly name: string;
  readonly index: number;
  readonly user: User;
  readonly client: RelayClient;
}

const WAIT_MS = 5_000;
const startedMs = performance.now();

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { url: { type: 'string' }, key: { type: 'string' } } });
  const { url, key } = values;
  check((url === undefined) === (key === undefined), '--url and --key go together');
  say('\nSallyport demo: four game clients in one relay session\n');
  const gateway = url === undefined || key === undefined ? await startGateway() : runningGateway(url, key);
  step(`the gateway listens on ${gateway.url}`);
  const clients: RelayClient[] = [];
  try {
    await play(new Backend(gateway), clients);
  } finally {
    await Promise.all(clients.map((client) => client.stop()));
    await stop(gateway);
  }
  say('\nAll checks passed.');
}

async function play(backend: Backend, clients: RelayClient[]): Promise<void> {
  const session = await backend.createSession(['127.0.0.1', '127.0.0.1', '127.0.0.1']);
  const link = session.relay?.ports.client.link;
  check(link !== undefined, `the session is ${session.status} and on no node`);
  step(`the backend creates session ${session.session_id} for 3 users; clients connect to ${link}`);

  const join = async (name: string, user: User | undefined): Promise<Player> => {
    check(user !== undefined, `the session lists no user for ${name}`);
    const client = await connect({ url: link, credential: relayPair(session, user) });
    clients.push(client);
    return { name, user, client, index: client.me?.index ?? -1 };
  };
  const [annUser, benUser, cleoUser] = session.session_users;
  const ann = await join('Ann', annUser);
  const ben = await join('Ben', benUser);
  const cleo = await join('Cleo', cleoUser);
  check(ann.client.me?.role === 'host', 'the first member is not the host');
  step('Ann, Ben and Cleo join with their relay pairs; Ann, the first, is host');

  const joined = heard(ann.client, 'memberJoined', () => ann.client.members.size === 4);
  const dora = await join('Dora', await backend.authorizeUser(session, '127.0.0.2'));
  check((await joined).index === dora.index, 'Ann heard of another member than Dora');
  step('the backend authorizes one more user; Dora joins, and Ann hears it');

  const traffic = new Traffic(clients);
  await traffic.run();
  const { sent, due, delivered, wrong } = traffic;
  check(delivered === due && wrong === 0, `${delivered} of ${due} messages were delivered, ${wrong} out of order`);
  step(`all four send for ${SECONDS} s: ${sent} messages, each delivered once and in order to the 3 others`);

  await kick(backend, session, cleo, ben, link);
  await leave(ann, [ben, dora]);
  await speak(backend, session, [ben, dora]);

  const ends = [ben, dora].map(({ client }) => heard(client, 'closed'));
  await backend.endSession(session);
  for (const { code, reason } of await Promise.all(ends)) check(reason === 'session_ended', `closed ${code} ${reason}`);
  step('the backend ends the session: Ben and Dora are closed with session_ended');
  report(traffic);
}

async function kick(backend: Backend, session: Session, kicked: Player, other: Player, link: string): Promise<void> {
  const closed = heard(kicked.client, 'closed');
  const left = heard(other.client, 'memberLeft', ({ member }) => member.index === kicked.index);
  const report = await backend.kick(session, kicked.user, 'shown in the demo');
  check(report.matched === 1 && report.closed === 1, `the kick reports ${JSON.stringify(report)}`);
  check((await closed).reason === 'kicked', `${kicked.name} was closed for another reason`);
  check((await left).reason === 'kicked', `${other.name} heard another reason`);
  step(`the backend kicks ${kicked.name}: its socket is closed with kicked, and ${other.name} hears it`);

  const again = connect({ url: link, credential: relayPair(session, kicked.user) });
  const refusal = await again.then(
    async (client) => {
      await client.stop();
      return null;
    },
    (error: unknown) => error,
  );
  check(refusal instanceof Error && 'code' in refusal, `${kicked.name} was let in again`);
  step(`${kicked.name} tries again and is refused: ${String(refusal.code)}`);
}

/** The host leaves; the member that joined first of the rest becomes host. */
async function leave(host: Player, rest: readonly Player[]): Promise<void> {
  const told = rest.map(({ client }) => heard(client, 'host'));
  check(await host.client.leave(), `the gateway did not confirm that ${host.name} left`);
  const [heir] = rest;
  for (const { index } of await Promise.all(told))
    check(index === heir?.index, `the host is member ${index ?? 'none'}`);
  step(`${host.name} leaves: ${heir?.name ?? ''} is host now, in term ${heir?.client.host.term ?? 0}`);
}

async function speak(backend: Backend, session: Session, rest: readonly Player[]): Promise<void> {
  const coming = rest.map(({ client }) => heard(client, 'message'));
  const { seq, receivers } = await backend.send(session, 'a message of the backend');
  check(receivers === rest.length, `the backend's message went to ${receivers} members`);
  for (const message of await Promise.all(coming)) {
    check(message.fromBackend && message.seq === seq, `number ${seq} was sent, ${message.seq ?? 'none'} came`);
  }
  step(`the backend sends a reliable message: Ben and Dora get it as number ${seq}`);
}

/** The next event of that kind that fits. */
function heard<E extends keyof ClientEvents>(
  client: RelayClient,
  event: E,
  fits: (payload: ClientEvents[E]) => boolean = () => true,
): Promise<ClientEvents[E]> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no ${event} within ${WAIT_MS} ms`)), WAIT_MS);
    const stopListening = client.on(event, (payload) => {
      if (!fits(payload)) return;
      clearTimeout(timer);
      stopListening();
      resolve(payload);
    });
  });
}

async function stop(gateway: Gateway): Promise<void> {
  await gateway.stop();
  step('the gateway stops');
}

function report({ latencyMs }: Traffic): void {
  say(`\n  ${'latency in ms'.padEnd(32)}   messages     p50     p99     max`);
  for (const [name, values] of [
    [`volatile, ${VOLATILE_PER_S} a second each`, latencyMs.volatile],
    ['reliable, 1 a second each', latencyMs.reliable],
    ['ack of a reliable message', latencyMs.ack],
  ] as const) {
    const sorted = values.toSorted((a, b) => a - b);
    const at = (share: number): string => (sorted[Math.ceil(share * sorted.length) - 1] ?? 0).toFixed(2).padStart(8);
    say(`  ${name.padEnd(32)} ${String(values.length).padStart(10)}${at(0.5)}${at(0.99)}${at(1)}`);
  }
  say('');
}

function check(isSo: boolean, otherwise: string): asserts isSo {
  if (!isSo) throw new Error(otherwise);
}

function step(text: string): void {
  say(`${((performance.now() - startedMs) / 1000).toFixed(2).padStart(6)} s  ${text}`);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
main().catch((error: unknown) => {
  process.stderr.write(`\ndemo failed: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
