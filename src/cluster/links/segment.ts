/**
 * The messages of a link on the bus. A segment holds what one end sent in one turn; `heard` says what has arrived.
 *
 * ```
 * u8 3: segment   f64 run   u32 number   f64 run heard   u32 number heard   then messages
 * u8 4: heard     f64 run   u32 number   u8 again (1: send what follows once more)
 * message: u32 length of the payload   u8 op   u32 a   u32 b   payload
 * ```
 */
const MARK = { segment: 3, heard: 4 } as const;
const SEGMENT_HEAD_BYTES = 25;
const HEARD_BYTES = 14;
const MESSAGE_HEAD_BYTES = 13;
const FIRST_BYTES = 1024;
/** A buffer that grew beyond this is not kept for the next segment. */
const MAX_KEPT_BYTES = 256 * 1024;

/** A place in a stream of segments. Number 0: before the first one. */
export interface Position {
  /** Names the stream among those that this end had; a later one is greater. */
  readonly run: number;
  readonly number: number;
}

export type LinkPacket =
  | { readonly kind: 'segment'; readonly at: Position; readonly heard: Position; readonly body: Uint8Array }
  | { readonly kind: 'heard'; readonly heard: Position; readonly again: boolean };

/** The users of the link give `op`, `a` and `b` a meaning. The payload is valid only during the call. */
export type LinkReader = (op: number, a: number, b: number, payload: Uint8Array) => void;

const encoder = new TextEncoder();

export function encodeHeard({ run, number }: Position, again: boolean): Uint8Array {
  const bytes = new Uint8Array(HEARD_BYTES);
  const view = viewOf(bytes);
  view.setUint8(0, MARK.heard);
  view.setFloat64(1, run, true);
  view.setUint32(9, number, true);
  view.setUint8(13, again ? 1 : 0);
  return bytes;
}

/** `other`: a message of another kind. null: a malformed one. */
export function decodePacket(bytes: Uint8Array): LinkPacket | 'other' | null {
  const mark = bytes[0];
  if (mark !== MARK.segment && mark !== MARK.heard) return 'other';
  const view = viewOf(bytes);
  if (mark === MARK.heard) {
    if (bytes.length !== HEARD_BYTES) return null;
    const heard = positionAt(view, 1);
    return Number.isSafeInteger(heard.run) ? { kind: 'heard', heard, again: view.getUint8(13) === 1 } : null;
  }
  if (bytes.length < SEGMENT_HEAD_BYTES) return null;
  const at = positionAt(view, 1);
  const heard = positionAt(view, 13);
  const body = bytes.subarray(SEGMENT_HEAD_BYTES);
  if (!Number.isSafeInteger(at.run) || !Number.isSafeInteger(heard.run) || at.number === 0) return null;
  return isWhole(body) ? { kind: 'segment', at, heard, body } : null;
}

/** Reads the messages of a segment's body, which `decodePacket` has found whole. */
export function readMessages(body: Uint8Array, read: LinkReader): void {
  const view = viewOf(body);
  for (let at = 0; at < body.length;) {
    const from = at + MESSAGE_HEAD_BYTES;
    const end = from + view.getUint32(at, true);
    read(view.getUint8(at + 4), view.getUint32(at + 5, true), view.getUint32(at + 9, true), body.subarray(from, end));
    at = end;
  }
}

/** Gathers the messages of one segment. */
export class SegmentWriter {
  private buffer = new Uint8Array(0);
  private view = viewOf(this.buffer);
  private end = SEGMENT_HEAD_BYTES;

  get isEmpty(): boolean {
    return this.end === SEGMENT_HEAD_BYTES;
  }

  get length(): number {
    return this.end;
  }

  /** Text is written as UTF-8. Returns the number of bytes of the payload. */
  add(op: number, a: number, b: number, payload: string | Uint8Array): number {
    const from = this.end + MESSAGE_HEAD_BYTES;
    this.reserve(from + (typeof payload === 'string' ? 3 * payload.length : payload.length));
    const { view, buffer } = this;
    let length = payload.length;
    if (typeof payload === 'string') length = encoder.encodeInto(payload, buffer.subarray(from)).written;
    else buffer.set(payload, from);
    view.setUint32(this.end, length, true);
    view.setUint8(this.end + 4, op);
    view.setUint32(this.end + 5, a, true);
    view.setUint32(this.end + 9, b, true);
    this.end = from + length;
    return length;
  }

  /** The segment as bytes of its own. The writer is empty afterwards. */
  take(at: Position, heard: Position): Uint8Array {
    this.reserve(SEGMENT_HEAD_BYTES);
    const { view } = this;
    view.setUint8(0, MARK.segment);
    writePosition(view, 1, at);
    writePosition(view, 13, heard);
    const segment = this.buffer.slice(0, this.end);
    this.clear();
    return segment;
  }

  clear(): void {
    this.end = SEGMENT_HEAD_BYTES;
    if (this.buffer.length > MAX_KEPT_BYTES) this.grow(0);
  }

  private reserve(length: number): void {
    if (this.buffer.length < length) this.grow(Math.max(length, 2 * this.buffer.length, FIRST_BYTES));
  }

  private grow(size: number): void {
    const larger = new Uint8Array(size);
    if (!this.isEmpty) larger.set(this.buffer.subarray(0, this.end));
    this.buffer = larger;
    this.view = viewOf(larger);
  }
}

function isWhole(body: Uint8Array): boolean {
  const view = viewOf(body);
  let at = 0;
  while (at + MESSAGE_HEAD_BYTES <= body.length) at += MESSAGE_HEAD_BYTES + view.getUint32(at, true);
  return at === body.length;
}

function positionAt(view: DataView, at: number): Position {
  return { run: view.getFloat64(at, true), number: view.getUint32(at + 8, true) };
}

function writePosition(view: DataView, at: number, { run, number }: Position): void {
  view.setFloat64(at, run, true);
  view.setUint32(at + 8, number, true);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
