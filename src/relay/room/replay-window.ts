/**
 * The reliable entries of one session that a returning member may still need. They are bounded in count, bytes and
 * age. An entry that falls out is lost, and a member that needed it is told of the gap.
 *
 * Entries lie one after the other in a few large buffers. With an object and a buffer for each entry, ten rooms with
 * 400 entries a second made the process pause for 20 to 50 ms every 2.5 s: the garbage collector moves and marks
 * objects that live that long.
 */
import { LostEntries, type LostView } from './lost-entries.js';

export interface ReplayBounds {
  readonly maxEntries: number;
  readonly maxBytes: number;
}

export interface KeptEntry {
  readonly seq: number;
  /** When the entry was kept, in monotonic milliseconds. */
  readonly atMs: number;
  readonly sender: number;
  /** null: everybody. */
  readonly targets: Uint16Array | null;
  /** A view on bytes that the next `append` may overwrite. */
  readonly payload: Uint8Array;
}

/**
 * The layout of an entry, little-endian: its time, the length of its payload, its sender, its number of targets; then
 * the targets and the payload.
 */
const LENGTH_AT = 8;
const SENDER_AT = 12;
/** The number of targets plus one; 0: everybody. */
const TARGETS_AT = 14;
const HEAD_BYTES = 16;
const FIRST_SLAB_BYTES = 1024;
const SLAB_BYTES = 64 * 1024;

class Slab {
  readonly view: DataView;
  /** Where the oldest kept entry begins, where the newest ends, and how many there are. */
  from = 0;
  to = 0;
  count = 0;

  constructor(readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get freeBytes(): number {
    return this.bytes.length - this.to;
  }

  clear(): void {
    this.from = 0;
    this.to = 0;
  }
}

export class ReplayWindow {
  /** The first slab has the oldest entries. Only the last may be empty. */
  private readonly slabs: Slab[] = [];
  /** The slab that was emptied last, kept for reuse. */
  private spare: Slab | null = null;
  private count = 0;
  private bytes = 0;
  private lastSeq = 0;
  private readonly lost = new LostEntries();

  constructor(private readonly bounds: ReplayBounds) {}

  /** The number of the newest entry; 0 before the first. */
  get seq(): number {
    return this.lastSeq;
  }

  /** The number of the oldest entry that is kept; `seq` + 1 when there is none. */
  get oldestSeq(): number {
    return this.lastSeq - this.count + 1;
  }

  /** For whom the entries were that fell out; null: none did. `maxTargets` bounds its length, at a loss of detail. */
  lostView(maxTargets?: number): LostView | null {
    return this.oldestSeq === 1 ? null : this.lost.view(maxTargets);
  }

  /**
   * Goes on with the numbers of another window, whose newest entry had this one. Call it before the first `append`.
   * `lost`: for whom the entries up to `seq` were; null: nobody knows, so they are lost to everybody.
   */
  startAfter(seq: number, lost: LostView | null): void {
    this.lastSeq = seq;
    if (lost === null) this.lost.noteUnknown(seq);
    else this.lost.take(lost);
  }

  /** Numbers the entry and keeps a copy of its payload. */
  append(sender: number, targets: Uint16Array | null, payload: Uint8Array, nowMs: number, maxAgeMs: number): number {
    this.lastSeq += 1;
    const slab = this.slabFor(HEAD_BYTES + targetBytes(targets) + payload.length);
    const { view, to } = slab;
    view.setFloat64(to, nowMs, true);
    view.setUint32(to + LENGTH_AT, payload.length, true);
    view.setUint16(to + SENDER_AT, sender, true);
    view.setUint16(to + TARGETS_AT, targets === null ? 0 : targets.length + 1, true);
    let at = to + HEAD_BYTES;
    if (targets !== null) {
      for (const target of targets) {
        view.setUint16(at, target, true);
        at += 2;
      }
    }
    slab.bytes.set(payload, at);
    slab.to = at + payload.length;
    slab.count += 1;
    this.count += 1;
    this.bytes += payload.length;
    this.trim(nowMs, maxAgeMs);
    return this.lastSeq;
  }

  /**
   * Returns the entries after `seq`. `missing` is the range after `seq` that has fallen out of the window; the
   * entries follow it without a hole.
   */
  after(seq: number): {
    readonly missing: { from: number; to: number } | null;
    readonly entries: readonly KeptEntry[];
  } {
    const oldest = this.oldestSeq;
    const missing = seq + 1 < oldest ? { from: seq + 1, to: oldest - 1 } : null;
    const entries: KeptEntry[] = [];
    let next = oldest;
    for (const slab of this.slabs) {
      if (next + slab.count > seq + 1) readInto(entries, slab, next, seq);
      next += slab.count;
    }
    return { missing, entries };
  }

  /**
   * The entries after `seq` that the member with this index has lost: the range ends with the newest entry that was
   * meant for the member and fell out. null: nothing, because those that fell out were its own or for others.
   */
  lostTo(index: number, seq: number): { readonly from: number; readonly to: number } | null {
    // An entry that another home has lost may still be in this window.
    const to = Math.min(this.lost.newestFor(index), this.oldestSeq - 1);
    return to > seq ? { from: seq + 1, to } : null;
  }

  private slabFor(need: number): Slab {
    const last = this.slabs.at(-1);
    if (last !== undefined && last.freeBytes >= need) return last;
    const size = Math.min(SLAB_BYTES, last === undefined ? FIRST_SLAB_BYTES : 2 * last.bytes.length);
    const { spare } = this;
    const slab = spare !== null && spare.freeBytes >= need ? spare : new Slab(new Uint8Array(Math.max(size, need)));
    this.spare = null;
    if (last?.count === 0) this.slabs.pop();
    this.slabs.push(slab);
    return slab;
  }

  private trim(nowMs: number, maxAgeMs: number): void {
    for (let slab = this.slabs[0]; slab !== undefined && this.count > 0; slab = this.slabs[0]) {
      const { view, from } = slab;
      const isKept =
        this.count <= this.bounds.maxEntries &&
        this.bytes <= this.bounds.maxBytes &&
        view.getFloat64(from, true) >= nowMs - maxAgeMs;
      if (isKept) return;
      noteLost(this.lost, this.oldestSeq, view, from);
      this.bytes -= view.getUint32(from + LENGTH_AT, true);
      slab.from = endOf(view, from);
      slab.count -= 1;
      this.count -= 1;
      if (slab.count === 0) this.onEmptied(slab);
    }
  }

  private onEmptied(slab: Slab): void {
    slab.clear();
    if (this.slabs.length === 1) return;
    this.slabs.shift();
    if (slab.bytes.length === SLAB_BYTES) this.spare = slab;
  }
}

/** Notes the entry at `at`, which falls out, without making an object. */
function noteLost(lost: LostEntries, seq: number, view: DataView, at: number): void {
  const sender = view.getUint16(at + SENDER_AT, true);
  if (view.getUint16(at + TARGETS_AT, true) === 0) {
    lost.note(seq, sender);
    return;
  }
  for (let target = at + HEAD_BYTES; target < targetsEnd(view, at); target += 2) {
    const index = view.getUint16(target, true);
    if (index !== sender) lost.noteTargeted(seq, index);
  }
}

function targetBytes(targets: Uint16Array | null): number {
  return targets === null ? 0 : 2 * targets.length;
}

/** Where the targets end. The stored number is one more than the number of targets. */
function targetsEnd(view: DataView, at: number): number {
  return at + HEAD_BYTES + 2 * Math.max(0, view.getUint16(at + TARGETS_AT, true) - 1);
}

function endOf(view: DataView, at: number): number {
  return targetsEnd(view, at) + view.getUint32(at + LENGTH_AT, true);
}

/** Adds the slab's entries with numbers above `after`; `first` is the number of its oldest. */
function readInto(entries: KeptEntry[], { bytes, view, from, to }: Slab, first: number, after: number): void {
  let seq = first;
  for (let at = from; at < to; at = endOf(view, at)) {
    if (seq > after) {
      const payload = bytes.subarray(targetsEnd(view, at), endOf(view, at));
      const sender = view.getUint16(at + SENDER_AT, true);
      entries.push({ seq, atMs: view.getFloat64(at, true), sender, targets: targetsOf(view, at), payload });
    }
    seq += 1;
  }
}

function targetsOf(view: DataView, at: number): Uint16Array | null {
  const count = view.getUint16(at + TARGETS_AT, true) - 1;
  if (count < 0) return null;
  return Uint16Array.from({ length: count }, (_, n) => view.getUint16(at + HEAD_BYTES + 2 * n, true));
}
