/**
 * Sockets that stop reading: `npm run bench:slow-readers`. 1,000 sockets in rooms of 5. Of ten rooms, the busy ones,
 * one member stops reading for 20 s: 1 % of all. Each busy room sends 1 KB at 500 messages a second in all, which its
 * other four members share; the 190 calm rooms send 5 a second each. That is 24,000 deliveries and 24 MB a second,
 * what one core carries with room to spare, so that a slowdown shows as one. Of the busy rooms every second sends
 * mostly reliable messages (80 %), more than may wait for one socket: its slow reader is closed with 4101 and comes
 * back; the others send 20 % reliable, 40 % latest and 40 % volatile ones: theirs stays, and catches up.
 *
 * Runs without and with the stall take turns, each on a new gateway with its default settings; gateway and load have
 * a core each where the system can pin. Promised, and else the bench ends with 1: whoever reads gets every reliable
 * entry once and in order, and of the others none that the gateway did not count as dropped or conflated; each slow
 * reader has every reliable entry once and in order in the end, or a gap that names exactly what is missing, and the
 * newest values of class latest. And in the medians of the runs: the others' p99 with the stall is at most 1.5 x the p99
 * without, they miss at most 0.1 % of volatile and latest entries, the gateway's memory is at most 1.5 x bound x slow
 * sockets above its memory without, and neither process used more than 60 % of its core, so that none of this is
 * queueing; these are printed only with --quick.
 *
 * Times are of what was due during the stall. Slow readers cost this process nothing then: what comes for them stays in
 * the kernel. Catching up keeps it busy, so it is no measure of the gateway (printed as `p99 after`). Memory is the
 * resident set, looked at 5 times a second, the highest from the start of the stall to the end of the traffic, 5 s
 * after it. `waited` is for how much of the time something else had the core that gateway or load was ready to run on,
 * threads of their own collectors included: when it is far apart between runs, so is the machine's other work.
 */
import { z } from 'zod';
import { chooseCores, moveToCore } from '../../processes/cores.js';
import * as option from '../../cli/options.js';
import { defineScenario, type Bench, type Outcome } from '../../cli/scenario.js';
import { MIN_MESSAGE_BYTES } from '../../client/message.js';
import { MAX_SEED, newSeed } from '../../measure/random.js';
import { withGateway } from '../../processes/gateway.js';
import { inMb, measure, report, tooMuch, type Round } from './slow-report.js';
import { SlowRun } from './slow-run.js';
import { brokenBy, type SlowResult } from './slow-verdict.js';

const SLOW_SHARE = 0.01;
const MAX_CLIENTS = 15_000;

const options = z
  .object({
    clients: option.whole(100, MAX_CLIENTS).describe('how many connect; 1 of 100 stops reading').default(1_000),
    'rooms-of': option.whole(2, 1_000).describe('members of each room').default(5),
    seconds: option.above0().describe('how long they do not read').default(20),
    'warm-up': option.above0().describe('seconds of traffic before that').default(3),
    after: option.above0().describe('seconds of traffic after it').default(5),
    repeat: option.whole(1, 100).describe('how often, each time without and with the stall').default(3),
    payload: option.whole(MIN_MESSAGE_BYTES, 16_384).describe('bytes of a message').default(1_024),
    'busy-rate': option.above0().describe('messages a second of each room with a slow reader').default(500),
    'calm-rate': option.above0().describe('messages a second of each other room').default(5),
    seed: option.whole(0, MAX_SEED).describe('of what is random; else a new one').optional(),
    ...option.quickOption,
  })
  .refine((given) => given.clients % given['rooms-of'] === 0, '--clients must be a multiple of --rooms-of');

export const slowReaders = defineScenario({
  name: 'slow-readers',
  summary: 'sockets that stop reading, and what the others feel of it (on gateways of its own)',
  options,
  quick: { clients: 200, seconds: 6, 'warm-up': 1, after: 3, repeat: 1, payload: 4_096 },
  run: (given, bench) => compare(given, bench),
});

async function compare(given: z.output<typeof options>, { account }: Bench): Promise<Outcome> {
  const { clients, seconds: stallS, seed = newSeed(), after: afterS, payload: payloadBytes } = given;
  const slow = Math.round(clients * SLOW_SHARE);
  const rates = { busyRate: given['busy-rate'], calmRate: given['calm-rate'] };
  const times = { warmUpS: given['warm-up'], stallS, afterS };
  const plan = { clients, slow, payloadBytes, seed, roomsOf: given['rooms-of'], ...rates, ...times };
  account.step(
    `${slow} of ${clients} sockets stop reading for ${stallS} s, in rooms of ${plan.roomsOf} that send ` +
      `${payloadBytes} B at ${plan.busyRate}/s, seed ${seed}`,
  );
  moveToCore(chooseCores().load);
  const rounds: Round[] = [];
  const broken: string[] = [];
  const run = async (isStalling: boolean): Promise<SlowResult> => {
    const result = await withGateway(null, (gateway) => new SlowRun(plan, isStalling).measure(gateway));
    const complaints = brokenBy(result, isStalling, slow);
    broken.push(...complaints);
    const outcome = complaints.length === 0 ? 'as promised' : complaints.join('; ');
    const figures = `p99 ${result.p99Ms.others.toFixed(2)} ms, memory ${inMb(result.peakBytes)} MB`;
    account.step(`${isStalling ? 'with' : 'without'} the stall: ${figures}: ${outcome}`);
    return result;
  };
  for (let n = 0; n < given.repeat; n += 1) rounds.push({ without: await run(false), withStall: await run(true) });
  report(account, rounds);
  const measured = measure(account, rounds, slow);
  if (!given.quick) broken.push(...tooMuch(measured));
  return { figures: { plan, rounds, measured }, plots: [], broken };
}
