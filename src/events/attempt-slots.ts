/**
 * How many attempts run at once: in all, and to each target. A target whose last attempt failed gets one at a time, and
 * all such targets together at most half of the places, so that targets that hang leave room for those that answer.
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
  #taken = 0;
  #takenByFailing = 0;
  /** The keys whose running attempts began while the target was failing. */
  readonly #probing = new Map<string, number>();

  constructor(limits: SlotLimits = SLOT_LIMITS) {
    this.#limits = limits;
  }

  get taken(): number {
    return this.#taken;
  }

  get free(): number {
    return this.#limits.all - this.#taken;
  }

  /** Targets that get no place now. */
  full(): readonly string[] {
    const busy = [...this.#running].filter(([key, count]) => count >= this.#limitOf(key)).map(([key]) => key);
    return this.#mayProbe() ? busy : [...new Set([...busy, ...this.#failing])];
  }

  take(key: string): boolean {
    const running = this.#running.get(key) ?? 0;
    const isFailing = this.#failing.has(key);
    if (this.free <= 0 || running >= this.#limitOf(key) || (isFailing && !this.#mayProbe())) return false;
    this.#running.set(key, running + 1);
    this.#taken += 1;
    if (isFailing) {
      this.#probing.set(key, (this.#probing.get(key) ?? 0) + 1);
      this.#takenByFailing += 1;
    }
    return true;
  }

  /** `answered`: whether the target took the delivery; null: it was not asked. */
  release(key: string, answered: boolean | null): void {
    const running = (this.#running.get(key) ?? 1) - 1;
    if (running === 0) this.#running.delete(key);
    else this.#running.set(key, running);
    this.#taken -= 1;
    const probes = this.#probing.get(key) ?? 0;
    if (probes > 0) {
      this.#takenByFailing -= 1;
      if (probes === 1) this.#probing.delete(key);
      else this.#probing.set(key, probes - 1);
    }
    if (answered !== null) this.#note(key, answered);
  }

  #note(key: string, answered: boolean): void {
    this.#failing.delete(key);
    if (answered) return;
    this.#failing.add(key);
    const [oldest] = this.#failing;
    if (this.#failing.size > this.#limits.failing && oldest !== undefined) this.#failing.delete(oldest);
  }

  #mayProbe(): boolean {
    return this.#takenByFailing < this.#limits.all / 2;
  }

  #limitOf(key: string): number {
    return this.#failing.has(key) ? 1 : this.#limits.perTarget;
  }
}
