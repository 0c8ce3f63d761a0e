/** A load, seen by who starts it: workers in processes of their own, each with its share of whole rooms. */
import { fileURLToPath } from 'node:url';
import { demand } from '../processes/changes.js';
import { loadCoreOf, type Cores } from '../processes/cores.js';
import { yieldHelperThreads } from '../processes/helper-threads.js';
import { demandDescriptors, sourceAddresses } from '../client/dial.js';
import { answer, type Answer, type Interval, type Job, type Part } from './job.js';
import { mergeParts, sumOf, type Result } from './result.js';
import { WorkerProcess } from '../processes/worker-process.js';

const SCRIPT = fileURLToPath(new URL('./generator.js', import.meta.url));
const START_IN_MS = 100;
const JOIN_MS = 120_000;
const US_PER_MS = 1_000;
/** No answer within so long after its time is none. */
const GRACE_MS = 30_000;

type LoadWorker = WorkerProcess<Answer>;

export interface LoadOptions {
  readonly workers: number;
  readonly cores: Cores;
  /** Each interval, once every worker has answered for it. */
  readonly onInterval?: (interval: Interval) => void;
}

/** Does the job. Rejects with what went wrong in any worker. */
export async function generateLoad(whole: Omit<Job, 'localAddresses'>, options: LoadOptions): Promise<Result> {
  yieldHelperThreads();
  const jobs = shares(whole, options.workers).map((share) => ({ ...whole, ...share }));
  const workers = jobs.map((_, i) => new WorkerProcess(SCRIPT, answer, loadCoreOf(options.cores, i)));
  try {
    for (const [i, each] of jobs.entries()) workers[i]?.send(each);
    await Promise.all(workers.map(untilJoined));
    const startUs = Number(process.hrtime.bigint()) / 1e3 + START_IN_MS * US_PER_MS;
    for (const worker of workers) worker.send({ startUs });
    const intervals = new Intervals(workers.length, options.onInterval);
    const withinMs = (whole.warmUpS + whole.seconds) * 1000 + GRACE_MS;
    const parts = await Promise.all(workers.map((worker) => finish(worker, intervals, withinMs)));
    return mergeParts(parts);
  } finally {
    for (const worker of workers) worker.kill();
  }
}

/** What each worker of a load is given. */
export type Share = Pick<Job, 'handshakes' | 'endpoints' | 'localAddresses'>;

/** Each worker's share: whole rooms, and source addresses of its own. */
export function shares(
  { handshakes, roomsOf, endpoints }: Pick<Job, 'handshakes' | 'roomsOf' | 'endpoints'>,
  workers: number,
): readonly Share[] {
  const rooms = handshakes.length / roomsOf;
  const count = Math.min(workers, rooms);
  demandDescriptors(Math.ceil(rooms / count) * roomsOf);
  let firstAddress = 0;
  return Array.from({ length: count }, (_, i) => {
    const [from, to] = [Math.floor((rooms * i) / count), Math.floor((rooms * (i + 1)) / count)];
    const share = handshakes.slice(from * roomsOf, to * roomsOf);
    const own = endpoints.length === 1 ? endpoints : endpoints.slice(from, to);
    const localAddresses = sourceAddresses(own, share.length, firstAddress);
    firstAddress += Math.max(1, localAddresses.length);
    return { handshakes: share, endpoints: own, localAddresses };
  });
}

async function untilJoined(worker: LoadWorker): Promise<void> {
  const given = await worker.next(JOIN_MS);
  if ('failure' in given) throw new Error(given.failure);
  demand('joined' in given, 'a load worker joins first');
}

async function finish(worker: LoadWorker, intervals: Intervals, withinMs: number): Promise<Part> {
  for (;;) {
    const given = await worker.next(withinMs);
    if ('part' in given) return given.part;
    if ('failure' in given) throw new Error(given.failure);
    if ('interval' in given) intervals.add(given.interval);
  }
}

/** Puts the workers' intervals together, for who watches. */
class Intervals {
  private readonly parts = new Map<number, Interval[]>();

  constructor(
    private readonly workers: number,
    private readonly onInterval: LoadOptions['onInterval'],
  ) {}

  add(part: Interval): void {
    const parts = [...(this.parts.get(part.n) ?? []), part];
    this.parts.set(part.n, parts);
    if (parts.length < this.workers) return;
    this.parts.delete(part.n);
    this.onInterval?.(sumOf(parts));
  }
}
