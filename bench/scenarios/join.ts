import { z } from 'zod';
import { authorizedSession, Backend, createdSession, type CreatedSession } from '../rest/backend.js';
import { storm, type StormResult } from '../rest/call-storm.js';
import { demand } from '../processes/changes.js';
import { moveToCore } from '../processes/cores.js';
import { cpuTimeBetween, cpuTimeOf, shareOf } from '../measure/cpu.js';
import { endpointOf } from '../client/dial.js';
import type { Latencies } from '../measure/latencies.js';
import * as option from '../cli/options.js';
import { BUSY, busyCells, latencyPlot } from '../report/load-report.js';
import { defineScenario, type Bench, type Outcome } from '../cli/scenario.js';
import { addressOf, inTurns, linkOf, seatHandshake, type Crowd, type Seats } from '../rest/seats.js';
import { withTarget, type Gateway } from '../processes/target.js';
import { Visits } from '../visits/visits.js';
import { coresFor } from './load-run.js';

const EXPIRES_IN_S = 3_600;
const CREATED_AT = '/v1/relays/sessions';

const options = z.object({
  ...option.targetOptions,
  ...option.redisOption,
  ...option.crowdOptions,
  clients: option.whole(2, 1_000_000).describe('how many connect').default(4_000),
  connections: option.whole(1, 10_000).describe('how many REST calls are under way at once').default(32),
  'at-once': option.whole(1, 100_000).describe('how many sockets are connecting at once').default(200),
  ...option.workersOption,
  ...option.quickOption,
});

/** Sessions are created with one user each, the others authorized one by one, then all connect. */
export const join = defineScenario({
  name: 'join',
  summary: 'create, authorize and connect as fast as it goes: rates and latencies',
  options,
  quick: { clients: 800 },
  run: (given, bench) => withTarget(given, {}, (gateway) => measure(gateway, given, bench)),
});

/** One of the three: its rate, how long each took, and who was busy. */
interface Step {
  readonly name: string;
  readonly count: number;
  readonly seconds: number;
  readonly latency: Latencies;
  readonly serverBusy: number | null;
  readonly loadBusy: number;
  readonly failures: Readonly<Record<string, number>>;
}

async function measure(gateway: Gateway, given: z.output<typeof options>, bench: Bench): Promise<Outcome> {
  const crowd = option.crowdOf(given);
  const cores = coresFor(given);
  moveToCore(cores.load);
  const { connections } = given;
  const created = await create(gateway, crowd, connections, bench);
  const authorized = await authorize(gateway, crowd, created.sessions, connections, bench);
  const visits = Visits.start(seatsOf(created.sessions, authorized.seats), crowd.roomsOf, given.workers, cores);
  try {
    const connected = await connect(gateway, visits, given['at-once'], bench);
    const backend = new Backend(gateway.url, gateway.key);
    const { sessions } = created;
    await inTurns(sessions.length, (i) => backend.endSession(sessions[i]?.session_id ?? ''));
    return outcomeOf([created.step, authorized.step, connected], bench);
  } finally {
    visits.end();
  }
}

async function create(gateway: Gateway, crowd: Crowd, connections: number, { progress }: Bench) {
  const sessions: CreatedSession[] = [];
  const result = await storm(gateway, {
    connections,
    until: { calls: crowd.clients / crowd.roomsOf },
    call: () => {
      const body = { users: [{ ip: addressOf(0) }], max_users: crowd.roomsOf, expires_in_s: EXPIRES_IN_S };
      return { method: 'POST', path: CREATED_AT, scheme: 'token', body };
    },
    onAnswer: (body) => sessions.push(createdSession.parse(JSON.parse(body))),
    onProgress: (calls) => progress.show(`create: ${calls}`),
  });
  demand(sessions.length === crowd.clients / crowd.roomsOf, `only ${sessions.length} sessions were created`);
  return { sessions, step: stepOf('create', result) };
}

async function authorize(
  gateway: Gateway,
  { clients, roomsOf }: Crowd,
  sessions: readonly CreatedSession[],
  connections: number,
  { progress }: Bench,
) {
  const seats = new Map<string, string[]>();
  const result = await storm(gateway, {
    connections,
    until: { calls: clients - sessions.length },
    call: (n) => {
      const session_id = sessions[n % sessions.length]?.session_id ?? '';
      const body = { session_id, user_ip: addressOf(1 + Math.floor(n / sessions.length)) };
      return { method: 'POST', path: `${CREATED_AT}:authorize-user`, scheme: 'token', body };
    },
    onAnswer: (body) => {
      const session = authorizedSession.parse(JSON.parse(body));
      const own = seats.get(session.session_id) ?? [];
      own.push(seatHandshake(session, session.session_user));
      seats.set(session.session_id, own);
    },
    onProgress: (calls) => progress.show(`authorize: ${calls}`),
  });
  const full = [...seats.values()].filter((own) => own.length === roomsOf - 1).length;
  demand(full === sessions.length, 'not every user was authorized');
  return { seats, step: stepOf('authorize', result) };
}

function seatsOf(sessions: readonly CreatedSession[], authorized: ReadonlyMap<string, string[]>): Omit<Seats, 'end'> {
  return {
    endpoints: sessions.map((session) => endpointOf(linkOf(session))),
    handshakes: sessions.flatMap((session) => [
      ...session.session_users.map((user) => seatHandshake(session, user)),
      ...(authorized.get(session.session_id) ?? []),
    ]),
  };
}

async function connect({ pid }: Gateway, visits: Visits, atOnce: number, { progress }: Bench): Promise<Step> {
  const from = pid === null ? null : cpuTimeOf(pid);
  const stage = await visits.connect(atOnce, (done) => progress.show(`connect: ${done}`));
  const { latency, done: count, seconds, failures, loadBusy } = stage;
  const serverBusy = from === null || pid === null ? null : shareOf(cpuTimeBetween(from, cpuTimeOf(pid)), seconds);
  return { name: 'connect', count, seconds, latency, serverBusy, loadBusy, failures };
}

function stepOf(name: string, { calls, refused, failed, ...rest }: StormResult): Step {
  const { seconds, latency, serverBusy, loadBusy } = rest;
  return { name, count: calls, seconds, latency, serverBusy, loadBusy, failures: { refused, failed } };
}

function outcomeOf(steps: readonly Step[], { account }: Bench): Outcome {
  account.table(
    ['step', 'per s', 'p50 ms', 'p90', 'p99', 'max', 'count', 'failures', ...BUSY],
    steps.map((step) => [
      step.name,
      (step.count / step.seconds).toFixed(0),
      ...[0.5, 0.9, 0.99, 1].map((share) => step.latency.atMs(share).toFixed(2)),
      step.count,
      failuresOf(step),
      ...busyCells(step),
    ]),
  );
  const wrong = steps.filter((step) => failuresOf(step) > 0);
  return {
    figures: { steps: steps.map((step) => ({ ...step, perS: step.count / step.seconds })) },
    plots: [latencyPlot(steps.map(({ name, latency }) => [name, latency]))],
    broken: wrong.map((step) => `${step.name}: ${JSON.stringify(step.failures)}`),
  };
}

function failuresOf({ failures }: Step): number {
  return Object.values(failures).reduce((sum, count) => sum + count, 0);
}
