/**
 * Buffers of frames that the kernel has taken, to be filled again: a thousand players who send 1 KB each time would
 * else make their process collect garbage for a hundredth of the time, and that is what a p99 shows.
 */

/** One frame's worth of bytes, zeroes at first, and a view on them. */
export interface PooledFrame {
  readonly bytes: Buffer;
  readonly view: DataView;
}

export class FramePool {
  private readonly free = new Map<number, PooledFrame[]>();

  /** It holds what was written to it when it was used before, for a frame of the same length. */
  take(length: number): PooledFrame {
    const taken = this.free.get(length)?.pop();
    if (taken !== undefined) return taken;
    const bytes = Buffer.alloc(length);
    return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, length) };
  }

  giveBack(frame: PooledFrame): void {
    const { length } = frame.bytes;
    const alike = this.free.get(length);
    if (alike === undefined) this.free.set(length, [frame]);
    else alike.push(frame);
  }
}
