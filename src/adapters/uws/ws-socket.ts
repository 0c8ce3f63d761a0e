/** A WebSocket of `ws` as the gateway's engine has it. */
import type { Socket } from 'node:net';
import type { RawData, WebSocket } from 'ws';
import type { EngineBehavior, EngineSocket } from './engine.js';
import type { Subscriber, Topics } from './ws-topics.js';

export interface SocketOwner<UserData> {
  readonly behavior: EngineBehavior<UserData>;
  readonly topics: Topics;
}

const [ACCEPTED, SENT, DROPPED] = [0, 1, 2];
/** After a close frame, the peer has this long to answer it. */
const CLOSE_WITHIN_MS = 4_000;

export class WsSocket<UserData> implements EngineSocket<UserData>, Subscriber {
  private readonly topics = new Set<string>();
  private isClosed = false;

  constructor(
    private readonly webSocket: WebSocket,
    private readonly socket: Socket,
    private readonly state: UserData,
    private readonly owner: SocketOwner<UserData>,
  ) {
    const { behavior } = owner;
    webSocket.on('message', (data: RawData, isBinary: boolean) => {
      if (!this.isClosed) behavior.message(this, bytesOf(data), isBinary);
    });
    webSocket.on('ping', (data: Buffer) => {
      if (this.isClosed) return;
      if (webSocket.bufferedAmount <= behavior.maxBackpressure) webSocket.pong(data);
      behavior.ping?.(this);
    });
    webSocket.on('pong', () => {
      if (!this.isClosed) behavior.pong?.(this);
    });
    webSocket.on('close', (code) => {
      this.over(code);
    });
    // A close follows.
    webSocket.on('error', () => undefined);
    socket.on('drain', () => {
      if (!this.isClosed) behavior.drain?.(this);
    });
    socket.setTimeout(behavior.idleTimeout * 1000, () => socket.destroy());
  }

  getUserData(): UserData {
    return this.state;
  }

  send(frame: string | Uint8Array, isBinary: boolean): number {
    return this.write(typeof frame === 'string' ? frame : Buffer.from(frame), isBinary);
  }

  getBufferedAmount(): number {
    return this.webSocket.bufferedAmount;
  }

  ping(): void {
    this.webSocket.ping();
  }

  /** As uWebSockets.js does, this reports the close before it returns. */
  end(code: number, reason: string): void {
    if (this.isClosed) return;
    this.webSocket.close(code, reason);
    setTimeout(() => {
      this.webSocket.terminate();
    }, CLOSE_WITHIN_MS).unref();
    this.over(code);
  }

  cork(run: () => void): void {
    this.socket.cork();
    try {
      run();
    } finally {
      this.socket.uncork();
    }
  }

  subscribe(topic: string): void {
    if (this.isClosed) return;
    this.topics.add(topic);
    this.owner.topics.add(topic, this);
  }

  unsubscribe(topic: string): void {
    this.topics.delete(topic);
    this.owner.topics.remove(topic, this);
  }

  isSubscribed(topic: string): boolean {
    return this.topics.has(topic);
  }

  publish(topic: string, frame: string | Uint8Array, isBinary: boolean): void {
    this.owner.topics.publish(topic, frame, isBinary, this);
  }

  deliver(frame: Uint8Array, isBinary: boolean): void {
    if (this.write(frame, isBinary) === DROPPED) this.owner.behavior.dropped?.(this);
  }

  private write(frame: string | Uint8Array, isBinary: boolean): number {
    const { maxBackpressure } = this.owner.behavior;
    if (this.webSocket.bufferedAmount > maxBackpressure) return DROPPED;
    this.webSocket.send(frame, { binary: isBinary });
    return this.webSocket.bufferedAmount === 0 ? SENT : ACCEPTED;
  }

  private over(code: number): void {
    if (this.isClosed) return;
    this.isClosed = true;
    for (const topic of this.topics) this.owner.topics.remove(topic, this);
    this.owner.behavior.close?.(this, code);
  }
}

/** `ws` gives one Buffer for each message, whose memory it may share with others. */
function bytesOf(data: RawData): ArrayBuffer {
  const whole = Array.isArray(data) ? Buffer.concat(data) : data;
  return new Uint8Array(whole).slice().buffer;
}
