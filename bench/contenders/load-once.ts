/** One load on one contender, in a new process: what came, how late, and what a delivery cost. */
import type { Job } from '../load/job.js';
import { generateLoad, type LoadOptions } from '../load/load-process.js';
import { serverCpuOf, type Result } from '../load/result.js';
import { shareOf } from '../measure/cpu.js';
import type { ServerRun } from '../measure/rounds.js';
import { demand } from '../processes/changes.js';
import type { Cores } from '../processes/cores.js';
import type { Contender } from './contenders.js';

/** The load of every contender. */
export interface Load extends Pick<Job, 'roomsOf' | 'rate' | 'payloadBytes' | 'phases' | 'warmUpS' | 'seconds'> {
  readonly clients: number;
  /** How many members of each room send; all unless given. */
  readonly senders?: number;
  readonly workers?: number;
}

/** A run of less than half a minute has 60 samples, a longer one a sample every half second. */
const SAMPLES = 60;
const MAX_SAMPLE_MS = 500;
const MIN_SAMPLE_MS = 50;
const US_PER_S = 1e6;

export interface LoadOnceOptions extends Pick<LoadOptions, 'onInterval'> {
  readonly nodeFlags?: readonly string[];
}

export async function loadOnce(
  contender: Contender,
  load: Load,
  cores: Cores,
  { nodeFlags = [], ...watch }: LoadOnceOptions = {},
): Promise<Result> {
  const { clients, roomsOf, senders = roomsOf, workers = 1, ...rest } = load;
  const target = await contender.start({ clients, roomsOf }, { core: cores.server, nodeFlags });
  const { endpoints, wire, handshakes, serverPid } = target;
  const sampleMs = Math.min(MAX_SAMPLE_MS, Math.max(MIN_SAMPLE_MS, ((load.warmUpS + load.seconds) * 1000) / SAMPLES));
  const job = { endpoints, wire, handshakes, serverPid, roomsOf, senders, sampleMs, ...rest };
  const result = await generateLoad(job, { workers, cores, ...watch });
  await target.stop();
  return result;
}

export interface DeliveryRun extends ServerRun {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly loadBusy: number;
  readonly result: Result;
}

/** The run as rounds compare it. */
export function deliveryRunOf(result: Result): DeliveryRun {
  const { window, latencyMs } = result;
  return {
    perS: window.deliveries / window.seconds,
    cpuUs: shareOf(serverCpuOf(result), window.deliveries) * US_PER_S,
    p50Ms: latencyMs.p50,
    p99Ms: latencyMs.p99,
    serverBusy: shareOf(serverCpuOf(result), window.seconds),
    loadBusy: shareOf(window.loadCpu, window.seconds),
    redisBusy: null,
    robbed: robbedShare(result),
    result,
  };
}

/** Rejects unless every delivery came once, in order and whole. */
export function demandPerfect(contender: Contender, result: Result): Result {
  const complaint = complain(result);
  demand(complaint === null, `${contender.name}: ${complaint ?? ''}`);
  return result;
}

/** null when every delivery came once and in order, and nothing else was wrong. */
export function complain({ counts, problems }: Pick<Result, 'counts' | 'problems'>): string | null {
  const { lost, doubled, disordered, damaged } = counts;
  const flaws = Object.entries({ lost, doubled, disordered, damaged }).filter(([, count]) => count !== 0);
  const all = [...flaws.map(([name, count]) => `${count} ${name}`), ...problems];
  return all.length === 0 ? null : `deliveries went wrong: ${all.join(', ')}`;
}

/** The share of the window that other processes had a core that the server or the load wanted: the larger of the two. */
export function robbedShare(result: Result): number {
  const { loadCpu, seconds } = result.window;
  return Math.max(serverCpuOf(result).waitS, loadCpu.waitS) / seconds;
}
