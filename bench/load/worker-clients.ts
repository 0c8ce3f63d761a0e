/** All clients of one worker: connects, drops and resumes them, and times each join. */
import { setTimeout as pause } from 'node:timers/promises';
import { sourceOf } from '../client/dial.js';
import { ReadBuffer } from '../client/frame-reader.js';
import { ownCpuTime, cpuTimeBetween, shareOf } from '../measure/cpu.js';
import { Histogram } from '../measure/histogram.js';
import { demand } from '../processes/changes.js';
import type { Interval, Job, Part, StagePart, Traffic } from './job.js';
import { LoadClient, type JoinEvents } from './load-client.js';
import { TrafficRun } from './traffic-run.js';
import { wireOf } from './wires/by-name.js';

const US_PER_MS = 1_000;
const PROGRESS_MS = 250;
const LOOK_MS = 5;
/** No attempt takes longer. The kernel itself would give up much later. */
const ATTEMPT_MS = 30_000;
const RETRY_MS = { least: 250, most: 750 };

export class WorkerClients implements JoinEvents {
  private readonly clients: readonly LoadClient[];
  private readonly traffic: TrafficRun;
  private connected = 0;
  private settled = 0;
  private strangers = 0;
  private readonly latencyUs = new Histogram();
  private readonly sinceStartUs = new Histogram();
  private failures = new Map<string, number>();
  private startedMs = 0;
  /** Clients that connect when others are done. */
  private waiting: LoadClient[] = [];
  /** Until then a client that fails tries again. */
  private retryUntilMs = 0;

  constructor(
    job: Job,
    private readonly onProgress: (connected: number) => void,
  ) {
    const { endpoints, localAddresses, handshakes, roomsOf } = job;
    const buffer = new ReadBuffer();
    this.traffic = new TrafficRun(job);
    this.clients = handshakes.map((handshake, id) => {
      const room = Math.floor(id / roomsOf);
      const endpoint = endpoints[Math.floor((id * endpoints.length) / handshakes.length)];
      demand(endpoint !== undefined, 'a job has an endpoint');
      const localAddress = sourceOf(localAddresses, id);
      const plan = { id, endpoint, localAddress, handshake, wire: wireOf(job.wire, room), place: id % roomsOf };
      return new LoadClient(plan, buffer, this, this.traffic);
    });
  }

  get count(): number {
    return this.connected;
  }

  connect(atOnce: number): Promise<StagePart> {
    return this.stage(ATTEMPT_MS, async () => {
      this.waiting = [...this.clients].reverse();
      for (let i = 0; i < atOnce; i += 1) this.waiting.pop()?.connect();
    });
  }

  drop(): void {
    for (const client of this.clients) client.drop();
    this.connected = 0;
  }

  resume(spreadMs: number, withinMs: number): Promise<StagePart> {
    this.retryUntilMs = performance.now() + withinMs;
    return this.stage(withinMs, async () => {
      for (const [i, client] of this.clients.entries()) {
        const dueMs = this.startedMs + (spreadMs * i) / this.clients.length;
        if (dueMs > performance.now()) await pause(dueMs - performance.now());
        client.connect();
      }
    });
  }

  /** The clients are dropped afterwards. */
  async send(traffic: Traffic, onInterval: (interval: Interval) => void): Promise<Part> {
    this.failures = new Map();
    const part = await this.traffic.measure(this.clients, traffic, onInterval);
    this.drop();
    const closed = [...this.failures.keys()].map((why) => `a socket ended: ${why}`);
    return { ...part, problems: [...part.problems, ...closed] };
  }

  onIn(tookMs: number, isSame: boolean): void {
    this.connected += 1;
    this.settled += 1;
    if (!isSame) this.strangers += 1;
    this.latencyUs.record(tookMs * US_PER_MS);
    this.sinceStartUs.record((performance.now() - this.startedMs) * US_PER_MS);
    this.waiting.pop()?.connect();
  }

  onOut(client: LoadClient, why: string, wasIn: boolean): void {
    this.failures.set(why, (this.failures.get(why) ?? 0) + 1);
    if (wasIn) {
      this.connected -= 1;
      this.settled -= 1;
    }
    const againMs = RETRY_MS.least + Math.random() * (RETRY_MS.most - RETRY_MS.least);
    if (performance.now() + againMs < this.retryUntilMs) setTimeout(() => client.connect(), againMs);
    else this.settled += 1;
    this.waiting.pop()?.connect();
  }

  private async stage(withinMs: number, act: () => Promise<void>): Promise<StagePart> {
    this.startedMs = performance.now();
    this.settled = 0;
    this.strangers = 0;
    this.failures = new Map();
    const from = ownCpuTime();
    const before = this.connected;
    const ticks = setInterval(() => this.onProgress(this.connected), PROGRESS_MS);
    await act();
    const deadlineMs = performance.now() + withinMs;
    while (this.settled < this.clients.length && performance.now() < deadlineMs) await pause(LOOK_MS);
    clearInterval(ticks);
    return {
      wanted: this.clients.length,
      done: this.connected - before,
      failures: Object.fromEntries(this.failures),
      strangers: this.strangers,
      seconds: (performance.now() - this.startedMs) / 1000,
      cpuS: shareOf(cpuTimeBetween(from, ownCpuTime()), 1),
      latencyUs: this.latencyUs.take(),
      sinceStartUs: this.sinceStartUs.take(),
    };
  }
}
