/**
 * For whom the reliable entries were that fell out of a replay window: enough to tell a returning member whether one
 * of them was meant for it. A member is not sent its own entries, nor those for others, so it misses none of these.
 */
import { integer, listOf, object, type Shaped } from '../../lib/shape.js';
import { BACKEND_INDEX } from '../../protocol/ids.js';

/** No sender has this index. */
const NOBODY = -1;
/** Beyond so many different targets, every entry so far counts as lost to everybody. */
const MOST_TARGETS = 4096;

const count = integer(0, Number.MAX_SAFE_INTEGER);

/** How a home hands its knowledge to the next one. */
export const lostEntries = object({
  unknown: count,
  newest: count,
  newestSender: integer(NOBODY, BACKEND_INDEX),
  newestOfOthers: count,
  targets: listOf(object({ index: integer(0, BACKEND_INDEX), seq: count })),
});
export type LostView = Shaped<typeof lostEntries>;

export class LostEntries {
  /** Nobody knows for whom the entries up to this number were. */
  private unknown = 0;
  /** The newest entry for everybody, its sender, and the newest one of any other sender; 0: none. */
  private newest = 0;
  private newestSender = NOBODY;
  private newestOfOthers = 0;
  /** The newest targeted entry for each target. */
  private readonly targets = new Map<number, number>();

  /** Entries are noted in the order of their numbers. */
  note(seq: number, sender: number): void {
    if (sender !== this.newestSender) {
      this.newestOfOthers = this.newest;
      this.newestSender = sender;
    }
    this.newest = seq;
  }

  /** Notes a targeted entry, once for each target but its sender. */
  noteTargeted(seq: number, target: number): void {
    if (this.targets.size >= MOST_TARGETS && !this.targets.has(target)) this.noteUnknown(seq);
    else this.targets.set(target, seq);
  }

  /** All entries up to this number are lost, perhaps to everybody. */
  noteUnknown(seq: number): void {
    this.unknown = Math.max(this.unknown, seq);
    this.targets.clear();
  }

  /** The newest lost entry that was meant for the member, as far as is known; 0: none. */
  newestFor(index: number): number {
    const toAll = this.newestSender === index ? this.newestOfOthers : this.newest;
    return Math.max(this.unknown, toAll, this.targets.get(index) ?? 0);
  }

  /** With more targets than `maxTargets`, what was targeted counts as lost to everybody. */
  view(maxTargets = MOST_TARGETS): LostView {
    const { newest, newestSender, newestOfOthers } = this;
    const isTooLong = this.targets.size > maxTargets;
    const unknown = isTooLong ? Math.max(this.unknown, ...this.targets.values()) : this.unknown;
    const targets = isTooLong ? [] : [...this.targets].map(([index, seq]) => ({ index, seq }));
    return { unknown, newest, newestSender, newestOfOthers, targets };
  }

  /** Goes on with what another home knew. */
  take({ unknown, newest, newestSender, newestOfOthers, targets }: LostView): void {
    this.unknown = unknown;
    this.newest = newest;
    this.newestSender = newestSender;
    this.newestOfOthers = newestOfOthers;
    this.targets.clear();
    for (const { index, seq } of targets) this.targets.set(index, seq);
  }
}
