/** A WebSocket client that stops reading again and again, for a turn of the loop or for some milliseconds, and goes on. */
import { once } from 'node:events';
import { WebSocket } from 'ws';

export interface StallingReaderOptions {
  readonly credential?: string;
  /** Takes a binary message; says whether it is what it should be. */
  readonly onFrame: (frame: Buffer) => boolean;
}

/** Of the frames; the others are read on. */
const STALLS_AFTER = 0.5;
const LONG_STALLS = 0.1;
const LONGEST_STALL_MS = 20;

export class StallingReader {
  frames = 0;
  /** How often it stopped reading. */
  stalls = 0;
  /** Frames that are not what they should be, and streams that are no WebSocket frames any more. */
  corrupt = 0;
  isClosed = false;
  private isSteady = false;

  private constructor(
    private readonly socket: WebSocket,
    private readonly options: StallingReaderOptions,
  ) {
    socket.on('message', (message: Buffer, isBinary: boolean) => {
      if (isBinary) this.onFrame(message);
    });
    socket.on('error', (error: Error & { readonly code?: string }) => {
      if (error.code?.startsWith('WS_ERR_') === true) this.corrupt += 1;
    });
    socket.on('close', () => (this.isClosed = true));
  }

  static async open(url: string, options: StallingReaderOptions): Promise<StallingReader> {
    const { credential } = options;
    const headers = credential === undefined ? {} : { authorization: `Bearer ${credential}` };
    const socket = new WebSocket(url, { headers, perMessageDeflate: false });
    const reader = new StallingReader(socket, options);
    await once(socket, 'open');
    return reader;
  }

  /** From now on it reads whatever comes. */
  readOn(): void {
    this.isSteady = true;
    this.socket.resume();
  }

  close(): void {
    this.socket.terminate();
  }

  private onFrame(frame: Buffer): void {
    this.frames += 1;
    if (!this.options.onFrame(frame)) this.corrupt += 1;
    if (this.isSteady || this.socket.isPaused || Math.random() >= STALLS_AFTER) return;
    this.stalls += 1;
    this.socket.pause();
    const goOn = (): void => {
      if (!this.isClosed) this.socket.resume();
    };
    if (Math.random() < LONG_STALLS) setTimeout(goOn, Math.random() * LONGEST_STALL_MS);
    else setImmediate(goOn);
  }
}
