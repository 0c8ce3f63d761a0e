/** Connections that are held, over all workers: each does what is asked with its share, and the answers are merged. */
import { fileURLToPath } from 'node:url';
import { demand } from '../processes/changes.js';
import { loadCoreOf, type Cores } from '../processes/cores.js';
import { Latencies } from '../measure/latencies.js';
import { shares } from '../load/load-process.js';
import { WorkerProcess } from '../processes/worker-process.js';
import type { Seats } from '../rest/seats.js';
import { visitAnswer, type StagePart, type VisitAnswer, type VisitCommand, type VisitJob } from './visit-job.js';

const SCRIPT = fileURLToPath(new URL('./visit-worker.js', import.meta.url));
/** For the slowest stage there is. */
const ANSWER_MS = 300_000;

export interface Stage extends Pick<StagePart, 'wanted' | 'done' | 'failures' | 'strangers' | 'seconds'> {
  /** The busiest worker's share of a core. */
  readonly loadBusy: number;
  readonly latency: Latencies;
  readonly sinceStart: Latencies;
}

type Worker = WorkerProcess<VisitAnswer>;

export class Visits {
  private constructor(private readonly workers: readonly Worker[]) {}

  static start(
    seats: Omit<Seats, 'end'>,
    roomsOf: number,
    workers: number,
    cores: Cores,
    inBy: VisitJob['inBy'] = 'welcome',
  ): Visits {
    const jobs = shares({ ...seats, roomsOf }, workers);
    const made = jobs.map((job, i) => {
      const worker = new WorkerProcess(SCRIPT, visitAnswer, loadCoreOf(cores, i));
      worker.send({ ...job, roomsOf, inBy });
      return worker;
    });
    return new Visits(made);
  }

  connect(atOnce: number, onProgress: (done: number) => void): Promise<Stage> {
    const each = Math.max(1, Math.ceil(atOnce / this.workers.length));
    return this.stage({ do: 'connect', atOnce: each }, onProgress);
  }

  async drop(): Promise<void> {
    await Promise.all(this.workers.map((worker) => inside(worker, { do: 'drop' })));
  }

  comeBack(spreadMs: number, withinMs: number, onProgress: (done: number) => void): Promise<Stage> {
    return this.stage({ do: 'return', spreadMs, withinMs }, onProgress);
  }

  /** How many are connected now. */
  async count(): Promise<number> {
    const counts = await Promise.all(this.workers.map((worker) => inside(worker, { do: 'count' })));
    return counts.reduce((sum, each) => sum + each, 0);
  }

  /** All connections end with their processes. */
  end(): void {
    for (const worker of this.workers) worker.kill();
  }

  private async stage(command: VisitCommand, onProgress: (done: number) => void): Promise<Stage> {
    const done = this.workers.map(() => 0);
    const parts = this.workers.map((worker, i) =>
      untilStage(worker, command, (own) => {
        done[i] = own;
        onProgress(done.reduce((sum, each) => sum + each, 0));
      }),
    );
    return merged(await Promise.all(parts));
  }
}

async function untilStage(
  worker: Worker,
  command: VisitCommand,
  onProgress: (done: number) => void,
): Promise<StagePart> {
  worker.send(command);
  for (;;) {
    const given = await worker.next(ANSWER_MS);
    if ('stage' in given) return given.stage;
    if ('failure' in given) throw new Error(given.failure);
    if ('progress' in given) onProgress(given.progress);
  }
}

async function inside(worker: Worker, command: VisitCommand): Promise<number> {
  worker.send(command);
  for (;;) {
    const given = await worker.next(ANSWER_MS);
    if ('in' in given) return given.in;
    if ('failure' in given) throw new Error(given.failure);
    demand('progress' in given, 'a worker answers what it was asked');
  }
}

function merged(parts: readonly StagePart[]): Stage {
  const [latency, sinceStart] = [new Latencies(), new Latencies()];
  const failures: Record<string, number> = {};
  for (const part of parts) {
    latency.add(part.latencyUs);
    sinceStart.add(part.sinceStartUs);
    for (const [why, count] of Object.entries(part.failures)) failures[why] = (failures[why] ?? 0) + count;
  }
  const sum = (of: (part: StagePart) => number): number => parts.reduce((total, each) => total + of(each), 0);
  return {
    wanted: sum(({ wanted }) => wanted),
    done: sum(({ done }) => done),
    strangers: sum(({ strangers }) => strangers),
    failures,
    seconds: Math.max(...parts.map(({ seconds }) => seconds)),
    loadBusy: Math.max(...parts.map(({ cpuS, seconds }) => cpuS / seconds)),
    latency,
    sinceStart,
  };
}
