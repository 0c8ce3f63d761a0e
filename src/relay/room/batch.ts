/**
 * The entries of one session that wait for the next flush, encoded once, in the order of acceptance. It owns one
 * buffer that grows as needed, and knows nothing of sockets.
 */
import { entryLength, writeEntry } from '../../protocol/batch-frame.js';
import { OP_BATCH, type DeliveryClass } from '../../protocol/wire.js';

const NOBODY = -1;
const SEVERAL = -2;
const FIRST_BYTES = 512;
/** A larger buffer, left by a burst, is not kept. */
const KEEP_BYTES = 64 * 1024;
/** A batch of this size is sent at once, so that no frame holds a receiver up for long. */
export const FULL_BATCH_BYTES = 64 * 1024;

export class Batch {
  private buffer: Uint8Array | null = null;
  private length = 0;
  private sender = NOBODY;

  get isEmpty(): boolean {
    return this.length === 0;
  }

  get isFull(): boolean {
    return this.length >= FULL_BATCH_BYTES;
  }

  append(sender: number, deliveryClass: DeliveryClass, keyOrSeq: number, payload: Uint8Array): void {
    const start = this.length === 0 ? 1 : this.length;
    const buffer = this.reserve(start + entryLength(deliveryClass, payload.length));
    this.length = writeEntry(buffer, start, sender, deliveryClass, false, keyOrSeq, payload);
    this.sender = this.sender === NOBODY || this.sender === sender ? sender : SEVERAL;
  }

  /**
   * Returns the frame and the index of its only sender (null: several), and starts a new batch. The frame is a view
   * that the next `append` overwrites: use it at once.
   */
  take(): { readonly frame: Uint8Array; readonly onlySender: number | null } {
    const frame = (this.buffer ?? new Uint8Array(0)).subarray(0, this.length);
    const onlySender = this.sender === SEVERAL ? null : this.sender;
    if (this.buffer !== null && this.buffer.length > KEEP_BYTES) this.buffer = null;
    this.length = 0;
    this.sender = NOBODY;
    return { frame, onlySender };
  }

  private reserve(need: number): Uint8Array {
    const old = this.buffer;
    if (old !== null && old.length >= need) return old;
    let size = old?.length ?? FIRST_BYTES;
    while (size < need) size *= 2;
    const grown = new Uint8Array(size);
    grown[0] = OP_BATCH;
    if (old !== null) grown.set(old.subarray(0, this.length));
    this.buffer = grown;
    return grown;
  }
}
