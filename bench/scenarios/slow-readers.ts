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
 *
 * Options: --clients 1000 --rooms-of 5 --seconds 20 (of the stall) --warm-up 3 --after 5 --repeat 3 --payload 1024
 *   --busy-rate 500 --calm-rate 5 --seed N --json FILE --quick (200 clients, 4 KB, stall of 6 s, once)
 */
import { z } from 'zod';
import { Account } from '../account.js';
import { demand } from '../changes.js';
import { chooseCores, moveToCore } from '../cores.js';
import { MIN_MESSAGE_BYTES } from './message.js';
import { commonOptions, parseScenario, runScenario, writeFigures } from './options.js';
import { withGateway } from './run-gateway.js';
import { inMb, measure, report, tooMuch, type Round } from './slow-report.js';
import { SlowRun } from './slow-run.js';
import { brokenBy, type SlowResult } from './slow-verdict.js';

const SLOW_SHARE = 0.01;

const DEFAULTS = {
  full: {
    clients: '1000',
    'rooms-of': '5',
    seconds: '20',
    'warm-up': '3',
    after: '5',
    repeat: '3',
    payload: '1024',
    'busy-rate': '500',
    'calm-rate': '5',
  },
  quick: { clients: '200', seconds: '6', 'warm-up': '1', after: '3', repeat: '1', payload: '4096' },
};

const options = z
  .object({
    ...commonOptions,
    'warm-up': z.coerce.number().positive(),
    after: z.coerce.number().positive(),
    repeat: z.coerce.number().int().min(1),
    payload: z.coerce.number().int().min(MIN_MESSAGE_BYTES).max(16_384),
    'busy-rate': z.coerce.number().positive(),
    'calm-rate': z.coerce.number().positive(),
  })
  .refine((given) => given.clients % given['rooms-of'] === 0, '--clients must be a multiple of --rooms-of')
  .refine((given) => given.clients * SLOW_SHARE >= 1, '--clients must be at least 100');

async function main(): Promise<void> {
  const given = parseScenario(process.argv.slice(2), options, DEFAULTS);
  const { clients, seconds: stallS, seed, after: afterS, payload: payloadBytes } = given;
  const slow = Math.round(clients * SLOW_SHARE);
  const rates = { busyRate: given['busy-rate'], calmRate: given['calm-rate'] };
  const times = { warmUpS: given['warm-up'], stallS, afterS };
  const plan = { clients, slow, payloadBytes, seed, roomsOf: given['rooms-of'], ...rates, ...times };
  const account = new Account((line) => process.stdout.write(`${line}\n`));
  account.title(
    `slow-readers: ${slow} of ${clients} sockets stop reading for ${stallS} s, in rooms of ${plan.roomsOf} that send ` +
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
  writeFigures(given.json, { scenario: 'slow-readers', plan, rounds, measured });
  if (!given.quick) broken.push(...tooMuch(measured));
  demand(broken.length === 0, broken.join('; '));
  account.title('Everything was as promised.');
}

runScenario('slow-readers', main);
