import { z } from 'zod';
import * as option from '../cli/options.js';
import { defineScenario, type Bench, type Outcome } from '../cli/scenario.js';
import { moveToCore } from '../processes/cores.js';
import { coresFor, withTarget, type Gateway } from '../processes/target.js';
import { fixed, percent } from '../report/account.js';
import { BUSY, latencyColumns, latencyPlot } from '../report/load-report.js';
import { autocannonStorm } from '../rest/autocannon-storm.js';
import { Backend, calls, type Call, type CreatedSession } from '../rest/backend.js';
import { addressOf, inTurns } from '../rest/seats.js';
import type { StormResult } from '../rest/storm.js';

const CALLS = ['create', 'get', 'list', 'authorize', 'tokens'] as const;
type CallName = (typeof CALLS)[number];

/** The calls are about so many sessions. */
const SESSION_COUNT = 200;
const MAX_USERS = 65_000;
/** The sessions expire: the bench may leave some behind at a gateway that goes on running. */
const EXPIRES_IN_S = 900;

const options = z.object({
  ...option.gatewayOptions,
  seconds: option.above0().max(3_600).describe('how long each kind of call is repeated, in seconds').default(5),
  connections: option.whole(1, 10_000).describe('how many calls run at once').default(32),
  only: z
    .string()
    .regex(new RegExp(`^(${CALLS.join('|')})(,(${CALLS.join('|')}))*$`), `must be some of ${CALLS.join(',')}`)
    .describe('which kinds of calls')
    .default(CALLS.join(',')),
  ...option.quickOption,
});

/** One kind of call after the other, each as fast as it is answered. */
export const rest = defineScenario({
  name: 'rest',
  summary: 'the REST calls of a backend: create, get, list, authorize, tokens',
  options,
  quick: { seconds: 1 },
  run: (given, bench) => withTarget(given, {}, (gateway) => measure(gateway, given, bench)),
});

async function measure(gateway: Gateway, given: z.output<typeof options>, bench: Bench): Promise<Outcome> {
  moveToCore(coresFor(given).load);
  const { connections, seconds, only } = given;
  const backend = new Backend(gateway.url, gateway.key);
  const settings = { max_users: MAX_USERS, expires_in_s: EXPIRES_IN_S };
  const sessions = await inTurns(SESSION_COUNT, () => backend.createSession([addressOf(0)], settings));
  const results: (readonly [CallName, StormResult])[] = [];
  for (const name of CALLS.filter((each) => only.split(',').includes(each))) {
    const call = callOf(name, sessions);
    const onProgress = (calls: number): void => bench.progress.show(`${name}: ${calls} calls`);
    results.push([name, await autocannonStorm(gateway, backend, { connections, seconds, call, onProgress })]);
    bench.account.step(name);
  }
  await inTurns(SESSION_COUNT, (i) => backend.endSession(sessions[i]?.session_id ?? ''));
  bench.account.rows(results, {
    call: ([name]) => name,
    'per s': ([, { perS }]) => perS.toFixed(0),
    ...latencyColumns(2, ([, { latency }]) => latency),
    calls: ([, { calls }]) => calls,
    refused: ([, { refused }]) => refused,
    failed: ([, { failed }]) => failed,
    'server CPU us/call': ([, { cpuUs }]) => fixed(0, cpuUs),
    ...Object.fromEntries(Object.entries(BUSY).map(([head, of]) => [head, ([, result]) => of(result)])),
    'Redis busy %': ([, { redisBusy }]) => percent(redisBusy),
  });
  const wrong = results.filter(([, { refused, failed, calls }]) => refused + failed > 0 || calls === 0);
  return {
    figures: { calls: Object.fromEntries(results) },
    plots: [latencyPlot(results.map(([name, { latency }]) => [name, latency]))],
    broken: wrong.map(
      ([name, { refused, failed, calls }]) => `${name}: ${refused} of ${calls} calls refused, ${failed} failed`,
    ),
  };
}

function callOf(name: CallName, sessions: readonly CreatedSession[]): (n: number) => Call {
  const idOf = (n: number): string => sessions[n % sessions.length]?.session_id ?? '';
  switch (name) {
    case 'create':
      return (n) => calls.create([addressOf(n), addressOf(n + 1)], { expires_in_s: EXPIRES_IN_S });
    case 'get':
      return (n) => calls.get(idOf(n));
    case 'list':
      return (n) => calls.list(1 + (n % 5));
    case 'authorize':
      // The users of a session have an address each. The first one is taken.
      return (n) => calls.authorize(idOf(n), addressOf(1 + Math.floor(n / sessions.length)));
    case 'tokens':
      return (n) => calls.tokens(idOf(n), `user-${n}`);
  }
}
