/**
 * One run of a load: joins all clients, sends by the clock, measures a window behind the warm-up, and waits for the
 * last messages. The loop is open: a message is due when it is due, however late the server or this process is.
 *
 * Sends are made by whatever comes first, bytes to read or a tick of 1 ms: under load there is always something to
 * read, so they leave when they are due and not in bursts of a tick.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { Changes, demand } from '../changes.js';
import { LoadClient, type ClientEvents } from './client.js';
import { cpuTimeBetween, cpuTimeOf, type CpuTime } from './cpu.js';
import { ReadBuffer } from './frame-reader.js';
import { Histogram } from './histogram.js';
import type { Job, Result } from './job.js';
import { Pacer } from './pacer.js';
import { sendingOrder } from './schedule.js';
import { Tally } from './tally.js';
import { wireOf } from './wires/by-name.js';

const JOIN_AT_ONCE = 32;
const JOIN_MS = 30_000;
const START_IN_MS = 50;
/** Without any delivery for so long, what is missing will not come. */
const QUIET_MS = 1_000;
const LOOK_MS = 50;
const US_PER_MS = 1_000;

/** Where the counters stood, and when. */
interface Mark {
  readonly atMs: number;
  readonly deliveries: number;
  readonly frames: number;
  readonly reads: number;
  readonly echoes: number;
  readonly serverCpu: CpuTime;
  readonly loadCpu: CpuTime;
}

export class Run implements ClientEvents {
  private readonly tally: Tally;
  private readonly pacer: Pacer;
  private readonly latencyUs = new Histogram();
  private readonly clients: LoadClient[] = [];
  private readonly problems = new Set<string>();
  private readonly changes = new Changes();
  private joined = 0;
  private frames = 0;
  private reads = 0;
  private echoes = 0;
  private nowMs = 0;

  constructor(private readonly job: Job) {
    const { handshakes, roomsOf, rate, phases } = job;
    this.tally = new Tally(handshakes.length, roomsOf);
    this.pacer = new Pacer(sendingOrder(handshakes.length, roomsOf, phases), rate, (client, dueMs) => {
      this.clients[client]?.send(dueMs);
      this.tally.onSent();
    });
  }

  async measure(): Promise<Result> {
    await this.join();
    const startMs = performance.now() + START_IN_MS;
    const fromMs = startMs + this.job.warmUpS * 1000;
    this.pacer.start(startMs, fromMs);
    const ticks = setInterval(() => {
      this.onTime();
    }, 1);
    await pause(fromMs - performance.now());
    const from = this.mark();
    await pause(fromMs + this.job.seconds * 1000 - performance.now());
    const to = this.mark();
    this.pacer.stop();
    await this.untilAllCame();
    clearInterval(ticks);
    for (const client of this.clients) client.close();
    return this.result(from, to);
  }

  /** What is due is sent before what was read is looked at. */
  onRead(): void {
    this.reads += 1;
    this.onTime();
  }

  onEntry(receiver: number, sender: number, number: number, dueMs: number): void {
    this.tally.onDelivered(receiver, sender, number);
    if (dueMs > 0) this.latencyUs.record((this.nowMs - dueMs) * US_PER_MS);
  }

  onFrame(): void {
    this.frames += 1;
  }

  onEcho(): void {
    this.echoes += 1;
  }

  onDamaged(): void {
    this.tally.onDamaged();
  }

  onJoined(): void {
    this.joined += 1;
    this.changes.notify();
  }

  onProblem(what: string): void {
    this.problems.add(what);
    this.changes.notify();
  }

  private async join(): Promise<void> {
    const { host, port, handshakes, payloadBytes, roomsOf } = this.job;
    const buffer = new ReadBuffer();
    for (const [id, handshake] of handshakes.entries()) {
      const wire = wireOf(this.job.wire, Math.floor(id / roomsOf));
      const plan = { id, host, port, handshake, wire, place: id % roomsOf, payloadBytes };
      this.clients.push(new LoadClient(plan, buffer, this));
      if (this.clients.length % JOIN_AT_ONCE === 0) await this.allJoined();
    }
    await this.allJoined();
  }

  private async allJoined(): Promise<void> {
    const look = (): true | null => {
      demand(this.problems.size === 0, `not all clients joined: ${[...this.problems].join('; ')}`);
      return this.joined === this.clients.length ? true : null;
    };
    await this.changes.until('all clients join', look, JOIN_MS);
  }

  private onTime(): void {
    this.nowMs = performance.now();
    this.pacer.tick(this.nowMs);
  }

  private mark(): Mark {
    return {
      atMs: performance.now(),
      deliveries: this.tally.delivered,
      frames: this.frames,
      reads: this.reads,
      echoes: this.echoes,
      serverCpu: cpuTimeOf(this.job.serverPid),
      loadCpu: cpuTimeOf(process.pid),
    };
  }

  private async untilAllCame(): Promise<void> {
    let newest = this.tally.delivered;
    let newestMs = performance.now();
    while (!this.tally.isComplete && performance.now() - newestMs < QUIET_MS) {
      await pause(LOOK_MS);
      if (this.tally.delivered !== newest) newestMs = performance.now();
      newest = this.tally.delivered;
    }
    // For what should not come: second copies.
    await pause(2 * LOOK_MS);
  }

  private result(from: Mark, to: Mark): Result {
    const { tally, problems, latencyUs, pacer } = this;
    const inMs = (histogram: Histogram, share: number): number => histogram.quantile(share) / US_PER_MS;
    // The monotonic clock and performance.now() run alike from two starts.
    const bootMs = Number(process.hrtime.bigint()) / 1e6 - performance.now();
    return {
      counts: tally.counts(),
      problems: [...problems],
      window: {
        seconds: (to.atMs - from.atMs) / 1000,
        deliveries: to.deliveries - from.deliveries,
        frames: to.frames - from.frames,
        reads: to.reads - from.reads,
        echoes: to.echoes - from.echoes,
        serverCpu: cpuTimeBetween(from.serverCpu, to.serverCpu),
        loadCpu: cpuTimeBetween(from.loadCpu, to.loadCpu),
        startUs: (bootMs + from.atMs) * US_PER_MS,
        endUs: (bootMs + to.atMs) * US_PER_MS,
      },
      latencyMs: { p50: inMs(latencyUs, 0.5), p99: inMs(latencyUs, 0.99), max: inMs(latencyUs, 1) },
      lagMs: { p50: inMs(pacer.lagUs, 0.5), p99: inMs(pacer.lagUs, 0.99) },
    };
  }
}
