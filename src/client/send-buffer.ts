/**
 * Sends relay frames and the presence state. A relay frame goes out at once while the link takes it. Otherwise its
 * class decides: volatile is dropped, latest is conflated, reliable is kept in order. Only the newest presence state
 * is sent.
 */
import type { ClientFrame } from '../protocol/control-frames.js';
import type { Json } from '../lib/json.js';
import { Acks } from './acks.js';
import { encodeOutgoing, type Payload, type SendOptions } from './outgoing-frame.js';
import { OutgoingQueue, type Outgoing, type QueueBounds } from './outgoing-queue.js';
import { RelayError, type RelayErrorCode } from './relay-error.js';
import type { ClientTiming } from './timing.js';

/** `dropped`: volatile, or latest with the queue full; counted in `dropped`. */
export type SendOutcome = 'sent' | 'queued' | 'dropped';

export interface Wire {
  readonly bufferedBytes: number;
  send(data: string | Uint8Array<ArrayBuffer>): void;
  sendControl(frame: ClientFrame): void;
}

export interface SendBufferDeps {
  readonly timing: ClientTiming;
  /** The wire to write frames to; null while there is none. */
  readonly wire: () => Wire | null;
  readonly bounds: QueueBounds & { readonly highWaterBytes: number };
  readonly hostTerm: () => number;
  /** null: not known yet. 0: no limit. */
  readonly maxMessageBytes: () => number | null;
  readonly onUndelivered: (code: RelayErrorCode, count: number) => void;
}

/** A WebSocket does not report a drained buffer: look again after this long. */
const PUMP_MS = 20;

export class SendBuffer {
  readonly acks: Acks;
  readonly dropped = { volatile: 0, latest: 0 };
  private readonly queue: OutgoingQueue;
  private state: { readonly value: Json; isSent: boolean } | null = null;
  private cancelPump: (() => void) | null = null;
  private isClosed = false;

  constructor(private readonly deps: SendBufferDeps) {
    this.acks = new Acks(deps.bounds.maxFrames);
    this.queue = new OutgoingQueue(deps.bounds);
  }

  get queued(): { readonly frames: number; readonly bytes: number } {
    return { frames: this.queue.size, bytes: this.queue.bytes };
  }

  send(payload: Payload, options: SendOptions): SendOutcome {
    const outcome = this.offer(this.encode(payload, options, null));
    if (typeof outcome === 'string') return outcome;
    throw outcome;
  }

  /** Resolves with the entry's number. Rejects, never throws. */
  async sendAcked(payload: Payload, options: SendOptions): Promise<number> {
    const ack = this.acks.open();
    if (ack === null) throw new RelayError('queue_full', 'Too many frames await an ack.');
    try {
      const outcome = this.offer(this.encode(payload, options, ack.ref));
      if (outcome === 'dropped') this.fail(ack.ref, 'dropped');
      if (typeof outcome !== 'string') throw outcome;
    } catch (error) {
      this.acks.forget(ack.ref);
      throw error;
    }
    return ack.promise;
  }

  setState(value: Json): void {
    this.state = { value, isSent: false };
    this.drain();
  }

  /** A new connection has begun. The presence state that the gateway already has counts as sent. */
  begin(known: Json): void {
    if (this.state !== null) this.state.isSent = JSON.stringify(this.state.value) === JSON.stringify(known);
    this.drain();
  }

  /** Writes waiting frames as far as the link takes them; `all` ignores that limit. */
  drain(all = false): void {
    for (let wire = this.wire(all); wire !== null; wire = this.wire(all)) {
      if (this.state?.isSent === false) {
        this.state.isSent = true;
        wire.sendControl({ type: 'state', state: this.state.value });
      }
      const frame = this.queue.shift();
      if (frame === null) return;
      if (this.isTooBig(frame)) this.giveUp([frame], 'message_too_big');
      else this.write(wire, frame);
    }
    const isWaiting = this.queue.size > 0 || this.state?.isSent === false;
    if (isWaiting && this.deps.wire() !== null) this.pumpLater();
  }

  linkLost(): void {
    this.stopPump();
    this.acks.linkLost();
  }

  /** Rejects everything that waits. From now on nothing is accepted. */
  close(): void {
    this.isClosed = true;
    this.stopPump();
    const frames: Outgoing[] = [];
    for (let frame = this.queue.shift(); frame !== null; frame = this.queue.shift()) frames.push(frame);
    this.giveUp(frames, 'closed');
  }

  private encode(payload: Payload, options: SendOptions, ref: number | null): Outgoing {
    const frame = encodeOutgoing(payload, options, ref, this.deps.hostTerm());
    if (this.isTooBig(frame)) throw new RelayError('message_too_big', 'The payload exceeds max_message_bytes.');
    return frame;
  }

  private offer(frame: Outgoing): SendOutcome | RelayError {
    const wire = this.queue.size === 0 && !this.isClosed ? this.wire() : null;
    if (wire !== null) {
      this.write(wire, frame);
      return 'sent';
    }
    if (frame.class === 'volatile') return this.drop('volatile');
    const pushed = this.isClosed ? null : this.queue.push(frame);
    if (pushed?.outcome === 'queued') {
      if (pushed.replaced?.ref != null) this.fail(pushed.replaced.ref, 'conflated');
      if (this.deps.wire() !== null) this.pumpLater();
      return 'queued';
    }
    if (frame.class === 'latest') return this.drop('latest');
    return pushed === null
      ? new RelayError('closed', 'The client is closed.')
      : new RelayError('queue_full', 'The queue is full.');
  }

  private drop(name: 'volatile' | 'latest'): SendOutcome {
    this.dropped[name] += 1;
    return 'dropped';
  }

  private write(wire: Wire, frame: Outgoing): void {
    if (frame.ref !== null) this.acks.onWire(frame.ref);
    wire.send(frame.bytes);
  }

  private giveUp(frames: readonly Outgoing[], code: RelayErrorCode): void {
    const silent = frames.filter(({ ref }) => ref === null || !this.fail(ref, code));
    const count = silent.filter((frame) => frame.class === 'reliable').length;
    if (count > 0) this.deps.onUndelivered(code, count);
  }

  private fail(ref: number, code: RelayErrorCode): boolean {
    return this.acks.refused(ref, code, 'The frame was not sent.');
  }

  private isTooBig({ payloadBytes }: Outgoing): boolean {
    const limit = this.deps.maxMessageBytes() ?? 0;
    return limit > 0 && payloadBytes > limit;
  }

  private wire(all = false): Wire | null {
    const wire = this.deps.wire();
    return wire !== null && (all || wire.bufferedBytes < this.deps.bounds.highWaterBytes) ? wire : null;
  }

  private pumpLater(): void {
    this.cancelPump ??= this.deps.timing.setTimer(PUMP_MS, () => {
      this.cancelPump = null;
      this.drain();
    });
  }

  private stopPump(): void {
    this.cancelPump?.();
    this.cancelPump = null;
  }
}
