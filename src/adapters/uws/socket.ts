/** One WebSocket of the engine as the relay's `ClientSocket`: calls after it closed do nothing. */
import { CLOSE_CODES, type CloseName } from '../../protocol/close-codes.js';
import type { ClientSocket, SocketHandler } from '../../ports/socket.js';
import type { Admission } from '../../ports/connect.js';
import type { EngineSocket } from './engine.js';

/** What the engine keeps for each socket: the admission until it opens, the rest from then on. */
export interface SocketState {
  readonly admission: Admission;
  socket: UwsSocket | null;
  handler: SocketHandler | null;
}

/**
 * Every socket is in this topic from its first moment to its last: the 20.30 engine garbles frames of 16 KiB and more
 * that are sent to a stalled socket without a subscription.
 */
const PERMANENT_TOPIC = '*';

/** What the engine's `send` answers; 0 is: taken, and waiting for the peer. */
const SENT = 1;
const DROPPED = 2;

export class UwsSocket implements ClientSocket {
  private isClosed = false;

  constructor(private readonly ws: EngineSocket<SocketState>) {
    ws.subscribe(PERMANENT_TOPIC);
  }

  get closed(): boolean {
    return this.isClosed;
  }

  send(frame: string | Uint8Array): boolean {
    if (this.isClosed) return true;
    const status = this.ws.send(frame, typeof frame !== 'string', false);
    // The relay closes a socket long before the engine's own limit; should that ever be met, the loss must not be silent.
    if (status === DROPPED) this.close('slow_consumer');
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
    if (!this.isClosed) this.ws.subscribe(topic);
  }

  /**
   * The 20.30 engine forgets what was published in this turn when its subscriber leaves the topic; any send, and so a
   * ping, makes it hand that over first.
   */
  unsubscribe(topic: string): void {
    if (this.isClosed) return;
    this.ws.ping();
    this.ws.unsubscribe(topic);
  }

  publishToOthers(topic: string, frame: string | Uint8Array): void {
    if (!this.isClosed) this.ws.publish(topic, frame, typeof frame !== 'string', false);
  }

  /** The engine said that it is closed: no call may reach it any more. */
  markClosed(): void {
    this.isClosed = true;
  }
}
