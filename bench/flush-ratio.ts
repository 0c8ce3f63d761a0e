/**
 * What a delivery costs the server at equal load: `npm run bench:flush`. The bare engine and Sallyport with flush_ms
 * auto, 2 and 0 run one after the other, each in a new process, and again as often as `--repeat` says; the table shows
 * medians, and the median of the rounds' ratios to bare, so that a machine that slows down between rounds does no harm.
 * Runs that other processes disturbed count only where there are no others; a ratio of such is put in parentheses.
 *
 * The server has one core, the load generator another. The CPU time is the server process's, user and system, all
 * threads, over the measured window alone. Each client sends at its own phase of the period, so that messages come
 * one by one; `--phases` says how near the phases of one room are (bench/load/schedule.ts), on which it depends how
 * much there is to gather. Latency counts from when a message was due. Every delivery of the whole run is checked: the
 * bench ends with 1 when any was lost, doubled, out of order or damaged.
 *
 * Options: --clients 1600 --rooms-of 8 --rate 20 --payload 64 --seconds 5 --warm-up 2 --repeat 3
 *   --phases shuffled|spread|together   --only bare,auto,2,0   --quick (400 clients, 2 s, once)
 *   --attempts 3: a run is made again while other processes took its cores for more than 5 % of the window
 *   --profile DIR: servers write a V8 CPU profile into DIR/<contender>, which shows what each function spends in the
 *   window itself; a server that is profiled costs more, so the ratios of such a run are not to be quoted
 */
import { join } from 'node:path';
import { Account } from './account.js';
import { demand } from './changes.js';
import { chooseCores, type Cores } from './cores.js';
import { parseFlushOptions, type FlushOptions } from './flush-options.js';
import { complain, isUndisturbed, reportCosts, reportProfile, robbedShare, type Round } from './flush-report.js';
import type { Result } from './load/job.js';
import { generateLoad } from './load/load-process.js';
import type { Contender } from './contenders.js';

async function main(): Promise<void> {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  const options = parseFlushOptions(process.argv.slice(2));
  const cores = chooseCores();
  const account = new Account((line) => process.stdout.write(`${line}\n`));
  introduce(account, options, cores);
  const rounds: Round[] = [];
  for (let i = 0; i < options.repeat; i += 1) {
    const round: Round = new Map();
    for (const contender of options.contenders) {
      round.set(contender.name, await runUndisturbed(account, contender, options, cores));
      account.step(`round ${i + 1} of ${options.repeat}: ${contender.name}`);
    }
    rounds.push(round);
  }
  reportCosts(account, rounds);
  if (options.profileDir !== null) reportProfile(account, rounds, (name) => profileDir(options, name) ?? '');
  account.title('Every delivery of every run came once and in order.');
}

/** The first run that had its cores for itself, else the one that nearly had. A run with lost deliveries ends the bench. */
async function runUndisturbed(
  account: Account,
  contender: Contender,
  options: FlushOptions,
  cores: Cores,
): Promise<Result> {
  let best: Result | null = null;
  for (let attempt = 1; attempt <= options.attempts; attempt += 1) {
    const result = await runOnce(contender, options, cores);
    const complaint = complain(result);
    demand(complaint === null, `${contender.name}: not every delivery came as it should: ${complaint ?? ''}`);
    if (best === null || robbedShare(result) < robbedShare(best)) best = result;
    if (isUndisturbed(best)) return best;
    account.step(`${contender.name}: something else had a core for ${(100 * robbedShare(result)).toFixed(1)} %`);
  }
  demand(best !== null, 'no attempt was made');
  return best;
}

async function runOnce(contender: Contender, options: FlushOptions, cores: Cores): Promise<Result> {
  const { clients, roomsOf, rate, payloadBytes, phases, warmUpS, seconds } = options;
  const dir = profileDir(options, contender.name);
  const nodeFlags = dir === null ? [] : ['--cpu-prof', `--cpu-prof-dir=${dir}`];
  const target = await contender.start({ clients, roomsOf }, { core: cores.server, nodeFlags });
  const { host, port, wire, handshakes, serverPid } = target;
  const load = { host, port, wire, handshakes, serverPid, roomsOf, rate, payloadBytes, phases, warmUpS, seconds };
  const result = await generateLoad(load, cores.load);
  await target.stop();
  return result;
}

function introduce(account: Account, options: FlushOptions, { server, load }: Cores): void {
  const { clients, roomsOf, rate, payloadBytes, phases, warmUpS, seconds } = options;
  const deliveries = clients * rate * (roomsOf - 1);
  account.title(
    `${clients} clients in rooms of ${roomsOf}, ${payloadBytes} B at ${rate} Hz each (${phases}): ` +
      `${deliveries} deliveries/s due, ${seconds} s measured after ${warmUpS} s`,
  );
  if (server === null) account.step('server and load share the cores: taskset and two cores are needed to part them');
  else account.step(`the server has core ${server}, the load core ${load ?? 'any'}`);
}

function profileDir({ profileDir: dir }: FlushOptions, name: string): string | null {
  return dir === null ? null : join(dir, name.replaceAll(' ', '-'));
}

main().catch((error: unknown) => {
  process.stderr.write(`\nbench failed: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
