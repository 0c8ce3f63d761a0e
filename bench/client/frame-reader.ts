/**
 * Reads WebSocket frames in place. All sockets read into one buffer, one after the other. When a frame is not complete,
 * its socket keeps the bytes, and puts them before the next ones.
 */
const FINAL = 0x80;
const OPCODE_MASK = 0x0f;
/** Longer than the longest frame of any server here. */
const KEPT_BYTES = 256 * 1024;
const READ_BYTES = 256 * 1024;

/** The buffer of every socket, and views on it. */
export class ReadBuffer {
  readonly bytes = Buffer.alloc(KEPT_BYTES + READ_BYTES);
  readonly view = new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.byteLength);
  /** Sockets read into this part. */
  readonly target = this.bytes.subarray(KEPT_BYTES);

  textOf(from: number, to: number): string {
    return this.bytes.toString('utf8', from, to);
  }
}

export interface FrameSink {
  /** During the call the buffer holds the frame's message from `from` to `to`. */
  onFrame(opcode: number, from: number, to: number): void;
  onProblem(what: string): void;
}

export class FrameReader {
  private kept: Buffer | null = null;

  constructor(
    private readonly buffer: ReadBuffer,
    private readonly sink: FrameSink,
  ) {}

  /** The socket read so many bytes. The first `skip` of them are no frames. */
  onRead(count: number, skip = 0): void {
    const { view } = this.buffer;
    const end = KEPT_BYTES + count;
    let at = this.putBack(KEPT_BYTES + skip);
    while (end - at >= 2) {
      const head = view.getUint8(at);
      let length = view.getUint8(at + 1);
      let from = at + 2;
      if (length === 126) {
        if (end - at < 4) break;
        length = view.getUint16(at + 2);
        from = at + 4;
      } else if (length === 127) {
        if (end - at < 10) break;
        length = Number(view.getBigUint64(at + 2));
        from = at + 10;
      }
      if (from + length > end) break;
      if ((head & ~OPCODE_MASK) === FINAL) this.sink.onFrame(head & OPCODE_MASK, from, from + length);
      else this.sink.onProblem('a frame in parts, or of an extension');
      at = from + length;
    }
    if (at < end) this.keep(at, end);
  }

  private putBack(at: number): number {
    if (this.kept === null) return at;
    const from = at - this.kept.length;
    this.buffer.bytes.set(this.kept, from);
    this.kept = null;
    return from;
  }

  private keep(from: number, to: number): void {
    if (to - from > KEPT_BYTES) {
      this.sink.onProblem('a frame that is too long');
      return;
    }
    this.kept = Buffer.from(this.buffer.bytes.subarray(from, to));
  }
}
