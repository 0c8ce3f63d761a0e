/**
 * The traffic of one worker's clients: it sends by the clock, measures a window after the warm-up, and waits for the last
 * messages. The loop is open: a message is due when it is due, however late the server or this process is.
 *
 * Bytes to read or a tick of 1 ms make it send, whichever comes first. Under load there is always something to read, so
 * messages leave when they are due and not in bursts of a tick.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { Tally } from '../book/tally.js';
import { canWatchProcesses, cpuTimeBetween, cpuTimeOfAll, ownCpuTime } from '../measure/cpu.js';
import type { Interval, Job, Part, Traffic } from './job.js';
import type { LoadClient, TrafficEvents } from './load-client.js';
import { Pacer } from './pacer.js';
import { Sampler } from './sampler.js';
import { sendingOrder } from './schedule.js';

/** When nothing has arrived for so long, nothing more will. */
const QUIET_MS = 1_000;
const LOOK_MS = 50;
const US_PER_MS = 1_000;

type Window = Part['window'];

export class TrafficRun implements TrafficEvents {
  readonly problems = new Set<string>();
  private readonly tally: Tally;
  private readonly seen = { frames: 0, reads: 0, echoes: 0 };
  private pacer: Pacer | null = null;
  private sampler: Sampler | null = null;
  private nowMs = 0;

  constructor(private readonly job: Job) {
    this.tally = new Tally(job.handshakes.length, job.roomsOf);
  }

  /** Once, when all clients have joined. */
  async measure(
    clients: readonly LoadClient[],
    { senders, rate, payloadBytes, phases, warmUpS, seconds, serverPids, sampleMs, startUs }: Traffic,
    onInterval: (interval: Interval) => void,
  ): Promise<Part> {
    const order = sendingOrder(clients.length, this.job.roomsOf, phases, senders);
    const sampler = new Sampler(this.tally, sampleMs, onInterval);
    const pacer = new Pacer(order, rate, (client, dueMs) => {
      clients[client]?.sendMessage(dueMs, payloadBytes);
      this.tally.onSent();
    });
    [this.pacer, this.sampler] = [pacer, sampler];
    const startMs = startUs / US_PER_MS - bootMs();
    const fromMs = startMs + warmUpS * 1000;
    pacer.start(startMs, fromMs, (fromMs - startMs) / 2);
    sampler.start(startMs);
    const ticks = setInterval(() => {
      this.onTime();
      sampler.tick(this.nowMs);
    }, 1);
    await pause(fromMs - performance.now());
    const windowSince = this.window(serverPids);
    await pause(fromMs + seconds * 1000 - performance.now());
    const window = windowSince();
    pacer.stop();
    await this.untilAllArrived();
    clearInterval(ticks);
    const samples = sampler.end(performance.now());
    return { counts: this.tally.counts(), problems: [...this.problems], window, samples, lagUs: pacer.lagUs.take() };
  }

  /** The clients send what is due before they look at what they have read. */
  onRead(): void {
    this.seen.reads += 1;
    this.onTime();
  }

  onEntry(receiver: number, sender: number, number: number, dueMs: number): void {
    this.tally.onDelivered(receiver, sender, number);
    if (dueMs > 0) this.sampler?.latencyUs.record((this.nowMs - dueMs) * US_PER_MS);
  }

  onFrame(): void {
    this.seen.frames += 1;
  }

  onEcho(): void {
    this.seen.echoes += 1;
  }

  onDamaged(): void {
    this.tally.onDamaged();
  }

  onProblem(what: string): void {
    this.problems.add(what);
  }

  private onTime(): void {
    this.nowMs = performance.now();
    this.pacer?.tick(this.nowMs);
  }

  /** Starts a window. The result ends it. */
  private window(serverPids: readonly number[]): () => Window {
    const read = () => ({
      atMs: performance.now(),
      deliveries: this.tally.delivered,
      ...this.seen,
      serverCpu: serverPids.length === 0 || !canWatchProcesses ? null : cpuTimeOfAll(serverPids),
      loadCpu: ownCpuTime(),
    });
    const from = read();
    return () => {
      const to = read();
      return {
        seconds: (to.atMs - from.atMs) / 1000,
        deliveries: to.deliveries - from.deliveries,
        frames: to.frames - from.frames,
        reads: to.reads - from.reads,
        echoes: to.echoes - from.echoes,
        serverCpu:
          from.serverCpu === null || to.serverCpu === null ? null : cpuTimeBetween(from.serverCpu, to.serverCpu),
        loadCpu: cpuTimeBetween(from.loadCpu, to.loadCpu),
        startUs: (bootMs() + from.atMs) * US_PER_MS,
        endUs: (bootMs() + to.atMs) * US_PER_MS,
      };
    };
  }

  private async untilAllArrived(): Promise<void> {
    let newest = this.tally.delivered;
    let newestMs = performance.now();
    while (!this.tally.isComplete && performance.now() - newestMs < QUIET_MS) {
      await pause(LOOK_MS);
      if (this.tally.delivered !== newest) newestMs = performance.now();
      newest = this.tally.delivered;
    }
    // Second copies must not arrive: this gives them time.
    await pause(2 * LOOK_MS);
  }
}

/** The monotonic clock and performance.now() run alike from two starts. */
function bootMs(): number {
  return Number(process.hrtime.bigint()) / 1e6 - performance.now();
}
