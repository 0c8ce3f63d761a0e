/**
 * Decides which client sends now, by schedule and clock. A late send does not delay the next one. Clients may begin one
 * after the other: the whole load at once would meet uncompiled code on both sides, and late messages would then leave
 * and arrive in bursts, which can go on for seconds.
 */
import { Histogram } from '../measure/histogram.js';

/** One of so many sends is timed. It divides no usual number of clients, so all clients have their turn. */
const TIMED_EVERY = 7;
/**
 * Without a bound, each call of a process that cannot keep up would take longer than the one before: no timer would fire
 * any more, and the run would not end. The remaining sends stay due.
 */
const MOST_AT_ONCE = 128;
const US_PER_MS = 1_000;

export class Pacer {
  /** How much later than due the timed messages left, of those due from `timedFromMs` on. */
  readonly lagUs = new Histogram();
  private readonly stepMs: number;
  private startMs = 0;
  private timedFromMs = 0;
  private sends = 0;
  private nextMs = Number.POSITIVE_INFINITY;
  private beginMs = 0;
  /** The highest client number. Senders may be fewer than clients. */
  private readonly lastClient: number;

  /** `rate` is messages a second of each client; `send` gets a `dueMs` of 0 for messages that are not timed. */
  constructor(
    private readonly order: Uint32Array,
    rate: number,
    private readonly send: (client: number, dueMs: number) => void,
  ) {
    this.stepMs = 1000 / (rate * order.length);
    this.lastClient = order.reduce((last, client) => Math.max(last, client), 0);
  }

  /** Over the first `beginMs` the clients begin to send, in the order of their numbers. */
  start(atMs: number, timedFromMs: number, beginMs = 0): void {
    this.startMs = atMs;
    this.nextMs = atMs;
    this.timedFromMs = timedFromMs;
    this.beginMs = beginMs;
  }

  stop(): void {
    this.nextMs = Number.POSITIVE_INFINITY;
  }

  /** Sends what is due. Call it often: a message that is due between two calls leaves late. */
  tick(nowMs: number): void {
    for (let most = MOST_AT_ONCE; nowMs >= this.nextMs && most > 0; most -= 1) {
      const dueMs = this.nextMs;
      const isTimed = dueMs >= this.timedFromMs && this.sends % TIMED_EVERY === 0;
      const client = this.order[this.sends % this.order.length] ?? 0;
      if (this.hasBegun(client, dueMs)) this.send(client, isTimed ? dueMs : 0);
      if (isTimed) this.lagUs.record((nowMs - dueMs) * US_PER_MS);
      this.sends += 1;
      this.nextMs = this.startMs + this.sends * this.stepMs;
    }
  }

  private hasBegun(client: number, dueMs: number): boolean {
    const sinceMs = dueMs - this.startMs;
    return sinceMs >= this.beginMs || client / (this.lastClient + 1) < sinceMs / this.beginMs;
  }
}
