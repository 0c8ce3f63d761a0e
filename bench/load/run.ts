/**
 * One worker's share of a load: joins its clients, sends by the clock, measures a window behind the warm-up, and waits
 * for the last messages. The loop is open: a message is due when it is due, however late the server or this process is.
 *
 * Sends are made by whatever comes first, bytes to read or a tick of 1 ms: under load there is always something to
 * read, so they leave when they are due and not in bursts of a tick.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { Changes, demand } from '../processes/changes.js';
import { LoadClient, type LoadEvents } from './load-client.js';
import { canWatchProcesses, cpuTimeBetween, cpuTimeOf, ownCpuTime, type CpuTime } from '../measure/cpu.js';
import { sourceOf } from '../client/dial.js';
import { ReadBuffer } from '../client/frame-reader.js';
import type { Interval, Job, Part, SamplePart } from './job.js';
import { Pacer } from './pacer.js';
import { Sampler } from './sampler.js';
import { sendingOrder } from './schedule.js';
import { Tally } from '../book/tally.js';
import { wireOf } from './wires/by-name.js';

const JOIN_AT_ONCE = 32;
const JOIN_MS = 30_000;
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
  readonly serverCpu: CpuTime | null;
  readonly loadCpu: CpuTime;
}

export class Run implements LoadEvents {
  private readonly tally: Tally;
  private readonly pacer: Pacer;
  private readonly sampler: Sampler;
  private readonly clients: LoadClient[] = [];
  private readonly problems = new Set<string>();
  private readonly changes = new Changes();
  private joined = 0;
  private frames = 0;
  private reads = 0;
  private echoes = 0;
  private nowMs = 0;

  constructor(
    private readonly job: Job,
    onInterval: (interval: Interval) => void,
  ) {
    const { handshakes, roomsOf, senders, rate, phases, sampleMs } = job;
    this.tally = new Tally(handshakes.length, roomsOf);
    this.sampler = new Sampler(this.tally, sampleMs, onInterval);
    this.pacer = new Pacer(sendingOrder(handshakes.length, roomsOf, phases, senders), rate, (client, dueMs) => {
      this.clients[client]?.sendMessage(dueMs);
      this.tally.onSent();
    });
  }

  /** Rejects when not all are let in. */
  async join(): Promise<void> {
    const { endpoints, localAddresses, handshakes, payloadBytes, roomsOf } = this.job;
    const buffer = new ReadBuffer();
    for (const [id, handshake] of handshakes.entries()) {
      const room = Math.floor(id / roomsOf);
      const endpoint = endpoints[room % endpoints.length];
      demand(endpoint !== undefined, 'a job has an endpoint');
      const localAddress = sourceOf(localAddresses, id);
      const wire = wireOf(this.job.wire, room);
      const plan = { id, endpoint, localAddress, handshake, wire, place: id % roomsOf, payloadBytes };
      this.clients.push(new LoadClient(plan, buffer, this));
      if (this.clients.length % JOIN_AT_ONCE === 0) await this.allJoined();
    }
    await this.allJoined();
  }

  /** Once all clients have joined; begins at `startUs` of the machine's monotonic clock. */
  async measure(startUs: number): Promise<Part> {
    const startMs = startUs / US_PER_MS - bootMs();
    const fromMs = startMs + this.job.warmUpS * 1000;
    this.pacer.start(startMs, fromMs, (fromMs - startMs) / 2);
    this.sampler.start(startMs);
    const ticks = setInterval(() => {
      this.onTime();
      this.sampler.tick(this.nowMs);
    }, 1);
    await pause(fromMs - performance.now());
    const from = this.mark();
    await pause(fromMs + this.job.seconds * 1000 - performance.now());
    const to = this.mark();
    this.pacer.stop();
    await this.untilAllCame();
    clearInterval(ticks);
    for (const client of this.clients) client.close();
    return this.part(from, to, this.sampler.end(performance.now()));
  }

  /** What is due is sent before what was read is looked at. */
  onRead(): void {
    this.reads += 1;
    this.onTime();
  }

  onEntry(receiver: number, sender: number, number: number, dueMs: number): void {
    this.tally.onDelivered(receiver, sender, number);
    if (dueMs > 0) this.sampler.latencyUs.record((this.nowMs - dueMs) * US_PER_MS);
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
    const { serverPid } = this.job;
    return {
      atMs: performance.now(),
      deliveries: this.tally.delivered,
      frames: this.frames,
      reads: this.reads,
      echoes: this.echoes,
      serverCpu: serverPid === null || !canWatchProcesses ? null : cpuTimeOf(serverPid),
      loadCpu: ownCpuTime(),
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

  private part(from: Mark, to: Mark, samples: SamplePart[]): Part {
    const { tally, problems, pacer } = this;
    const { serverCpu } = from;
    return {
      counts: tally.counts(),
      problems: [...problems],
      window: {
        seconds: (to.atMs - from.atMs) / 1000,
        deliveries: to.deliveries - from.deliveries,
        frames: to.frames - from.frames,
        reads: to.reads - from.reads,
        echoes: to.echoes - from.echoes,
        serverCpu: serverCpu === null || to.serverCpu === null ? null : cpuTimeBetween(serverCpu, to.serverCpu),
        loadCpu: cpuTimeBetween(from.loadCpu, to.loadCpu),
        startUs: (bootMs() + from.atMs) * US_PER_MS,
        endUs: (bootMs() + to.atMs) * US_PER_MS,
      },
      samples,
      lagUs: pacer.lagUs.take(),
    };
  }
}

/** The monotonic clock and performance.now() run alike from two starts. */
function bootMs(): number {
  return Number(process.hrtime.bigint()) / 1e6 - performance.now();
}
