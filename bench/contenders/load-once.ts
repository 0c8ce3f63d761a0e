/** One load on one contender, in a new process: what arrived, how late, and what a delivery cost. */
import { Clients } from '../load/clients.js';
import type { Traffic } from '../load/job.js';
import { serverCpuOf, type Result } from '../load/result.js';
import { shareOf } from '../measure/cpu.js';
import type { ServerRun } from '../measure/rounds.js';
import { demand } from '../processes/changes.js';
import type { Cores } from '../processes/cores.js';
import { deliveriesPerS } from '../report/load-report.js';
import type { Crowd } from '../rest/seats.js';
import type { Contender } from './contenders.js';

export interface Load extends Crowd, Pick<Traffic, 'rate' | 'payloadBytes' | 'phases' | 'warmUpS' | 'seconds'> {
  /** How many members of each room send; all unless given. */
  readonly senders?: number;
  readonly workers?: number;
}

const JOIN_AT_ONCE = 32;
/** A run of less than half a minute has 60 samples, a longer one a sample every half second. */
const SAMPLES = 60;
const MAX_SAMPLE_MS = 500;
const MIN_SAMPLE_MS = 50;
const US_PER_S = 1e6;

export interface LoadOnceOptions {
  readonly nodeFlags?: readonly string[];
  readonly onInterval?: Parameters<Clients['send']>[1];
}

export async function loadOnce(
  contender: Contender,
  load: Load,
  cores: Cores,
  { nodeFlags = [], onInterval }: LoadOnceOptions = {},
): Promise<Result> {
  const { clients, roomsOf, senders = roomsOf, workers = 1, rate, payloadBytes, phases, warmUpS, seconds } = load;
  const target = await contender.start({ clients, roomsOf }, { core: cores.server, nodeFlags });
  const { endpoints, wire, handshakes, serverPids } = target;
  const sampleMs = Math.min(MAX_SAMPLE_MS, Math.max(MIN_SAMPLE_MS, ((warmUpS + seconds) * 1000) / SAMPLES));
  try {
    const job = { endpoints, wire, handshakes, roomsOf };
    const result = await Clients.with(job, { workers, cores }, async (all) => {
      const { done, failures } = await all.connect(JOIN_AT_ONCE * workers);
      demand(done === clients, `${done} of ${clients} clients joined: ${JSON.stringify(failures)}`);
      const traffic = { senders, rate, payloadBytes, phases, warmUpS, seconds, serverPids, sampleMs };
      return all.send(traffic, onInterval);
    });
    await target.stop();
    return result;
  } catch (error) {
    // The first failure is the one to report.
    await target.stop().catch(() => undefined);
    throw error;
  }
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
  const server = serverCpuOf(result);
  return {
    perS: deliveriesPerS(result),
    cpuUs: shareOf(server, window.deliveries) * US_PER_S,
    p50Ms: latencyMs.p50,
    p99Ms: latencyMs.p99,
    serverBusy: shareOf(server, window.seconds),
    loadBusy: shareOf(window.loadCpu, window.seconds),
    redisBusy: null,
    // Server and load have a core each: the larger share counts.
    robbed: Math.max(server.waitS, window.loadCpu.waitS) / window.seconds,
    result,
  };
}

/** Rejects unless every delivery came once, in order and whole. */
export function demandPerfect(contender: Contender, result: Result): Result {
  const complaint = complain(result);
  demand(complaint === null, `${contender.name}: ${complaint ?? ''}`);
  return result;
}

/** null when every delivery came once, in order and whole, and nothing else was wrong. */
export function complain({ counts, problems }: Pick<Result, 'counts' | 'problems'>): string | null {
  const { lost, doubled, disordered, damaged } = counts;
  const flaws = Object.entries({ lost, doubled, disordered, damaged }).filter(([, count]) => count !== 0);
  const all = [...flaws.map(([name, count]) => `${count} ${name}`), ...problems];
  return all.length === 0 ? null : `deliveries went wrong: ${all.join(', ')}`;
}
