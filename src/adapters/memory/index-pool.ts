import { MAX_MEMBER_INDEX, parseMemberIndex, type MemberIndex } from '../../protocol/ids.js';

/** A freed index rests at least this long, so that replayed entries are not attributed to its next owner. */
const MIN_REST_MS = 5 * 60_000;

interface Freed {
  readonly index: MemberIndex;
  readonly freedAtMs: number;
}

/** Assigns member indexes: new ones first, then the lowest that has rested long enough. */
export class IndexPool {
  #next = 0;
  /** Ordered by time of freeing. */
  #resting: Freed[] = [];
  readonly #rested = new Set<MemberIndex>();

  /** The index that `take` would assign now; null when all are in use or resting. */
  peek(nowMs: number, resumeWindowMs: number): MemberIndex | null {
    if (this.#next <= MAX_MEMBER_INDEX) return parseMemberIndex(this.#next);
    const restedBefore = nowMs - Math.max(resumeWindowMs, MIN_REST_MS);
    const still = this.#resting.findIndex((freed) => freed.freedAtMs > restedBefore);
    const due = this.#resting.splice(0, still === -1 ? this.#resting.length : still);
    for (const freed of due) this.#rested.add(freed.index);
    let lowest: MemberIndex | null = null;
    for (const index of this.#rested) if (lowest === null || index < lowest) lowest = index;
    return lowest;
  }

  /** Assigns the index that `peek` returned. */
  take(index: MemberIndex): void {
    if (index === this.#next) this.#next += 1;
    else this.#rested.delete(index);
  }

  /** Continues a lost pool: treats every unused index below `next` as resting. */
  resume(next: number, inUse: { readonly has: (index: MemberIndex) => boolean }, nowMs: number): void {
    this.#next = next;
    if (next <= MAX_MEMBER_INDEX) return;
    for (let at = 0; at <= MAX_MEMBER_INDEX; at += 1) {
      const index = parseMemberIndex(at);
      if (index !== null && !inUse.has(index)) this.free(index, nowMs);
    }
  }

  free(index: MemberIndex, nowMs: number): void {
    this.#resting.push({ index, freedAtMs: nowMs });
  }
}
