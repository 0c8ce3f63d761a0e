/**
 * The main job, shown on real sockets: `npm run demo`. Starts a gateway of its own, or uses a running one
 * (`npm run demo -- --url URL --key KEY`). Exits 0 when everything was as promised, else 1 with a line that says what was not.
 */
import { parseArgs } from 'node:util';
import { Account, percentile, type Cell } from './report/account.js';
import { Backend } from './rest/backend.js';
import { demand } from './processes/changes.js';
import type { GameClient } from './game-client.js';
import { GatewayProcess } from './processes/gateway-process.js';
import { Ledger, type Tally } from './ledger.js';
import { PAYLOAD_BYTES } from './payload.js';
import * as story from './story.js';
import { play, TRAFFIC_S, VOLATILE_PER_S } from './traffic.js';

/** Where the gateway is, and how this demo lets go of it. */
interface Target {
  readonly url: string;
  readonly key: string;
  stop(): Promise<void>;
}

async function main(): Promise<void> {
  const account = new Account((line) => process.stdout.write(`${line}\n`));
  account.title('Sallyport demo: four game clients in one relay session');
  const { values } = parseArgs({ options: { url: { type: 'string' }, key: { type: 'string' } } });
  const target = await targetOf(account, values.url, values.key);
  const ledger = await tell(account, new Backend(target.url, target.key)).catch(async (error: unknown) => {
    // A gateway that fails at its stop as well has more to say.
    const more = await target.stop().then(
      () => '',
      (reason: unknown) => `; ${messageOf(reason)}`,
    );
    throw new Error(messageOf(error) + more, { cause: error });
  });
  await target.stop();
  report(account, ledger);
  account.title('Everything was as promised.');
}

async function targetOf(account: Account, url: string | undefined, key: string | undefined): Promise<Target> {
  if (url === undefined && key === undefined) return ownGateway(account);
  demand(url !== undefined && key !== undefined, '--url and --key go together');
  account.step(`uses the gateway at ${url}`);
  return { url: url.replace(/\/+$/, ''), key, stop: () => Promise.resolve() };
}

async function ownGateway(account: Account): Promise<Target> {
  const gateway = new GatewayProcess();
  process.once('exit', () => gateway.kill());
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  const { url, engine } = await gateway.untilListening();
  account.step(`a gateway is up at ${url} (${engine}, embedded store)`);
  return {
    url,
    key: gateway.key,
    async stop() {
      await gateway.stop();
      account.step('the gateway stops on SIGTERM with exit code 0');
    },
  };
}

async function tell(account: Account, backend: Backend): Promise<Ledger> {
  const clients: GameClient[] = [];
  const stage = { account, backend, clients };
  try {
    const game = await story.openSession(stage);
    const [ann, ben, cleo] = await story.joinListed(stage, game, ['Ann', 'Ben', 'Cleo']);
    demand(ann !== undefined && ben !== undefined && cleo !== undefined, 'three users were listed');
    const dora = await story.joinLate(stage, game, 'Dora');

    const ledger = new Ledger(clients.length);
    await play(clients, ledger);
    const tally = demandPerfect(ledger);
    account.step(
      `all four relay for ${TRAFFIC_S} s: ${tally.sent} frames of ${PAYLOAD_BYTES} B, each once to the 3 others, in order`,
    );

    await story.kick(stage, game, cleo, [ann, ben, dora]);
    await story.hostLeaves(stage, ann, [ben, dora]);
    await story.backendSpeaks(stage, game, [ben, dora]);
    await story.endSession(stage, game, [ben, dora]);
    for (const client of clients) client.demandFine();
    demandPerfect(ledger); // a late copy of a frame would show by now
    return ledger;
  } finally {
    for (const client of clients) client.drop();
  }
}

function demandPerfect(ledger: Ledger): Tally {
  const tally = ledger.tally();
  const { lost, duplicated, disordered, damaged, misnumbered } = tally;
  const flaws = lost + duplicated + disordered + damaged + misnumbered;
  demand(flaws === 0, `the relay was not faithful: ${JSON.stringify(tally)}`);
  return tally;
}

function report(account: Account, ledger: Ledger): void {
  const { volatile, reliable, ack } = ledger.latenciesMs;
  account.table(
    ['latency, ms', 'frames', 'p50', 'p99', 'max'],
    [
      latencyRow(`volatile, ${VOLATILE_PER_S} a second each`, volatile),
      latencyRow('reliable, 1 a second each', reliable),
      latencyRow('ack of a reliable frame', ack),
    ],
  );
  const { sent, due, delivered, lost, duplicated, disordered } = ledger.tally();
  account.table(
    ['sent', 'due', 'delivered', 'lost', 'duplicated', 'out of order'],
    [[sent, due, delivered, lost, duplicated, disordered]],
  );
}

function latencyRow(name: string, valuesMs: readonly number[]): Cell[] {
  const shares = [0.5, 0.99, 1].map((share) => percentile(valuesMs, share).toFixed(2));
  return [name, valuesMs.length, ...shares];
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

main().catch((error: unknown) => {
  process.stderr.write(`\ndemo failed: ${messageOf(error)}\n`);
  process.exit(1);
});
