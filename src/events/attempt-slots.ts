import { Places } from './places.js';

/**
 * How many attempts run at once: in all, and to each target. A target whose last attempt failed gets one at a time, and
 * all such targets together at most half of the places, so that targets that hang leave room for those that answer. No
 * owner gets more than half of the places, so that one project with many targets leaves room for the others.
 */
export interface SlotLimits {
  readonly all: number;
  readonly perTarget: number;
  /** How many failing targets are remembered. */
  readonly failing: number;
}

export const SLOT_LIMITS: SlotLimits = { all: 128, perTarget: 8, failing: 10_000 };

export class AttemptSlots {
  readonly #limits: SlotLimits;
  readonly #running = new Map<string, number>();
  /** The oldest first. */
  readonly #failing = new Set<string>();
  /** The owners' shares. */
  readonly #places: Places;
  /** Targets that found their owner's share taken, with the owner; the oldest first. */
  readonly #refused = new Map<string, string>();
  #takenByFailing = 0;
  /** The keys whose running attempts began while the target was failing. */
  readonly #probing = new Map<string, number>();

  constructor(limits: SlotLimits = SLOT_LIMITS) {
    this.#limits = limits;
    this.#places = new Places(limits.all);
  }

  get taken(): number {
    return this.#places.taken;
  }

  get free(): number {
    return this.#limits.all - this.#places.taken;
  }

  /** Targets that get no place now. */
  full(): readonly string[] {
    const busy = [...this.#running].filter(([key, count]) => count >= this.#limitOf(key)).map(([key]) => key);
    const crowded = [...this.#refused].filter(([, owner]) => !this.#places.hasRoom(owner)).map(([key]) => key);
    return [...new Set([...busy, ...crowded, ...(this.#mayProbe() ? [] : this.#failing)])];
  }

  take(key: string, owner: string): boolean {
    const running = this.#running.get(key) ?? 0;
    const isFailing = this.#failing.has(key);
    if (running >= this.#limitOf(key) || (isFailing && !this.#mayProbe())) return false;
    this.#refused.delete(key);
    if (!this.#places.take(owner)) {
      this.#refused.set(key, owner);
      dropOldest(this.#refused, this.#limits.failing);
      return false;
    }
    this.#running.set(key, running + 1);
    if (isFailing) {
      this.#probing.set(key, (this.#probing.get(key) ?? 0) + 1);
      this.#takenByFailing += 1;
    }
    return true;
  }

  /** `answered`: whether the target took the delivery; null: it was not asked. */
  release(key: string, owner: string, answered: boolean | null): void {
    const running = (this.#running.get(key) ?? 1) - 1;
    if (running === 0) this.#running.delete(key);
    else this.#running.set(key, running);
    this.#places.leave(owner);
    const probes = this.#probing.get(key) ?? 0;
    if (probes > 0) {
      this.#takenByFailing -= 1;
      if (probes === 1) this.#probing.delete(key);
      else this.#probing.set(key, probes - 1);
    }
    if (answered !== null) this.#note(key, answered);
  }

  /** The target counts as one that never failed. */
  forget(key: string): void {
    this.#failing.delete(key);
  }

  #note(key: string, answered: boolean): void {
    this.#failing.delete(key);
    if (answered) return;
    this.#failing.add(key);
    dropOldest(this.#failing, this.#limits.failing);
  }

  #mayProbe(): boolean {
    return this.#takenByFailing < this.#limits.all / 2;
  }

  #limitOf(key: string): number {
    return this.#failing.has(key) ? 1 : this.#limits.perTarget;
  }
}

function dropOldest(keys: Set<string> | Map<string, unknown>, most: number): void {
  const [oldest] = keys.keys();
  if (keys.size > most && oldest !== undefined) keys.delete(oldest);
}
