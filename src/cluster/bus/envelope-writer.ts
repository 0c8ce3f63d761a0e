import type { NodeId } from '../../protocol/ids.js';
import { messagesHead, writeMessage, writePlace, type Place } from './envelope.js';

const FIRST_BYTES = 1024;
/** A buffer that grew beyond this is not kept for the next envelope. */
const MAX_KEPT_BYTES = 256 * 1024;

/** Gathers the messages of one turn to one target in a buffer that is used again. */
export class EnvelopeWriter {
  private readonly head: Uint8Array;
  private buffer: Uint8Array;
  private end: number;

  constructor(from: NodeId) {
    this.head = messagesHead(from);
    this.buffer = new Uint8Array(0);
    this.end = this.head.length;
  }

  get isEmpty(): boolean {
    return this.end === this.head.length;
  }

  /** The length of the envelope so far, in bytes. */
  get length(): number {
    return this.end;
  }

  add(message: Uint8Array): void {
    this.reserve(this.end + 4 + message.length);
    this.end = writeMessage(this.buffer, this.end, message);
  }

  /** The envelope, which is valid until the next `add`. The writer is empty afterwards. */
  take(place: Place): Uint8Array {
    const envelope = this.buffer.subarray(0, this.end);
    writePlace(envelope, this.head.length, place);
    this.end = this.head.length;
    if (this.buffer.length > MAX_KEPT_BYTES) this.buffer = new Uint8Array(0);
    return envelope;
  }

  private reserve(length: number): void {
    if (this.buffer.length >= length) return;
    const larger = new Uint8Array(Math.max(length, 2 * this.buffer.length, FIRST_BYTES));
    larger.set(this.isEmpty ? this.head : this.buffer.subarray(0, this.end));
    this.buffer = larger;
  }
}
