/**
 * A WebSocket client on a bare TCP connection that stops reading again and again, within frames and between them, for a
 * turn of the loop or for some milliseconds, and goes on. It takes little at a time, so that it is always the slow side.
 */
import { connect, type Socket } from 'node:net';
import { clientFrame, handshake, OPCODE } from './raw-peer.js';

export interface StallingReaderOptions {
  readonly credential?: string;
  /** Takes a binary message, which is only valid during the call; says whether it is what it should be. */
  readonly onFrame: (frame: Buffer) => boolean;
}

const READ_BYTES = 8 * 1024;
/** Longer frames are none of ours. */
const MAX_FRAME_BYTES = 128 * 1024;
/** A read stalls when a random number in 0..1 is at least this. */
const STALLS_AFTER = 0.9;
/** The share of stalls that last milliseconds; the others last for a turn. */
const LONG_STALLS = 0.004;
const LONGEST_STALL_MS = 20;
/** Reads without a stall after a long one: time enough to take all that the kernel has. */
const BURST_READS = 400;
const HEAD_END = '\r\n\r\n';

export class StallingReader {
  frames = 0;
  /** How often it stopped reading. */
  stalls = 0;
  /** Frames that are not what they should be, and streams that are no WebSocket frames any more. */
  corrupt = 0;
  isClosed = false;
  private isSteady = false;
  private isOpen = false;
  /** Received bytes that are not used up: the first `held` bytes of this buffer. */
  private readonly buffer = Buffer.alloc(MAX_FRAME_BYTES + 2 * READ_BYTES);
  private held = 0;
  private burst = 0;
  private readonly socket: Socket;

  private constructor(
    url: URL,
    private readonly options: StallingReaderOptions,
    private readonly onOpen: () => void,
  ) {
    const chunk = Buffer.alloc(READ_BYTES);
    const onread = { buffer: chunk, callback: (length: number): boolean => this.onRead(chunk.subarray(0, length)) };
    this.socket = connect({ host: url.hostname, port: Number(url.port), onread });
    this.socket.on('error', () => (this.isClosed = true));
    this.socket.on('close', () => (this.isClosed = true));
    const { credential } = options;
    this.socket.write(handshake(credential === undefined ? {} : { headers: [`Authorization: Bearer ${credential}`] }));
  }

  static open(url: string, options: StallingReaderOptions): Promise<StallingReader> {
    return new Promise((resolve, reject) => {
      const reader: StallingReader = new StallingReader(new URL(url), options, () => {
        resolve(reader);
      });
      reader.socket.once('close', () => {
        reject(new Error('closed before it was open'));
      });
    });
  }

  /** From now on it reads whatever comes. */
  readOn(): void {
    this.isSteady = true;
    this.socket.resume();
  }

  close(): void {
    this.socket.destroy();
  }

  /** Whether to read on. */
  private onRead(bytes: Buffer): boolean {
    bytes.copy(this.buffer, this.held);
    this.held += bytes.length;
    let start = this.isOpen ? 0 : this.takeHead();
    for (let next = start; next !== -1; next = this.takeFrame(start)) start = next;
    this.buffer.copyWithin(0, start, this.held);
    this.held -= start;
    if (this.burst > 0) this.burst -= 1;
    if (this.isSteady || this.burst > 0 || Math.random() >= STALLS_AFTER) return true;
    this.stall();
    return false;
  }

  private stall(): void {
    this.stalls += 1;
    const goOn = (): void => {
      if (!this.isClosed) this.socket.resume();
    };
    if (Math.random() < LONG_STALLS) {
      this.burst = BURST_READS;
      setTimeout(goOn, Math.random() * LONGEST_STALL_MS);
    } else setImmediate(goOn);
  }

  /** Where the frames begin. */
  private takeHead(): number {
    const end = this.buffer.subarray(0, this.held).indexOf(HEAD_END);
    if (end === -1) return 0;
    this.isOpen = true;
    this.onOpen();
    return end + HEAD_END.length;
  }

  /** Where the frame that starts there ends; -1 when it is not whole yet, or none at all. Servers do not mask. */
  private takeFrame(start: number): number {
    const { buffer, held } = this;
    if (!this.isOpen || held - start < 10) return -1;
    const [first = 0, second = 0] = buffer.subarray(start, start + 2);
    const extended = second < 126 ? 0 : second === 126 ? 2 : 8;
    const at = start + 2 + extended;
    const length =
      extended === 0
        ? second
        : extended === 2
          ? buffer.readUInt16BE(start + 2)
          : Number(buffer.readBigUInt64BE(start + 2));
    const opcode = first & 0x0f;
    if ((first & 0xf0) !== 0x80 || second > 127 || length > MAX_FRAME_BYTES || !OPCODES.has(opcode)) {
      this.corrupt += 1;
      this.socket.destroy();
      return -1;
    }
    if (held < at + length) return -1;
    const payload = buffer.subarray(at, at + length);
    if (opcode === OPCODE.ping) this.socket.write(clientFrame(OPCODE.pong, payload));
    if (opcode === OPCODE.binary) {
      this.frames += 1;
      if (!this.options.onFrame(payload)) this.corrupt += 1;
    }
    return at + length;
  }
}

const OPCODES: ReadonlySet<number> = new Set(Object.values(OPCODE));
