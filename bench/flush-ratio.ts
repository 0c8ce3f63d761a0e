/**
 * What a delivery costs the server at equal load: `npm run bench:flush`. The bare engine and Sallyport with flush_ms
 * auto, 2 and 0 run one after the other, each in a new process, and again as often as `--repeat` says; the table shows
 * medians, and the median of the rounds' ratios to bare, so that a machine that slows down between rounds does no harm.
 * Runs that other processes disturbed count only where there are no others; a ratio of such is put in parentheses.
 *
 * The server has one core, the load generator another. The CPU time is the server process's, user and system, all
 * threads, over the measured window alone. Each client sends at its own phase of the period, so that messages come
 * one by one; how near the phases of one room are (bench/load/schedule.ts) decides how much there is to gather. So two
 * loads are measured: players of one room who tick together with their game, and players who started whenever they did.
 * Latency counts from when a message was due. Every delivery of the whole run is checked: the bench ends with 1 when
 * any was lost, doubled, out of order or damaged.
 *
 * Options: --clients 1600 --rooms-of 8 --rate 20 --payload 64 --seconds 5 --warm-up 2 --repeat 3
 *   --phases together,shuffled (also: spread)   --only bare,auto,2,0   --quick (400 clients, 2 s, once)
 *   --attempts 3: a run is made again while other processes took its cores for more than 5 % of the window
 *   --profile DIR: servers write a V8 CPU profile into DIR/<contender>, which shows what each function spends in the
 *   window itself; a server that is profiled costs more, so the ratios of such a run are not to be quoted
 */
import { join } from 'node:path';
import { Account } from './report/account.js';
import { demand } from './processes/changes.js';
import { chooseCores, type Cores } from './processes/cores.js';
import { parseFlushOptions, type FlushOptions } from './contenders/flush-options.js';
import { complain, reportCosts, reportProfile } from './contenders/flush-report.js';
import type { Result } from './load/result.js';
import type { Phases } from './load/schedule.js';
import { runOnce, runRounds, runUndisturbed } from './contenders/rounds.js';
import type { Contender } from './contenders/contenders.js';

async function main(): Promise<void> {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  const options = parseFlushOptions(process.argv.slice(2));
  const cores = chooseCores();
  const account = new Account((line) => process.stdout.write(`${line}\n`));
  for (const phases of options.phases) {
    introduce(account, options, phases, cores);
    const rounds = await runRounds(account, options.contenders, options.repeat, (contender) =>
      runUndisturbed(account, options.attempts, () => runChecked(contender, options, phases, cores)),
    );
    reportCosts(account, rounds);
    if (options.profileDir !== null) reportProfile(account, rounds, (name) => profileDir(options, name) ?? '');
  }
  account.title('Every delivery of every run came once and in order.');
}

/** A run with lost deliveries ends the bench. */
async function runChecked(contender: Contender, options: FlushOptions, phases: Phases, cores: Cores): Promise<Result> {
  const dir = profileDir(options, contender.name);
  const nodeFlags = dir === null ? [] : ['--cpu-prof', `--cpu-prof-dir=${dir}`];
  const result = await runOnce(contender, { ...options.load, phases }, cores, nodeFlags);
  const complaint = complain(result);
  demand(complaint === null, `${contender.name}: not every delivery came as it should: ${complaint ?? ''}`);
  return result;
}

function introduce(account: Account, options: FlushOptions, phases: Phases, { server, load }: Cores): void {
  const { clients, roomsOf, rate, payloadBytes, warmUpS, seconds } = options.load;
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
