/**
 * Clients on bad Wi-Fi: `npm run bench:jitter`. 1,000 clients in rooms of 8 send 2 reliable messages a second each for
 * a minute, and each loses its connection every 5 s for 1 s, at a phase of its own, without a close: half of the drops
 * cut the TCP connection, the other half leave it to the gateway as if it were alive, with what was sent on it unread.
 * A client comes back with its resume token and the last number it knows; what it had to say meanwhile it says then.
 *
 * Promised, and else the bench ends with 1: every reliable entry that the gateway accepted (numbered) reaches every
 * other member of its room exactly once and in order, no gap; whoever is told a number is told the same as everybody;
 * what was acked is there. A message that was written but died with its connection was never accepted: it is counted.
 * A replay takes from the start of the connection to the last replayed entry, or to the welcome when nothing was
 * missed: p99 under 2 s (printed only with --quick).
 */
import { z } from 'zod';
import type { Account } from '../../report/account.js';
import * as option from '../../cli/options.js';
import { defineScenario, type Bench, type Outcome } from '../../cli/scenario.js';
import { givenGateway } from '../../processes/target.js';
import { JitterRun, type JitterPlan, type JitterResult } from './jitter-run.js';
import { MAX_SEED, newSeed } from '../../measure/random.js';
import { withRedis } from '../../processes/redis-process.js';
import { withGateway } from '../../processes/gateway.js';

const MAX_REPLAY_P99_MS = 2_000;
const MAX_CLIENTS = 15_000;

const options = z
  .object({
    ...option.targetOptions,
    clients: option.whole(2, MAX_CLIENTS).describe('how many connect').default(1_000),
    'rooms-of': option.whole(2, 1_000).describe('members of each room').default(8),
    seconds: option.above0().describe('how long they talk').default(60),
    rate: option.above0().describe('reliable messages a second of each client').default(2),
    every: option.above0().describe('seconds between the drops of each client').default(5),
    away: option.above0().describe('seconds it is away').default(1),
    store: z
      .enum(['memory', 'redis'])
      .describe("what a gateway of the bench's own keeps its state in")
      .default('memory'),
    'redis-url': z.string().min(1).describe('a Redis for that; else a redis-server of its own').optional(),
    seed: option.whole(0, MAX_SEED).describe('of what is random; else a new one').optional(),
    ...option.quickOption,
  })
  .refine((given) => given.clients % given['rooms-of'] === 0, '--clients must be a multiple of --rooms-of')
  .refine((given) => Number.isInteger(given.rate * given.seconds), '--rate times --seconds must be a whole number')
  .refine((given) => given.away < given.every, '--away must be shorter than --every')
  .refine((given) => given.seconds >= given.every, '--seconds must be at least --every');

type Given = z.output<typeof options>;

export const jitter = defineScenario({
  name: 'jitter',
  summary: 'clients on bad Wi-Fi, who drop and resume: nothing reliable is lost',
  options,
  quick: { clients: 200, seconds: 10 },
  run: (given, bench) => measure(given, bench),
});

async function measure(given: Given, { account }: Bench): Promise<Outcome> {
  const { clients, seconds, rate, every: everyS, away: awayS, seed = newSeed(), store } = given;
  const plan = { clients, seconds, rate, everyS, awayS, seed, roomsOf: given['rooms-of'] };
  account.step(
    `${clients} clients in rooms of ${plan.roomsOf}, ${rate} reliable messages/s each for ${seconds} s, ` +
      `away ${awayS} s every ${everyS} s, seed ${seed}`,
  );
  const result = await runOnTarget(given, account, plan);
  report(account, result);
  const broken = [...brokenPromises(result), ...(given.quick ? [] : slowReplay(result))];
  return { figures: { plan, store, result }, plots: [], broken };
}

function runOnTarget(given: Given, account: Account, plan: JitterPlan): Promise<JitterResult> {
  const gateway = givenGateway(given);
  if (gateway !== null) return new JitterRun(plan).measure(gateway);
  if (given.store === 'memory') return run(account, plan, null);
  const redisUrl = given['redis-url'];
  return redisUrl === undefined ? withRedis(null, ({ url }) => run(account, plan, url)) : run(account, plan, redisUrl);
}

function run(account: Account, plan: JitterPlan, redisUrl: string | null): Promise<JitterResult> {
  return withGateway(redisUrl, (gateway) => {
    account.step(`a gateway is up (${gateway.engine})`);
    return new JitterRun(plan).measure(gateway);
  });
}

function report(account: Account, result: JitterResult): void {
  const { flaws, drops, replayMs } = result;
  account.table(
    ['messages', 'accepted', 'acked', 'due', 'delivered', 'lost', 'repeated', 'misnumbered', 'gaps'],
    [
      [
        result.messages,
        result.accepted,
        result.acked,
        result.due,
        result.delivered,
        flaws.lost,
        flaws.repeated,
        flaws.misnumbered,
        result.gaps,
      ],
    ],
  );
  const inMs = [replayMs.p50, replayMs.p99, replayMs.max].map((ms) => ms.toFixed(1));
  account.table(
    ['drops cut', 'silent', 'returns', 'entries replayed', 'replay p50, ms', 'p99', 'max'],
    [[drops.cut, drops.silent, result.returns, result.replayed, ...inMs]],
  );
}

function brokenPromises(result: JitterResult): string[] {
  const { planned, flaws, drops } = result;
  const rules: readonly (readonly [isKept: boolean, otherwise: string])[] = [
    [result.messages === planned.messages, `${result.messages} of ${planned.messages} messages were sent`],
    [drops.cut + drops.silent === planned.drops, `${drops.cut + drops.silent} of ${planned.drops} drops were made`],
    [result.returns === planned.drops, `${result.returns} of ${planned.drops} returns were made`],
    [Object.values(flaws).every((count) => count === 0), `delivery was not exact: ${JSON.stringify(flaws)}`],
    [result.delivered === result.due, `${result.delivered} of ${result.due} entries were delivered`],
    [result.acked <= result.accepted, `${result.acked} acks for ${result.accepted} entries`],
    [result.gaps === 0, `${result.gaps} gaps`],
    [result.disorderedRooms === 0, `${result.disorderedRooms} rooms numbered a sender's messages out of order`],
    [result.problems.length === 0, result.problems.slice(0, 5).join('; ')],
  ];
  return rules.flatMap(([isKept, otherwise]) => (isKept ? [] : [otherwise]));
}

function slowReplay({ replayMs }: JitterResult): string[] {
  return replayMs.p99 < MAX_REPLAY_P99_MS ? [] : [`replay p99 was ${replayMs.p99.toFixed(0)} ms`];
}
