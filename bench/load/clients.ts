/** The clients of a load, as the bench sees them: workers in processes of their own, each with whole rooms. */
import { fileURLToPath } from 'node:url';
import { demandDescriptors, sourceAddresses } from '../client/dial.js';
import { Latencies } from '../measure/latencies.js';
import { sumOf } from '../measure/statistics.js';
import { loadCoreOf, type Cores } from '../processes/cores.js';
import { yieldHelperThreads } from '../processes/helper-threads.js';
import { WorkerProcess } from '../processes/worker-process.js';
import { answer, type Answer, type Command, type Interval, type Job, type StagePart, type Traffic } from './job.js';
import { mergeIntervals, mergeParts, type Result } from './result.js';

const SCRIPT = fileURLToPath(new URL('./worker.js', import.meta.url));
const START_IN_MS = 100;
const US_PER_MS = 1_000;
/** A worker at work reports every half second or more often. */
const SILENT_MS = 120_000;

export interface ClientsOptions {
  readonly workers: number;
  readonly cores: Cores;
}

export interface Stage extends Pick<StagePart, 'wanted' | 'done' | 'failures' | 'strangers' | 'seconds'> {
  /** The busiest worker's share of a core. */
  readonly loadBusy: number;
  readonly latency: Latencies;
  readonly sinceStart: Latencies;
}

const ignore = (): void => undefined;

export class Clients {
  private constructor(private readonly workers: readonly WorkerProcess<Answer>[]) {}

  /** The workers end with `use`. Nothing connects before `use` says so. */
  static async with<T>(
    load: Omit<Job, 'localAddresses'>,
    options: ClientsOptions,
    use: (clients: Clients) => Promise<T>,
  ): Promise<T> {
    const clients = Clients.start(load, options);
    try {
      return await use(clients);
    } finally {
      clients.end();
    }
  }

  /** Starts the workers. Nothing connects yet. */
  static start(load: Omit<Job, 'localAddresses'>, { workers, cores }: ClientsOptions): Clients {
    yieldHelperThreads();
    const made = shares(load, workers).map((share, i) => {
      const worker = new WorkerProcess(SCRIPT, answer, loadCoreOf(cores, i));
      worker.send({ ...load, ...share });
      return worker;
    });
    return new Clients(made);
  }

  connect(atOnce: number, onProgress: (connected: number) => void = ignore): Promise<Stage> {
    const each = Math.max(1, Math.ceil(atOnce / this.workers.length));
    return this.stage({ do: 'connect', atOnce: each }, onProgress);
  }

  resume(spreadMs: number, withinMs: number, onProgress: (connected: number) => void): Promise<Stage> {
    return this.stage({ do: 'return', spreadMs, withinMs }, onProgress);
  }

  async drop(): Promise<void> {
    await this.ask({ do: 'drop' }, (given) => ('connected' in given ? given : null));
  }

  /** How many are connected now. */
  async count(): Promise<number> {
    const counts = await this.ask({ do: 'count' }, (given) => ('connected' in given ? given : null));
    return sumOf(counts, ({ connected }) => connected);
  }

  /** `onInterval` hears of each interval once every worker has reported it. The clients are dropped afterwards. */
  async send(traffic: Omit<Traffic, 'startUs'>, onInterval: (interval: Interval) => void = ignore): Promise<Result> {
    const startUs = Number(process.hrtime.bigint()) / 1e3 + START_IN_MS * US_PER_MS;
    const open = new Map<number, Interval[]>();
    const parts = await this.ask(
      { do: 'send', ...traffic, startUs },
      (given) => ('part' in given ? given.part : null),
      (given) => {
        if (!('interval' in given)) return;
        const { interval } = given;
        const known = [...(open.get(interval.n) ?? []), interval];
        open.set(interval.n, known);
        if (known.length < this.workers.length) return;
        open.delete(interval.n);
        onInterval(mergeIntervals(known));
      },
    );
    return mergeParts(parts);
  }

  /** All connections end with their processes. */
  end(): void {
    for (const worker of this.workers) worker.kill();
  }

  private async stage(command: Command, onProgress: (connected: number) => void): Promise<Stage> {
    const done = this.workers.map(() => 0);
    const parts = await this.ask(
      command,
      (given) => ('stage' in given ? given.stage : null),
      (given, worker) => {
        if ('progress' in given) done[worker] = given.progress;
        onProgress(sumOf(done, (each) => each));
      },
    );
    return mergeStages(parts);
  }

  /** Resolves with what `find` finds in the answers of each worker. Rejects when any worker fails. */
  private ask<T>(
    command: Command,
    find: (given: Answer) => T | null,
    onOther: (given: Answer, worker: number) => void = ignore,
  ): Promise<T[]> {
    const one = async (worker: WorkerProcess<Answer>, i: number): Promise<T> => {
      worker.send(command);
      for (;;) {
        const given = await worker.next(SILENT_MS);
        if ('failure' in given) throw new Error(given.failure);
        const found = find(given);
        if (found !== null) return found;
        onOther(given, i);
      }
    };
    return Promise.all(this.workers.map(one));
  }
}

/** The clients of one worker. */
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
    const each = endpoints.length / rooms;
    const own = endpoints.length === 1 ? endpoints : endpoints.slice(from * each, to * each);
    const localAddresses = sourceAddresses(own, share.length, firstAddress);
    firstAddress += Math.max(1, localAddresses.length);
    return { handshakes: share, endpoints: own, localAddresses };
  });
}

function mergeStages(parts: readonly StagePart[]): Stage {
  const failures: Record<string, number> = {};
  for (const [why, count] of parts.flatMap((part) => Object.entries(part.failures))) {
    failures[why] = (failures[why] ?? 0) + count;
  }
  return {
    wanted: sumOf(parts, ({ wanted }) => wanted),
    done: sumOf(parts, ({ done }) => done),
    strangers: sumOf(parts, ({ strangers }) => strangers),
    failures,
    seconds: Math.max(...parts.map(({ seconds }) => seconds)),
    loadBusy: Math.max(...parts.map(({ cpuS, seconds }) => cpuS / seconds)),
    latency: Latencies.of(parts.flatMap(({ latencyUs }) => latencyUs)),
    sinceStart: Latencies.of(parts.flatMap(({ sinceStartUs }) => sinceStartUs)),
  };
}
