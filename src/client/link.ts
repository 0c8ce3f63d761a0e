/** One WebSocket. It reports its end exactly once, and nothing afterwards. */
import type { SocketEvent, SocketLike } from './socket.js';
import type { ClientTiming } from './timing.js';

export interface LinkEvents {
  onText(text: string): void;
  onBytes(bytes: Uint8Array): void;
  /** `wasOpen` is false when the handshake failed. */
  onClose(code: number, reason: string, wasOpen: boolean): void;
}

const OPEN = 1;
export const LOST_LINK = 1006;

export class Link {
  private isOver = false;
  private wasOpen = false;
  private cancelPatience: () => void = () => undefined;

  constructor(
    private readonly socket: SocketLike,
    private readonly events: LinkEvents,
    private readonly timing: ClientTiming,
  ) {
    socket.binaryType = 'arraybuffer';
    socket.addEventListener('open', () => {
      this.wasOpen = true;
    });
    socket.addEventListener('message', (event) => this.onMessage(event));
    socket.addEventListener('close', ({ code = LOST_LINK, reason = '' }) => this.over(code, reason));
    // A close follows; without a listener `ws` would throw.
    socket.addEventListener('error', () => undefined);
  }

  get isWritable(): boolean {
    return !this.isOver && this.socket.readyState === OPEN;
  }

  get bufferedBytes(): number {
    return this.socket.bufferedAmount;
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
  }

  private over(code: number, reason: string): void {
    if (this.isOver) return;
    this.isOver = true;
    this.cancelPatience();
    this.events.onClose(code, reason, this.wasOpen);
  }

  private onMessage({ data }: SocketEvent): void {
    if (this.isOver) return;
    if (typeof data === 'string') this.events.onText(data);
    else if (data instanceof ArrayBuffer) this.events.onBytes(new Uint8Array(data));
  }
}
