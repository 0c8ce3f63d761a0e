import { beforeEach, describe, expect, test } from 'vitest';
import { Supervisor, WorkerFailed, type WorkerEnd, type WorkerProcess } from '../../../../src/cli/serve/supervisor.js';
import { ManualClock } from '../../../support/manual-clock.js';
import { silentLog } from '../../../support/silent-log.js';

class FakeProcess implements WorkerProcess {
  readonly pid = 1;
  readonly listening: Promise<string>;
  readonly ended: Promise<WorkerEnd>;
  readonly told: string[] = [];
  listen: (engine: string) => void = () => undefined;
  end: (end: WorkerEnd) => void = () => undefined;

  constructor(readonly worker: number) {
    this.listening = new Promise((resolve) => (this.listen = resolve));
    this.ended = new Promise((resolve) => (this.end = resolve));
  }

  stop(): void {
    this.told.push('stop');
  }

  kill(): void {
    this.told.push('kill');
    this.end({ code: null, signal: 'SIGKILL' });
  }
}

const KILLED: WorkerEnd = { code: null, signal: 'SIGKILL' };
const STOP_WITHIN_MS = 30_000;

async function turns(): Promise<void> {
  for (let i = 0; i < 4; i += 1) await new Promise((resolve) => setImmediate(resolve));
}

describe('the supervisor', () => {
  let clock: ManualClock;
  let processes: FakeProcess[];
  let supervisor: Supervisor;

  beforeEach(() => {
    clock = new ManualClock();
    processes = [];
    supervisor = new Supervisor({
      workers: 2,
      startProcess: (worker) => {
        const process = new FakeProcess(worker);
        processes.push(process);
        return process;
      },
      clock,
      log: silentLog,
      stopWithinMs: STOP_WITHIN_MS,
    });
  });

  const newest = (): FakeProcess => {
    const process = processes.at(-1);
    if (process === undefined) throw new Error('no process');
    return process;
  };

  async function startAll(): Promise<void> {
    const started = supervisor.start();
    for (const process of processes) process.listen('engine');
    expect(await started).toBe('engine');
  }

  async function advance(ms: number): Promise<void> {
    clock.advance(ms);
    await turns();
  }

  test('WK3 a worker that ends starts again, alone, after a delay that doubles up to ten seconds', async () => {
    await startAll();
    const delaysMs = [100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000];
    for (const [n, delayMs] of delaysMs.entries()) {
      (n === 0 ? processes[0] : newest())?.end(KILLED);
      await turns();
      await advance(delayMs - 1);
      expect(processes).toHaveLength(2 + n);
      await advance(1);
      expect(processes.slice(2).map(({ worker }) => worker)).toEqual(Array.from({ length: n + 1 }, () => 1));
    }
    expect(processes[1]?.told).toEqual([]);
  });

  test('WK3 the delay is short again after half a minute of service, however the worker ends', async () => {
    await startAll();
    for (const [end, ranMs] of [
      [KILLED, 10],
      [{ code: 1, signal: null }, 10],
      [{ code: 0, signal: null }, 30_000],
    ] as const) {
      await advance(ranMs);
      (processes.length === 2 ? processes[0] : newest())?.end(end);
      await turns();
      if (ranMs < 30_000) await advance(1_000);
    }
    await advance(99);
    expect(processes).toHaveLength(4);
    await advance(1);
    expect(processes).toHaveLength(5);
  });

  test('WK7 a worker that gives up before all serve makes the start fail with its code', async () => {
    const failed = supervisor.start().catch((error: unknown) => error);
    processes[0]?.listen('engine');
    processes[1]?.end({ code: 78, signal: null });
    const failure = await failed;
    expect([failure instanceof WorkerFailed, failure]).toMatchObject([true, { worker: 2, code: 78 }]);
    await advance(60_000);
    expect(processes).toHaveLength(2);
  });

  test('WK3 a worker that is killed before all serve starts again, and the start goes on', async () => {
    const started = supervisor.start();
    processes[0]?.end(KILLED);
    processes[1]?.listen('engine');
    await turns();
    await advance(100);
    newest().listen('engine');
    expect(await started).toBe('engine');
  });

  test('WK4 a stop asks every worker, starts none again, and is in order when each ends with 0', async () => {
    await startAll();
    const stopped = supervisor.stop();
    expect(processes.map(({ told }) => told)).toEqual([['stop'], ['stop']]);
    for (const process of processes) process.end({ code: 0, signal: null });
    expect(await stopped).toBe(true);
    await advance(60_000);
    expect([processes.length, clock.pendingTimers]).toEqual([2, 0]);
  });

  test('WK4 a stop while a worker waits for its restart does not start it', async () => {
    await startAll();
    processes[0]?.end(KILLED);
    await turns();
    const stopped = supervisor.stop();
    processes[1]?.end({ code: 0, signal: null });
    expect(await stopped).toBe(true);
    await advance(60_000);
    expect(processes).toHaveLength(2);
  });

  test('WK4 a worker that does not end in time is killed, and the stop is not in order', async () => {
    await startAll();
    const stopped = supervisor.stop();
    processes[0]?.end({ code: 0, signal: null });
    await turns();
    await advance(STOP_WITHIN_MS - 1);
    expect(processes[1]?.told).toEqual(['stop']);
    await advance(1);
    expect(await stopped).toBe(false);
    expect(processes.map(({ told }) => told)).toEqual([['stop'], ['stop', 'kill']]);
  });
});
