/**
 * Sockets that stop reading: `npm run bench:slow-readers`. 1,000 sockets in rooms of 5. In ten busy rooms one member
 * stops reading for 20 s: 1 % of all. The other four members of a busy room send 500 messages of 1 KB a second in all;
 * each of the 190 calm rooms sends 5 a second. That is 24,000 deliveries and 24 MB a second, which one core carries with
 * room to spare, so that a slowdown shows. Every second busy room sends mostly reliable messages (80 %), more than may
 * wait for one socket: the gateway closes its slow reader with 4101, and the reader comes back. The others send 20 %
 * reliable, 40 % latest and 40 % volatile messages: their slow readers stay, and catch up.
 *
 * Runs without and with the stall take turns, each on a new gateway with default settings. The bench fails unless:
 * - readers get every reliable entry once and in order, and miss no other entry that the gateway did not count;
 * - each slow reader has every reliable entry once and in order in the end, or a gap that names exactly what is missing,
 *   and the newest values of class latest;
 * - in the medians of the runs (only printed with --quick) the others' p99 with the stall is at most 1.5 x that without,
 *   they miss at most 0.1 % of volatile and latest entries, the gateway's memory is at most 1.5 x bound x slow sockets
 *   above that without, and neither process used more than 60 % of its core, so that none of this is queueing.
 *
 * Times are of messages due during the stall. Slow readers cost this process nothing then: the kernel keeps what comes
 * for them. Catching up keeps it busy, so `p99 after` says little about the gateway. Memory is the highest resident set
 * between the start of the stall and the end of the traffic.
 */
import { z } from 'zod';
import * as option from '../../cli/options.js';
import { defineScenario } from '../../cli/scenario.js';
import { MIN_MESSAGE_BYTES } from '../../client/message.js';
import { newSeed } from '../../measure/random.js';
import { chooseCores, moveToCore } from '../../processes/cores.js';
import { withGateway } from '../../processes/gateway.js';
import { brokenBy, inMb, measure, report, tooMuch, type Round } from './slow-report.js';
import { SlowRun, type SlowResult } from './slow-run.js';

const SLOW_SHARE = 0.01;
const MAX_CLIENTS = 15_000;

const options = z
  .object({
    clients: option.whole(100, MAX_CLIENTS).describe('number of clients; 1 of 100 stops reading').default(1_000),
    'rooms-of': option.whole(2, 1_000).describe('members of each room').default(5),
    seconds: option.above0().describe('how long those clients do not read, in seconds').default(20),
    'warm-up': option.above0().describe('seconds of traffic before the stall').default(3),
    after: option.above0().describe('seconds of traffic after the stall').default(5),
    repeat: option.whole(1, 100).describe('number of rounds, each without and with the stall').default(3),
    payload: option.whole(MIN_MESSAGE_BYTES, 16_384).describe('size of a message in bytes').default(1_024),
    'busy-rate': option.above0().describe('messages per second in each room with a slow reader').default(500),
    'calm-rate': option.above0().describe('messages per second in each other room').default(5),
    seed: option.seed(),
    ...option.quickOption,
  })
  .refine((given) => given.clients % given['rooms-of'] === 0, '--clients must be a multiple of --rooms-of');

export const slowReaders = defineScenario({
  name: 'slow-readers',
  summary: 'sockets that stop reading, and how that affects the others (on gateways of its own)',
  options,
  quick: { clients: 200, seconds: 6, 'warm-up': 1, after: 3, repeat: 1, payload: 4_096 },
  async run(given, { account }) {
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
      const outcome = complaints.length === 0 ? 'all checks passed' : complaints.join('; ');
      const figures = `p99 ${result.p99Ms.others.toFixed(2)} ms, memory ${inMb(result.peakBytes)} MB`;
      account.step(`${isStalling ? 'with' : 'without'} the stall: ${figures}: ${outcome}`);
      return result;
    };
    for (let n = 0; n < given.repeat; n += 1) rounds.push({ without: await run(false), withStall: await run(true) });
    report(account, rounds);
    const measured = measure(account, rounds, slow);
    if (!given.quick) broken.push(...tooMuch(measured));
    return { figures: { plan, rounds, measured }, plots: [], broken };
  },
});
