/** Runs of contenders, one after the other in new processes: a run, a run that nothing disturbed, and rounds of them. */
import type { Account } from '../report/account.js';
import { demand } from '../processes/changes.js';
import type { Contender } from './contenders.js';
import type { Cores } from '../processes/cores.js';
import type { Job } from '../load/job.js';
import { generateLoad, type LoadOptions } from '../load/load-process.js';
import { serverCpuOf, type Result } from '../load/result.js';

/** What every contender is loaded with. */
export interface Load extends Pick<Job, 'roomsOf' | 'rate' | 'payloadBytes' | 'phases' | 'warmUpS' | 'seconds'> {
  readonly clients: number;
  /** So many of each room send; all unless given. */
  readonly senders?: number;
  readonly workers?: number;
}

/** Of a run of less than half a minute there are 60 samples, of a longer one a sample every half second. */
const SAMPLES = 60;
const MAX_SAMPLE_MS = 500;
const MIN_SAMPLE_MS = 50;

/** One run of each contender, by name. */
export type Round = Map<string, Result>;

/** The share of a window that other processes may take without the run being made again. */
const DISTURBED = 0.05;

export async function runOnce(
  contender: Contender,
  load: Load,
  cores: Cores,
  nodeFlags: readonly string[] = [],
  onInterval?: LoadOptions['onInterval'],
): Promise<Result> {
  const { clients, roomsOf, senders = roomsOf, workers = 1, ...rest } = load;
  const target = await contender.start({ clients, roomsOf }, { core: cores.server, nodeFlags });
  const { endpoints, wire, handshakes, serverPid } = target;
  const sampleMs = Math.min(MAX_SAMPLE_MS, Math.max(MIN_SAMPLE_MS, ((load.warmUpS + load.seconds) * 1000) / SAMPLES));
  const job = { endpoints, wire, handshakes, serverPid, roomsOf, senders, sampleMs, ...rest };
  const result = await generateLoad(job, { workers, cores, ...(onInterval === undefined ? {} : { onInterval }) });
  await target.stop();
  return result;
}

/** The first run that had its cores for itself, else the one that nearly had. */
export async function runUndisturbed(account: Account, attempts: number, run: () => Promise<Result>): Promise<Result> {
  let best: Result | null = null;
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    const result = await run();
    if (best === null || robbedShare(result) < robbedShare(best)) best = result;
    if (isUndisturbed(best)) return best;
    account.step(`something else had a core for ${(100 * robbedShare(result)).toFixed(1)} %`);
  }
  demand(best !== null, 'no attempt was made');
  return best;
}

/** All contenders, and all again: `repeat` rounds, so that a machine that slows down does no harm to one of them. */
export async function runRounds(
  account: Account,
  contenders: readonly Contender[],
  repeat: number,
  run: (contender: Contender) => Promise<Result>,
): Promise<readonly Round[]> {
  const rounds: Round[] = [];
  for (let i = 0; i < repeat; i += 1) {
    const round: Round = new Map();
    for (const contender of contenders) {
      round.set(contender.name, await run(contender));
      account.step(`round ${i + 1} of ${repeat}: ${contender.name}`);
    }
    rounds.push(round);
  }
  return rounds;
}

/** Whether the run had its cores for itself, or nearly: a server that falls behind gathers more, and seems to cost less. */
export function isUndisturbed(result: Result): boolean {
  return robbedShare(result) <= DISTURBED;
}

/** How much of the window other processes had a core that the server or the load was ready to use: the larger of the two. */
export function robbedShare(result: Result): number {
  const { loadCpu, seconds } = result.window;
  return Math.max(serverCpuOf(result).waitS, loadCpu.waitS) / seconds;
}
