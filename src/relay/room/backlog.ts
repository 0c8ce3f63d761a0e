/**
 * The frames that wait for one slow receiver. By the rules of the delivery classes it keeps no volatile entry, the
 * newest latest entry per sender and key, and every reliable entry and control frame. Its owner bounds it by reading
 * `bytes`.
 *
 * Entries are kept in their encoded form, reliable ones side by side in a few large buffers. So the counted bytes are
 * the real cost, however small the entries are, and the garbage collector has little to do.
 */
import { entryLength, writeEntry } from '../../protocol/batch-frame.js';
import { CLASS, OP_BATCH } from '../../protocol/wire.js';
import type { OfferedEntry } from '../../ports/audience.js';
import type { SlabPool } from './slab-pool.js';

interface Slab {
  readonly bytes: Uint8Array;
  /** Where the next entry begins. */
  to: number;
  /** How many runs lie in this slab. */
  runs: number;
}

/** Encoded entries, one after the other. */
interface Run {
  readonly kind: 'run';
  readonly slab: Slab;
  readonly from: number;
  to: number;
}

/** The one encoded entry of class latest of its sender and key. */
interface Newest {
  readonly kind: 'newest';
  readonly entry: Uint8Array;
}

/** A control frame as text, or an encoded batch. */
interface Frame {
  readonly kind: 'frame';
  readonly frame: string | Uint8Array;
}

type Waiting = Run | Newest | Frame;

const FIRST_SLAB_BYTES = 2 * 1024;
const KEYS_PER_SENDER = 65_536;

export class Backlog {
  /**
   * In order of delivery. The key of a run or frame is a positive number; that of a latest entry is negative and made
   * of its sender and key.
   */
  private readonly waiting = new Map<number, Waiting>();
  private held = 0;
  private next = 0;
  /** The slab that is being filled. */
  private slab: Slab | null = null;
  /** The last run, while it may grow. */
  private open: Run | null = null;
  private frame: Uint8Array | null = null;

  constructor(private readonly slabs: SlabPool) {}

  get isEmpty(): boolean {
    return this.waiting.size === 0;
  }

  /** The encoded size of everything that waits. */
  get bytes(): number {
    return this.held;
  }

  /** Drops a volatile entry. A latest entry replaces its predecessor. */
  offer(entry: OfferedEntry): 'kept' | 'replaced' | 'dropped' {
    switch (entry.deliveryClass) {
      case CLASS.volatile:
        return 'dropped';
      case CLASS.latest:
        return this.keepNewest(entry) ? 'replaced' : 'kept';
      case CLASS.reliable:
        this.keep(entry);
        return 'kept';
    }
  }

  /** Keeps a whole frame in its place between the entries. */
  push(frame: string | Uint8Array): void {
    this.put(this.number(), { kind: 'frame', frame });
  }

  /**
   * Takes the next frame to send. Consecutive entries share a frame, up to a slab's size; a larger entry goes alone.
   * The frame is a view that the next `take` overwrites: use it at once.
   */
  take(): string | Uint8Array | null {
    const batch: Uint8Array[] = [];
    let length = 1;
    for (const [name, item] of this.waiting) {
      if (item.kind === 'frame') {
        if (batch.length > 0) break;
        this.remove(name, item);
        return item.frame;
      }
      const bytes = bytesOf(item);
      if (batch.length > 0 && length + bytes > this.slabs.slabBytes) break;
      // A removed run's bytes may be overwritten, but nothing overwrites them before they are copied below.
      this.remove(name, item);
      batch.push(item.kind === 'run' ? item.slab.bytes.subarray(item.from, item.to) : item.entry);
      length += bytes;
    }
    return batch.length === 0 ? null : this.joined(batch, length);
  }

  /** Drops everything that waits. */
  clear(): void {
    for (const [name, item] of this.waiting) this.remove(name, item);
    if (this.slab !== null) this.slabs.giveBack(this.slab.bytes);
    this.slab = null;
  }

  /** The new value goes to the end, because it was accepted last. Returns whether it replaced an older one. */
  private keepNewest({ sender, deliveryClass, targeted, keyOrSeq, payload }: OfferedEntry): boolean {
    const name = -1 - (sender * KEYS_PER_SENDER + keyOrSeq);
    const older = this.waiting.get(name);
    if (older !== undefined) this.remove(name, older);
    const length = entryLength(deliveryClass, payload.length);
    const isReusable = older?.kind === 'newest' && older.entry.length === length;
    const entry = isReusable ? older.entry : new Uint8Array(length);
    writeEntry(entry, 0, sender, deliveryClass, targeted, keyOrSeq, payload);
    this.put(name, { kind: 'newest', entry });
    return older !== undefined;
  }

  private keep({ sender, deliveryClass, targeted, keyOrSeq, payload }: OfferedEntry): void {
    const length = entryLength(deliveryClass, payload.length);
    const run = this.runFor(length);
    run.to = writeEntry(run.slab.bytes, run.to, sender, deliveryClass, targeted, keyOrSeq, payload);
    run.slab.to = run.to;
    this.held += length;
  }

  private runFor(length: number): Run {
    const slab = this.slabFor(length);
    const { open } = this;
    if (open?.slab === slab && 1 + open.to - open.from + length <= this.slabs.slabBytes) return open;
    const run: Run = { kind: 'run', slab, from: slab.to, to: slab.to };
    slab.runs += 1;
    this.put(this.number(), run);
    this.open = run;
    return run;
  }

  /**
   * Each slab is twice as large as the one before, up to the pool's size: many receivers that are a little behind
   * cost little.
   */
  private slabFor(length: number): Slab {
    const { slab } = this;
    if (slab !== null && slab.to + length <= slab.bytes.length) return slab;
    const size = slab === null ? FIRST_SLAB_BYTES : 2 * slab.bytes.length;
    const larger = { bytes: this.newSlab(length, size), to: 0, runs: 0 };
    if (slab?.runs === 0) this.slabs.giveBack(slab.bytes);
    this.slab = larger;
    return larger;
  }

  private newSlab(need: number, wanted: number): Uint8Array {
    const { slabBytes } = this.slabs;
    if (need > slabBytes) return new Uint8Array(need);
    return wanted >= slabBytes ? this.slabs.take() : new Uint8Array(Math.max(need, wanted));
  }

  private number(): number {
    this.next += 1;
    return this.next;
  }

  private put(name: number, item: Waiting): void {
    this.waiting.set(name, item);
    this.held += bytesOf(item);
    this.open = null;
  }

  private remove(name: number, item: Waiting): void {
    this.waiting.delete(name);
    this.held -= bytesOf(item);
    if (item === this.open) this.open = null;
    if (item.kind === 'run') this.onTaken(item.slab);
  }

  private onTaken(slab: Slab): void {
    slab.runs -= 1;
    if (slab.runs > 0) return;
    if (slab === this.slab) slab.to = 0;
    else this.slabs.giveBack(slab.bytes);
  }

  private joined(parts: readonly Uint8Array[], length: number): Uint8Array {
    if (this.frame === null || this.frame.length < length) {
      this.frame = new Uint8Array(Math.max(length, this.slabs.slabBytes));
      this.frame[0] = OP_BATCH;
    }
    let at = 1;
    for (const part of parts) {
      this.frame.set(part, at);
      at += part.length;
    }
    return this.frame.subarray(0, length);
  }
}

function bytesOf(item: Waiting): number {
  switch (item.kind) {
    case 'run':
      return item.to - item.from;
    case 'newest':
      return item.entry.length;
    case 'frame':
      return Buffer.byteLength(item.frame);
  }
}
