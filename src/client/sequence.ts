/**
 * The numbers of reliable entries: rebuilt from their low 32 bits, counted within an epoch, each passed on once. A
 * hole between two numbers is no loss, because own entries and entries for others have numbers too. The gateway
 * reports losses; after a join as a new member the client works them out.
 */

const EPOCH_CHANGED = 'epoch_changed';

/** Reliable messages that will not come. Some of these numbers may have belonged to messages for others. */
export interface Gap {
  readonly epoch: string;
  readonly from: number;
  /** null: unknown, because the numbering ended with its epoch. */
  readonly to: number | null;
  /** `replay_window`, `epoch_changed`, `rejoined`, or another reason of the gateway. */
  readonly reason: string;
}

export class SequenceTracker {
  private epoch: string | null = null;
  private last = 0;

  /** The newest number that was seen, in the epoch of the latest welcome. */
  get lastSeen(): number {
    return this.last;
  }

  /** Takes the position of a new connection. Returns the entries that are lost for good, certainly or possibly. */
  begin(welcome: { readonly epoch: string; readonly seq: number }, resumed: boolean): Gap | null {
    const before = this.epoch;
    const from = this.last + 1;
    this.epoch = welcome.epoch;
    if (before !== null && before !== welcome.epoch) {
      // After a resume, the server replays everything that the new epoch has kept, from its beginning.
      this.last = resumed ? 0 : welcome.seq;
      return { epoch: before, from, to: null, reason: EPOCH_CHANGED };
    }
    if (before !== null && resumed) return null;
    this.last = Math.max(this.last, welcome.seq);
    if (before === null || welcome.seq < from) return null;
    return { epoch: before, from, to: welcome.seq, reason: 'rejoined' };
  }

  /** The full number of an entry; null when it was seen before. */
  accept(low32: number): number | null {
    // The nearest number with these low bits: the difference is a signed 32-bit integer.
    const ahead = (low32 - this.last) | 0;
    if (ahead <= 0) return null;
    this.last += ahead;
    return this.last;
  }

  /** The gateway said that these entries will not come; null when the client knew from the welcome. */
  skip(from: number, to: number, reason: string): Gap | null {
    // This gap is about the numbering that has ended.
    if (reason === EPOCH_CHANGED) return null;
    this.last = Math.max(this.last, to);
    return { epoch: this.epoch ?? '', from, to, reason };
  }
}
