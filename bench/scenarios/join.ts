import { z } from 'zod';
import * as option from '../cli/options.js';
import { defineScenario, type Bench, type Outcome } from '../cli/scenario.js';
import { Clients } from '../load/clients.js';
import { BusyWatch, type Busy } from '../measure/busy-watch.js';
import type { Latencies } from '../measure/latencies.js';
import { sumOf } from '../measure/statistics.js';
import { demand } from '../processes/changes.js';
import { moveToCore } from '../processes/cores.js';
import { coresFor, withTarget, type Gateway } from '../processes/target.js';
import { BUSY, latencyColumns, latencyPlot } from '../report/load-report.js';
import { authorizedSession, Backend, createdSession, calls, type Call, type CreatedSession } from '../rest/backend.js';
import { addressOf, seatHandshake, seatsOf } from '../rest/seats.js';
import { storm } from '../rest/storm.js';

const EXPIRES_IN_S = 3_600;

const options = z.object({
  ...option.gatewayOptions,
  ...option.crowdOptions,
  clients: option.clients(4_000),
  connections: option.whole(1, 10_000).describe('how many REST calls run at once').default(32),
  ...option.atOnceOption,
  ...option.workersOption,
  ...option.quickOption,
});

/** The bench creates sessions with one user each, authorizes the others one by one, and connects all. */
export const join = defineScenario({
  name: 'join',
  summary: 'create, authorize and connect as fast as possible: rates and latencies',
  options,
  quick: { clients: 800 },
  run: (given, bench) => withTarget(given, {}, (gateway) => measure(gateway, given, bench)),
});

/** One of the three. */
interface Step extends Pick<Busy, 'serverBusy' | 'loadBusy'> {
  readonly name: string;
  readonly count: number;
  readonly seconds: number;
  readonly latency: Latencies;
  readonly failures: Readonly<Record<string, number>>;
}

async function measure(gateway: Gateway, given: z.output<typeof options>, bench: Bench): Promise<Outcome> {
  const { clients, roomsOf } = option.crowdOf(given);
  const cores = coresFor(given);
  moveToCore(cores.load);
  const backend = new Backend(gateway.url, gateway.key);
  const sessions: CreatedSession[] = [];
  const handshakes = new Map<string, string[]>();
  const { connections, workers } = given;

  const callStep = async (name: string, count: number, call: (n: number) => Call, onAnswer: (body: string) => void) => {
    const onProgress = (done: number): void => bench.progress.show(`${name}: ${done}`);
    const request = (n: number): string => backend.request(call(n));
    const result = await storm(gateway, { connections, until: { calls: count }, request, onAnswer, onProgress });
    const { seconds, latency, serverBusy, loadBusy, refused, failed } = result;
    const failures = { refused, failed };
    return { name, count: result.calls, seconds, latency, serverBusy, loadBusy, failures };
  };
  const created = await callStep(
    'create',
    clients / roomsOf,
    () => calls.create([addressOf(0)], { max_users: roomsOf, expires_in_s: EXPIRES_IN_S }),
    (body) => {
      const session = createdSession.parse(JSON.parse(body));
      sessions.push(session);
      handshakes.set(
        session.session_id,
        session.session_users.map((user) => seatHandshake(session, user)),
      );
    },
  );
  demand(sessions.length === clients / roomsOf, `only ${sessions.length} sessions were created`);
  const authorized = await callStep(
    'authorize',
    clients - sessions.length,
    (n) => {
      const id = sessions[n % sessions.length]?.session_id ?? '';
      return calls.authorize(id, addressOf(1 + Math.floor(n / sessions.length)));
    },
    (body) => {
      const session = authorizedSession.parse(JSON.parse(body));
      handshakes.get(session.session_id)?.push(seatHandshake(session, session.session_user));
    },
  );
  const isFull = [...handshakes.values()].every((own) => own.length === roomsOf);
  demand(isFull, 'not every user was authorized');

  const seats = seatsOf(backend, sessions, [...handshakes.values()].flat());
  return Clients.with({ ...seats, wire: 'sallyport', roomsOf }, { workers, cores }, async (all) => {
    const watch = new BusyWatch(gateway);
    const stage = await all.connect(given['at-once'], (done) => bench.progress.show(`connect: ${done}`));
    const { serverBusy } = watch.read(1, stage.seconds);
    const { latency, done: count, seconds, failures, loadBusy } = stage;
    await seats.end();
    const connected = { name: 'connect', count, seconds, latency, serverBusy, loadBusy, failures };
    return outcomeOf([created, authorized, connected], bench);
  });
}

function outcomeOf(steps: readonly Step[], { account }: Bench): Outcome {
  const failuresOf = ({ failures }: Step): number => sumOf(Object.values(failures), (count) => count);
  account.rows(steps, {
    step: ({ name }) => name,
    'per s': ({ count, seconds }) => (count / seconds).toFixed(0),
    ...latencyColumns(2, ({ latency }) => latency),
    count: ({ count }) => count,
    failures: failuresOf,
    ...BUSY,
  });
  const wrong = steps.filter((step) => failuresOf(step) > 0);
  return {
    figures: { steps: steps.map((step) => ({ ...step, perS: step.count / step.seconds })) },
    plots: [latencyPlot(steps.map(({ name, latency }) => [name, latency]))],
    broken: wrong.map((step) => `${step.name}: ${JSON.stringify(step.failures)}`),
  };
}
