import type { Clock, Timer } from '../../src/ports/clock.js';

interface Pending {
  readonly dueMs: number;
  readonly order: number;
  readonly run: () => void;
}

/** Time that moves when a test says so. `endOfTurn` is real: it is about the event loop, not about time. */
export class ManualClock implements Clock {
  #nowMs: number;
  #monotonicMs = 0;
  #order = 0;
  readonly #pending = new Set<Pending>();

  constructor(nowMs = 1_900_000_000_000) {
    this.#nowMs = nowMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  after(delayMs: number, run: () => void): Timer {
    this.#order += 1;
    const pending = { dueMs: this.#monotonicMs + Math.max(0, delayMs), order: this.#order, run };
    this.#pending.add(pending);
    return { cancel: () => void this.#pending.delete(pending) };
  }

  endOfTurn(run: () => void): void {
    setImmediate(run);
  }

  /** Moves time on and runs what falls due, in order, each at its own moment; timers set meanwhile included. */
  advance(ms: number): void {
    const untilMs = this.#monotonicMs + ms;
    for (let next = this.#next(untilMs); next !== null; next = this.#next(untilMs)) {
      this.#moveTo(next.dueMs);
      this.#pending.delete(next);
      next.run();
    }
    this.#moveTo(untilMs);
  }

  /** The machine's clock is set: `nowMs` jumps, timers and `monotonicMs` do not notice. */
  step(ms: number): void {
    this.#nowMs += ms;
  }

  /** Timers that wait. */
  get pendingTimers(): number {
    return this.#pending.size;
  }

  #next(untilMs: number): Pending | null {
    let first: Pending | null = null;
    for (const pending of this.#pending) {
      if (pending.dueMs > untilMs) continue;
      if (first === null || pending.dueMs < first.dueMs) first = pending;
      else if (pending.dueMs === first.dueMs && pending.order < first.order) first = pending;
    }
    return first;
  }

  #moveTo(monotonicMs: number): void {
    this.#nowMs += monotonicMs - this.#monotonicMs;
    this.#monotonicMs = monotonicMs;
  }
}
