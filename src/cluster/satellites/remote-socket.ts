/** A socket of a satellite, as its home sees it. What the home does to it travels over the link, in order. */
import type { CloseName } from '../../protocol/close-codes.js';
import type { ClientSocket, SocketHandler } from '../../ports/socket.js';
import type { Link } from '../links/link.js';
import type { FarTopics } from './far-topics.js';
import { EMPTY, FROM_HOME } from './messages.js';

/** Passed to the handler for a close without a close frame of the client. */
const LOST = 1006;

export class RemoteSocket implements ClientSocket {
  handler: SocketHandler | null = null;
  private isClosed = false;
  private readonly topics = new Set<string>();
  /** Bytes sent to this socket alone, and how many of them the satellite has reported; modulo 2^32. */
  private sent = 0;
  private arrived = 0;
  /** Bytes that waited for the socket's reader when the satellite last reported. */
  private waiting = 0;

  constructor(
    readonly link: Link,
    readonly id: number,
    private readonly farTopics: FarTopics,
    /** The socket is closed: its home forgets it. */
    private readonly onClosed: () => void,
  ) {}

  get closed(): boolean {
    return this.isClosed;
  }

  send(frame: string | Uint8Array): boolean {
    if (this.isClosed) return true;
    const op = typeof frame === 'string' ? FROM_HOME.sendText : FROM_HOME.sendBinary;
    this.sent = (this.sent + this.link.send(op, this.id, 0, frame)) >>> 0;
    return this.bufferedBytes() === 0;
  }

  ping(): void {
    if (!this.isClosed) this.link.send(FROM_HOME.ping, this.id, 0, EMPTY);
  }

  close(name: CloseName): void {
    if (this.isClosed) return;
    this.link.send(FROM_HOME.close, this.id, 0, name);
    this.lost();
  }

  /** Includes what is on its way to the socket alone. */
  bufferedBytes(): number {
    return this.isClosed ? 0 : ((this.sent - this.arrived) >>> 0) + this.waiting;
  }

  subscribe(topic: string): void {
    if (this.isClosed || this.topics.has(topic)) return;
    this.topics.add(topic);
    this.link.send(FROM_HOME.subscribe, this.id, this.farTopics.add(topic, this.link), EMPTY);
  }

  unsubscribe(topic: string): void {
    if (!this.topics.delete(topic)) return;
    this.link.send(FROM_HOME.unsubscribe, this.id, this.farTopics.delete(topic, this.link), EMPTY);
  }

  /** `SatelliteBroadcaster` publishes for it: the sockets of other nodes and of this one are in the topic too. */
  publishToOthers(): void {
    throw new Error('a remote socket publishes through the broadcaster');
  }

  /** The satellite reported how many bytes came for this socket alone, and how many wait for its reader. */
  report(arrived: number, waiting: number): void {
    this.arrived = arrived;
    this.waiting = waiting;
    this.handler?.onDrain();
  }

  /** The socket is gone. */
  lost(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    for (const topic of this.topics) this.farTopics.delete(topic, this.link);
    this.topics.clear();
    this.onClosed();
    this.handler?.onClose(LOST);
  }
}
