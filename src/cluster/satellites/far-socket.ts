/**
 * At a satellite: a socket whose session has its home on another node. It tells the home how far its reader is behind,
 * so that the home can send by the rules of back-pressure.
 */
import type { CloseName } from '../../protocol/close-codes.js';
import type { ClientSocket } from '../../ports/socket.js';
import type { Uplink } from '../../ports/satellites.js';
import type { Tallies } from '../../ports/metrics.js';
import type { Link } from '../links/link.js';
import { EMPTY, encodeBuffered, FROM_SATELLITE } from './messages.js';

/** The home's bounds of back-pressure, which every node shares. */
export interface FarBounds {
  readonly softBytes: number;
  readonly hardBytes: number;
}

export interface FarSocketDeps {
  readonly bounds: FarBounds;
  readonly tallies: Pick<Tallies, 'framesForwarded' | 'bytesForwarded' | 'framesNotForwarded'>;
  /** The reader fell behind, or has caught up: while it is behind, `check` is due every 100 ms. */
  readonly onBehind: (isBehind: boolean) => void;
  /** The socket is closed: forget it. */
  readonly onClosed: () => void;
}

export class FarSocket implements Uplink {
  /** The topics of the home that it subscribes to, by number. */
  readonly topics = new Set<number>();
  private isClosed = false;
  /** The home is lost: nothing more goes there. */
  private isCut = false;
  /** Bytes that came for this socket alone, modulo 2^32; and how many of them the home knows of. */
  private arrived = 0;
  private reported = 0;
  /** The last report said that bytes wait for the reader. */
  private isBehind = false;
  private isPinged = false;
  private hasSent = false;

  constructor(
    readonly link: Link,
    readonly id: number,
    readonly socket: ClientSocket,
    private readonly deps: FarSocketDeps,
  ) {}

  /** Whether the home has sent this socket a frame. The first one is its welcome: nothing may come before that. */
  get isGreeted(): boolean {
    return this.hasSent;
  }

  text(bytes: Uint8Array): boolean {
    return this.forward(FROM_SATELLITE.text, bytes);
  }

  binary(bytes: Uint8Array): boolean {
    return this.forward(FROM_SATELLITE.binary, bytes);
  }

  /** The home learns only of the answer to its own ping: the satellite watches the peer's silence. */
  alive(): void {
    if (!this.isPinged || this.isCut) return;
    this.isPinged = false;
    this.link.send(FROM_SATELLITE.alive, this.id, 0, EMPTY);
  }

  drained(): void {
    if (this.isBehind) this.check();
  }

  closed(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.deps.onClosed();
    if (!this.isCut) this.link.send(FROM_SATELLITE.closed, this.id, 0, EMPTY);
  }

  /** The home is lost. Frames of the client are refused until the socket is closed. */
  cut(): void {
    this.isCut = true;
  }

  /** Pings the peer for the home. */
  ping(): void {
    this.isPinged = true;
    this.socket.ping();
  }

  /** Sends a frame of the home to this socket alone. */
  send(frame: string | Uint8Array, bytes: number): void {
    this.hasSent = true;
    const isWritten = this.socket.send(frame);
    this.arrived = (this.arrived + bytes) >>> 0;
    if (!isWritten || (this.arrived - this.reported) >>> 0 >= this.deps.bounds.softBytes / 4) this.check();
  }

  /** Closes the socket for the home, or because the home is lost. */
  close(name: CloseName): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.deps.onClosed();
    this.socket.close(name);
  }

  /** Reports to the home when the reader is behind, has caught up, or has been sent much. */
  check(): void {
    if (this.isClosed) return;
    const { softBytes, hardBytes } = this.deps.bounds;
    const waiting = this.socket.bufferedBytes();
    const wasBehind = this.isBehind;
    this.isBehind = waiting > softBytes || (wasBehind && waiting > 0);
    if (this.isBehind !== wasBehind) this.deps.onBehind(this.isBehind);
    const isMuch = (this.arrived - this.reported) >>> 0 >= softBytes / 4;
    if (this.isBehind || wasBehind || isMuch) this.report(waiting);
    // The home sends no more to a reader that it knows to be behind. This much was on its way before it knew.
    if (waiting > hardBytes + softBytes) this.closeAsSlow();
  }

  private closeAsSlow(): void {
    this.closed();
    this.socket.close('slow_consumer');
  }

  private report(waiting: number): void {
    if (this.isCut) return;
    this.reported = this.arrived;
    this.link.send(FROM_SATELLITE.report, this.id, this.arrived, encodeBuffered(waiting));
  }

  private forward(op: number, bytes: Uint8Array): boolean {
    const { tallies } = this.deps;
    if (this.isCut || this.link.isStalled) {
      tallies.framesNotForwarded += 1;
      return false;
    }
    this.link.send(op, this.id, 0, bytes);
    tallies.framesForwarded += 1;
    tallies.bytesForwarded += bytes.length;
    return true;
  }
}
