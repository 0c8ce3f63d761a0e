import { MAX_MEMBER_INDEX, parseMemberIndex, type MemberIndex } from '../../protocol/ids.js';

/** An index rests this long at least, so that nothing replayed is taken for its next owner's. */
const MIN_REST_MS = 5 * 60_000;

interface Freed {
  readonly index: MemberIndex;
  readonly freedAtMs: number;
}

/** Gives out member indexes: new ones while there are any, then the lowest that has rested. */
export class IndexPool {
  #next = 0;
  /** In the order they were freed. */
  #resting: Freed[] = [];
  readonly #rested = new Set<MemberIndex>();

  /** The index that `take` would be given now; null when every one is in use or rests. */
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

  /** Takes what `peek` returned. */
  take(index: MemberIndex): void {
    if (index === this.#next) this.#next += 1;
    else this.#rested.delete(index);
  }

  /** Goes on where another pool was lost: below `next` every index that nobody has rests, once all were given. */
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
