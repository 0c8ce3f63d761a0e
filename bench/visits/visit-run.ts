/** The connections of one worker: lets them in, lets them go, and brings them back, and times each. */
import { setTimeout as pause } from 'node:timers/promises';
import { demand } from '../processes/changes.js';
import { ownCpuTime } from '../measure/cpu.js';
import { sourceOf } from '../client/dial.js';
import { ReadBuffer } from '../client/frame-reader.js';
import { Histogram } from '../measure/histogram.js';
import { Visitor, type VisitorEvents } from './visitor.js';
import type { StagePart, VisitCommand, VisitJob } from './visit-job.js';

const US_PER_MS = 1_000;
const PROGRESS_MS = 250;
const LOOK_MS = 5;
/** No attempt takes longer: the kernel itself gives up much later. */
const ATTEMPT_MS = 30_000;
const RETRY_MS = { least: 250, most: 750 };

export class VisitRun implements VisitorEvents {
  private readonly visitors: readonly Visitor[];
  private inside = 0;
  private settled = 0;
  private strangers = 0;
  private readonly latencyUs = new Histogram();
  private readonly sinceStartUs = new Histogram();
  private failures = new Map<string, number>();
  private startedMs = 0;
  /** Who connects when another is done. */
  private waiting: Visitor[] = [];
  /** Whether who fails tries again: until then. */
  private retryUntilMs = 0;

  constructor(
    job: VisitJob,
    private readonly onProgress: (done: number) => void,
  ) {
    const { endpoints, localAddresses, handshakes, roomsOf, inBy } = job;
    const buffer = new ReadBuffer();
    this.visitors = handshakes.map((handshake, id) => {
      const endpoint = endpoints[Math.floor(id / roomsOf) % endpoints.length];
      demand(endpoint !== undefined, 'a job has an endpoint');
      return new Visitor({ endpoint, localAddress: sourceOf(localAddresses, id), handshake, inBy }, buffer, this);
    });
  }

  get count(): number {
    return this.inside;
  }

  connect(atOnce: number): Promise<StagePart> {
    return this.stage(ATTEMPT_MS, async () => {
      this.waiting = [...this.visitors].reverse();
      for (let i = 0; i < atOnce; i += 1) this.waiting.pop()?.connect();
    });
  }

  drop(): void {
    for (const visitor of this.visitors) visitor.drop();
    this.inside = 0;
  }

  comeBack({ spreadMs, withinMs }: Extract<VisitCommand, { do: 'return' }>): Promise<StagePart> {
    this.retryUntilMs = performance.now() + withinMs;
    return this.stage(withinMs, async () => {
      for (const [i, visitor] of this.visitors.entries()) {
        const dueMs = this.startedMs + (spreadMs * i) / this.visitors.length;
        if (dueMs > performance.now()) await pause(dueMs - performance.now());
        visitor.connect();
      }
    });
  }

  onIn(tookMs: number, isSame: boolean): void {
    this.inside += 1;
    this.settled += 1;
    if (!isSame) this.strangers += 1;
    this.latencyUs.record(tookMs * US_PER_MS);
    this.sinceStartUs.record((performance.now() - this.startedMs) * US_PER_MS);
    this.waiting.pop()?.connect();
  }

  onOut(visitor: Visitor, why: string, wasIn: boolean): void {
    this.failures.set(why, (this.failures.get(why) ?? 0) + 1);
    if (wasIn) {
      this.inside -= 1;
      this.settled -= 1;
    }
    const againMs = RETRY_MS.least + Math.random() * (RETRY_MS.most - RETRY_MS.least);
    if (performance.now() + againMs < this.retryUntilMs) setTimeout(() => visitor.connect(), againMs);
    else this.settled += 1;
    this.waiting.pop()?.connect();
  }

  private async stage(withinMs: number, act: () => Promise<void>): Promise<StagePart> {
    this.startedMs = performance.now();
    this.settled = 0;
    this.strangers = 0;
    this.failures = new Map();
    const from = ownCpuTime();
    const before = this.inside;
    const ticks = setInterval(() => this.onProgress(this.inside), PROGRESS_MS);
    await act();
    const deadlineMs = performance.now() + withinMs;
    while (this.settled < this.visitors.length && performance.now() < deadlineMs) await pause(LOOK_MS);
    clearInterval(ticks);
    const to = ownCpuTime();
    return {
      wanted: this.visitors.length,
      done: this.inside - before,
      failures: Object.fromEntries(this.failures),
      strangers: this.strangers,
      seconds: (performance.now() - this.startedMs) / 1000,
      cpuS: to.userS + to.systemS - from.userS - from.systemS,
      latencyUs: this.latencyUs.take(),
      sinceStartUs: this.sinceStartUs.take(),
    };
  }
}
