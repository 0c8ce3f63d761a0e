/** One WebSocket. It reports its end exactly once, and nothing afterwards. */
import { bytesOf, readBlob } from './bytes.js';
import type { OpenedSocket, SocketEvent, SocketLike } from './socket.js';
import type { ClientTiming } from './timing.js';

export interface LinkEvents {
  onText(text: string): void;
  onBytes(bytes: Uint8Array): void;
  /** A message that is neither text nor bytes; the link is of no use. */
  onUnreadable(data: unknown): void;
  /** `wasOpen` is false when the handshake failed. */
  onClose(code: number, reason: string, wasOpen: boolean): void;
}

const OPEN = 1;
export const LOST_LINK = 1006;

export class Link {
  private isOver = false;
  private wasOpen = false;
  private cancelPatience: () => void = () => undefined;
  private readonly socket: SocketLike;
  /** The Blobs that are being read, and what came after them; null: nothing waits. */
  private reading: Promise<void> | null = null;

  constructor(
    private readonly opened: OpenedSocket,
    private readonly events: LinkEvents,
    private readonly timing: ClientTiming,
  ) {
    const { socket } = opened;
    this.socket = socket;
    socket.binaryType = 'arraybuffer';
    socket.addEventListener('open', () => {
      this.wasOpen = true;
    });
    socket.addEventListener('message', (event) => this.onMessage(event));
    socket.addEventListener('close', ({ code = LOST_LINK, reason = '' }) => {
      const { reading } = this;
      const ended = (): void => this.over(code, reason);
      if (reading === null) ended();
      else reading.then(ended, ended);
    });
    // A close follows; without a listener `ws` would throw.
    socket.addEventListener('error', () => undefined);
  }

  get isWritable(): boolean {
    return !this.isOver && this.socket.readyState === OPEN;
  }

  get bufferedBytes(): number {
    // React Native has no such member.
    return this.socket.bufferedAmount ?? 0;
  }

  /** Loses frames that are sent while the link is not writable. */
  send(data: string | Uint8Array<ArrayBuffer>): void {
    if (this.isWritable) this.socket.send(data);
  }

  /** Starts the closing handshake: frames under way in either direction still arrive. Cuts it off after `withinMs`. */
  close(withinMs: number): void {
    if (this.isOver) return;
    this.giveUpAfter(withinMs);
    this.socket.close(1000);
  }

  /** Waits for the peer to close, but not for longer. */
  giveUpAfter(withinMs: number): void {
    this.cancelPatience();
    this.cancelPatience = this.timing.setTimer(withinMs, () => this.abandon(LOST_LINK, 'timeout'));
  }

  /** Ends a dead or useless link at once. */
  abandon(code: number, reason: string): void {
    if (this.isOver) return;
    this.over(code, reason);
    if (this.socket.terminate === undefined) this.socket.close();
    else this.socket.terminate();
    this.opened.cutter.cut();
  }

  private over(code: number, reason: string): void {
    if (this.isOver) return;
    this.isOver = true;
    this.cancelPatience();
    this.opened.cutter.release();
    this.events.onClose(code, reason, this.wasOpen);
  }

  private onMessage({ data }: SocketEvent): void {
    if (this.isOver) return;
    const blob = this.reading === null && (typeof data === 'string' || bytesOf(data) !== null) ? null : readBlob(data);
    if (this.reading === null && blob === null) this.deliver(data);
    else this.deliverInOrder(blob ?? data);
  }

  /** A class that ignores `binaryType` gives Blobs, which are read later: what follows them waits. */
  private deliverInOrder(data: unknown): void {
    const before = this.reading ?? Promise.resolve();
    const reading = Promise.all([data, before])
      .then(
        ([read]) => this.deliver(read),
        () => this.deliver(null),
      )
      .then(() => {
        if (this.reading === reading) this.reading = null;
      });
    this.reading = reading;
  }

  private deliver(data: unknown): void {
    if (this.isOver) return;
    if (typeof data === 'string') {
      this.events.onText(data);
      return;
    }
    const bytes = bytesOf(data);
    if (bytes === null) this.events.onUnreadable(data);
    else this.events.onBytes(bytes);
  }
}
