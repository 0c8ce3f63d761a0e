/**
 * Clients on bad Wi-Fi: `npm run bench:jitter`. 1,000 clients in rooms of 8 send 2 reliable messages a second each for a
 * minute. Each loses its connection every 5 s for 1 s, at its own phase, without a close: half of the drops cut the TCP
 * connection, the other half leave it open and unread. A client resumes, and then sends what was due meanwhile.
 *
 * The bench fails unless every reliable entry that the gateway accepted (numbered) reaches every other member of its
 * room once and in order, without a gap; all members are told the same number for it; and every acked message is there.
 * A message that died with its connection was never accepted. A replay lasts from the start of the connection until the
 * last replayed entry, or until the welcome when nothing was missed: p99 under 2 s (printed only with --quick).
 */
import { z } from 'zod';
import * as option from '../../cli/options.js';
import { brokenOf, defineScenario, type Bench, type Outcome } from '../../cli/scenario.js';
import { newSeed } from '../../measure/random.js';
import { withRedis } from '../../processes/foreign-server.js';
import { withGateway } from '../../processes/gateway.js';
import { givenGateway } from '../../processes/target.js';
import type { Account } from '../../report/account.js';
import { JitterRun, type JitterPlan, type JitterResult } from './jitter-run.js';

const MAX_REPLAY_P99_MS = 2_000;
const MAX_CLIENTS = 15_000;

const options = z
  .object({
    ...option.targetOptions,
    clients: option.clients(1_000, MAX_CLIENTS),
    'rooms-of': option.whole(2, 1_000).describe('members of each room').default(8),
    seconds: option.above0().describe('how long the clients send, in seconds').default(60),
    rate: option.above0().describe('reliable messages per second from each client').default(2),
    every: option.above0().describe('seconds between the drops of each client').default(5),
    away: option.above0().describe('seconds that a client is away').default(1),
    store: z.enum(['memory', 'redis']).describe("the store of the bench's own gateway").default('memory'),
    'redis-url': z
      .string()
      .min(1)
      .describe('URL of the Redis for --store redis (default: the bench starts a redis-server)')
      .optional(),
    seed: option.seed(),
    ...option.quickOption,
  })
  .refine((given) => given.clients % given['rooms-of'] === 0, '--clients must be a multiple of --rooms-of')
  .refine((given) => Number.isInteger(given.rate * given.seconds), '--rate times --seconds must be a whole number')
  .refine((given) => given.away < given.every, '--away must be shorter than --every')
  .refine((given) => given.seconds >= given.every, '--seconds must be at least --every');

type Given = z.output<typeof options>;

export const jitter = defineScenario({
  name: 'jitter',
  summary: 'clients on bad Wi-Fi that drop and resume: nothing reliable is lost',
  options,
  quick: { clients: 200, seconds: 10 },
  async run(given, { account }): Promise<Outcome> {
    const { clients, seconds, rate, every: everyS, away: awayS, seed = newSeed(), store } = given;
    const plan = { clients, seconds, rate, everyS, awayS, seed, roomsOf: given['rooms-of'] };
    account.step(
      `${clients} clients in rooms of ${plan.roomsOf}, ${rate} reliable messages/s each for ${seconds} s, ` +
        `away ${awayS} s every ${everyS} s, seed ${seed}`,
    );
    const result = await measure(given, account, plan);
    report(account, result);
    return { figures: { plan, store, result }, plots: [], broken: brokenBy(result, given.quick) };
  },
});

function measure(given: Given, account: Bench['account'], plan: JitterPlan): Promise<JitterResult> {
  const gateway = givenGateway(given);
  if (gateway !== null) return new JitterRun(plan).measure(gateway);
  const onStore = (redisUrl: string | null): Promise<JitterResult> =>
    withGateway(redisUrl, (own) => {
      account.step(`a gateway is up (${own.engine})`);
      return new JitterRun(plan).measure(own);
    });
  if (given.store === 'memory') return onStore(null);
  const redisUrl = given['redis-url'];
  return redisUrl === undefined ? withRedis(null, ({ url }) => onStore(url)) : onStore(redisUrl);
}

function report(account: Account, result: JitterResult): void {
  const { messages, accepted, acked, due, delivered, gaps, flaws, drops, replayMs } = result;
  const { lost, repeated, misnumbered } = flaws;
  account.row({ messages, accepted, acked, due, delivered, lost, repeated, misnumbered, gaps });
  account.row({
    'drops cut': drops.cut,
    silent: drops.silent,
    returns: result.returns,
    'entries replayed': result.replayed,
    'replay p50, ms': replayMs.p50.toFixed(1),
    p99: replayMs.p99.toFixed(1),
    max: replayMs.max.toFixed(1),
  });
}

function brokenBy(result: JitterResult, isQuick: boolean): string[] {
  const { planned, flaws, drops, messages, returns, delivered, due, acked, accepted, problems } = result;
  const dropped = drops.cut + drops.silent;
  return brokenOf([
    [messages === planned.messages, `${messages} of ${planned.messages} messages were sent`],
    [dropped === planned.drops, `${dropped} of ${planned.drops} drops were made`],
    [returns === planned.drops, `${returns} of ${planned.drops} returns were made`],
    [Object.values(flaws).every((count) => count === 0), `delivery was not exact: ${JSON.stringify(flaws)}`],
    [delivered === due, `${delivered} of ${due} entries were delivered`],
    [acked <= accepted, `${acked} acks for ${accepted} entries`],
    [result.gaps === 0, `${result.gaps} gaps`],
    [result.disorderedRooms === 0, `${result.disorderedRooms} rooms numbered a sender's messages out of order`],
    [problems.length === 0, problems.slice(0, 5).join('; ')],
    [isQuick || result.replayMs.p99 < MAX_REPLAY_P99_MS, `replay p99 was ${result.replayMs.p99.toFixed(0)} ms`],
  ]);
}
