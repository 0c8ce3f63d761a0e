/**
 * Frames that wait for the link, in order, bounded in number and bytes. Per slot, only the newest latest frame waits.
 */
import type { DeliveryClassName } from '../protocol/wire.js';

export interface Outgoing {
  /** The whole relay frame. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly payloadBytes: number;
  readonly class: DeliveryClassName;
  /** Class latest only: the key and the targets. A newer frame with the same slot replaces this one. */
  readonly slot: string | null;
  /** The ref whose ack a caller waits for; null: no caller waits. */
  readonly ref: number | null;
}

export interface QueueBounds {
  readonly maxFrames: number;
  readonly maxBytes: number;
}

export class OutgoingQueue {
  private readonly frames = new Set<Outgoing>();
  private readonly latest = new Map<string, Outgoing>();
  private waitingBytes = 0;

  constructor(private readonly bounds: QueueBounds) {}

  get size(): number {
    return this.frames.size;
  }

  get bytes(): number {
    return this.waitingBytes;
  }

  /** `full`: nothing was changed. `replaced` is the frame that this one conflated. */
  push(
    frame: Outgoing,
  ): { readonly outcome: 'queued'; readonly replaced: Outgoing | null } | { readonly outcome: 'full' } {
    const replaced = frame.slot === null ? null : (this.latest.get(frame.slot) ?? null);
    const frames = this.frames.size + (replaced === null ? 1 : 0);
    const bytes = this.waitingBytes + frame.bytes.length - (replaced?.bytes.length ?? 0);
    if (frames > this.bounds.maxFrames || bytes > this.bounds.maxBytes) return { outcome: 'full' };
    if (replaced !== null) this.remove(replaced);
    this.frames.add(frame);
    if (frame.slot !== null) this.latest.set(frame.slot, frame);
    this.waitingBytes = bytes;
    return { outcome: 'queued', replaced };
  }

  /** Takes the oldest; null when none waits. */
  shift(): Outgoing | null {
    const [first] = this.frames;
    if (first === undefined) return null;
    this.remove(first);
    return first;
  }

  private remove(frame: Outgoing): void {
    this.frames.delete(frame);
    if (frame.slot !== null) this.latest.delete(frame.slot);
    this.waitingBytes -= frame.bytes.length;
  }
}
