/** A WebSocket of the engine as the relay's `ClientSocket`: calls after close do nothing. */
import { CLOSE_CODES, type CloseName } from '../../protocol/close-codes.js';
import type { ClientSocket, SocketHandler } from '../../ports/socket.js';
import type { Admission } from '../../ports/connect.js';
import type { EngineSocket } from './engine.js';
import type { Outgoing } from './outgoing.js';

/** State that the engine keeps per socket: the admission until it opens, the rest afterwards. */
export interface SocketState {
  readonly admission: Admission;
  /** When the head of the handshake was read, in monotonic milliseconds. */
  readonly startedMs: number;
  socket: UwsSocket | null;
  handler: SocketHandler | null;
}

/**
 * Every socket is in this topic all its life: builds of the engine before 20.51 corrupt frames of 16 KiB and more that
 * are sent to a stalled socket without a subscription, and the author's own packages can take their place.
 */
const PERMANENT_TOPIC = '*';

/** Results of the engine's `send`; 0 means: accepted, waiting for the peer. */
const SENT = 1;
const DROPPED = 2;

export class UwsSocket implements ClientSocket {
  private isClosed = false;
  private hasSent = false;

  constructor(
    private readonly ws: EngineSocket<SocketState>,
    private readonly outgoing: Outgoing,
    /** Called before the socket enters a topic: what was published before then is not for it. */
    private readonly onSubscribing: (socket: UwsSocket) => void = () => undefined,
  ) {
    ws.subscribe(PERMANENT_TOPIC);
  }

  get closed(): boolean {
    return this.isClosed;
  }

  /** Whether a frame was sent to this socket alone. The first one is its welcome: nothing may come before that. */
  get isGreeted(): boolean {
    return this.hasSent;
  }

  send(frame: string | Uint8Array): boolean {
    if (this.isClosed) return true;
    this.hasSent = true;
    const status = this.ws.send(frame, typeof frame !== 'string', false);
    // The relay closes a socket long before the engine's limit; if that limit is reached, the loss must not be silent.
    if (status === DROPPED) this.close('slow_consumer');
    else this.outgoing.countOne(frame);
    return status === SENT;
  }

  ping(): void {
    if (!this.isClosed) this.ws.ping();
  }

  close(name: CloseName): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.ws.end(CLOSE_CODES[name], name);
  }

  bufferedBytes(): number {
    return this.isClosed ? 0 : this.ws.getBufferedAmount();
  }

  subscribe(topic: string): void {
    if (this.isClosed) return;
    this.onSubscribing(this);
    this.ws.subscribe(topic);
  }

  isSubscribed(topic: string): boolean {
    return !this.isClosed && this.ws.isSubscribed(topic);
  }

  /**
   * When a subscriber leaves a topic, the 20.30 engine drops what was published to it in this turn. Any send, such as a
   * ping, makes the engine deliver that first.
   */
  unsubscribe(topic: string): void {
    if (this.isClosed) return;
    this.ws.ping();
    this.ws.unsubscribe(topic);
  }

  publishToOthers(topic: string, frame: string | Uint8Array): void {
    if (this.isClosed) return;
    this.outgoing.countTopic(topic, frame, this.ws.isSubscribed(topic) ? 1 : 0);
    this.ws.publish(topic, frame, typeof frame !== 'string', false);
  }

  /** The engine has closed the socket: no call may reach it any more. */
  markClosed(): void {
    this.isClosed = true;
  }
}
