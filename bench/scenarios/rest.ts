import { z } from 'zod';
import { Backend, type CreatedSession } from '../rest/backend.js';
import { storm, type Call, type StormPlan, type StormResult } from '../rest/call-storm.js';
import { demand } from '../processes/changes.js';
import { moveToCore } from '../processes/cores.js';
import * as option from '../cli/options.js';
import { BUSY, busyCells, latencyPlot, percent } from '../report/load-report.js';
import { defineScenario, type Bench, type Outcome } from '../cli/scenario.js';
import { addressOf, inTurns } from '../rest/seats.js';
import { withTarget, type Gateway } from '../processes/target.js';
import { coresFor } from './load-run.js';

const CALLS = ['create', 'get', 'list', 'authorize', 'tokens'] as const;
type CallName = (typeof CALLS)[number];

/** What the calls are about: as many sessions as that. */
const SESSIONS = 200;
const MAX_USERS = 65_000;
/** What it leaves behind at a gateway that goes on running. */
const EXPIRES_IN_S = 900;

const options = z.object({
  ...option.targetOptions,
  ...option.redisOption,
  seconds: option.above0().max(3_600).describe('how long each call is made').default(5),
  connections: option.whole(1, 10_000).describe('how many calls are under way at once').default(32),
  only: z
    .string()
    .regex(new RegExp(`^(${CALLS.join('|')})(,(${CALLS.join('|')}))*$`), `must be some of ${CALLS.join(',')}`)
    .describe('which calls')
    .default(CALLS.join(',')),
  ...option.quickOption,
});

/** One call after the other, each as fast as it is answered; users are new ones, sessions and tokens of 200 sessions. */
export const rest = defineScenario({
  name: 'rest',
  summary: 'the REST calls of a backend: create, get, list, authorize, tokens',
  options,
  quick: { seconds: 1 },
  run: (given, bench) => withTarget(given, {}, (gateway) => measure(gateway, given, bench)),
});

async function measure(gateway: Gateway, given: z.output<typeof options>, bench: Bench): Promise<Outcome> {
  moveToCore(coresFor(given).load);
  const backend = new Backend(gateway.url, gateway.key);
  const settings = { max_users: MAX_USERS, expires_in_s: EXPIRES_IN_S };
  const sessions = await inTurns(SESSIONS, () => backend.createSession([addressOf(0)], settings));
  const results = new Map<CallName, StormResult>();
  for (const name of CALLS.filter((each) => given.only.split(',').includes(each))) {
    const { connections, seconds } = given;
    const onProgress = (calls: number): void => bench.progress.show(`${name}: ${calls} calls`);
    results.set(
      name,
      await storm(gateway, { connections, until: { seconds }, call: callOf(name, sessions), onProgress }),
    );
    bench.account.step(name);
  }
  await inTurns(SESSIONS, (i) => backend.endSession(sessions[i]?.session_id ?? ''));
  report(bench, results);
  return outcomeOf(results);
}

function callOf(name: CallName, sessions: readonly CreatedSession[]): StormPlan['call'] {
  const idOf = (n: number): string => {
    const session = sessions[n % sessions.length];
    demand(session !== undefined, 'there are sessions');
    return session.session_id;
  };
  const path = '/v1/relays/sessions';
  const calls: Record<CallName, (n: number) => Call> = {
    create: (n) => ({
      method: 'POST',
      path,
      scheme: 'token',
      body: { users: [{ ip: addressOf(n) }, { ip: addressOf(n + 1) }], expires_in_s: EXPIRES_IN_S },
    }),
    get: (n) => ({ method: 'GET', path: `${path}/${idOf(n)}`, scheme: 'token' }),
    list: (n) => ({ method: 'GET', path: `${path}?page=${1 + (n % 5)}&limit=10`, scheme: 'token' }),
    // Each session's users have addresses of their own; the first is taken.
    authorize: (n) => ({
      method: 'POST',
      path: `${path}:authorize-user`,
      scheme: 'token',
      body: { session_id: idOf(n), user_ip: addressOf(1 + Math.floor(n / sessions.length)) },
    }),
    tokens: (n) => ({
      method: 'POST',
      path: `${path}/${idOf(n)}/tokens`,
      scheme: 'Bearer',
      body: { user_id: `user-${n}` },
    }),
  };
  return calls[name];
}

function report({ account }: Bench, results: ReadonlyMap<CallName, StormResult>): void {
  account.table(
    [
      'call',
      'per s',
      'p50 ms',
      'p90',
      'p99',
      'max',
      'calls',
      'refused',
      'failed',
      'server CPU us/call',
      ...BUSY,
      'Redis busy %',
    ],
    [...results].map(([name, each]) => [
      name,
      (each.calls / each.seconds).toFixed(0),
      ...[0.5, 0.9, 0.99, 1].map((share) => each.latency.atMs(share).toFixed(2)),
      each.calls,
      each.refused,
      each.failed,
      each.serverCpuUsPerCall?.toFixed(0) ?? '-',
      ...busyCells(each),
      percent(each.redisBusy),
    ]),
  );
}

function outcomeOf(results: ReadonlyMap<CallName, StormResult>): Outcome {
  const wrong = [...results].filter(([, { refused, failed, calls }]) => refused + failed > 0 || calls === 0);
  return {
    figures: {
      calls: Object.fromEntries(
        [...results].map(([name, each]) => [name, { ...each, perS: each.calls / each.seconds }]),
      ),
    },
    plots: [latencyPlot([...results].map(([name, { latency }]) => [name, latency]))],
    broken: wrong.map(
      ([name, { refused, failed, calls }]) => `${name}: ${refused} of ${calls} calls refused, ${failed} failed`,
    ),
  };
}
