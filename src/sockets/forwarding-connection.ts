/**
 * The connection of a socket whose session has its home on another node. This node checks the size and the rate of each
 * frame, and the peer's silence. The home decides what a frame means.
 */
import type { CloseName } from '../protocol/close-codes.js';
import { controlRefOf } from '../protocol/client-control.js';
import { refOf } from '../protocol/relay-frame.js';
import { MAX_RELAY_HEADER_BYTES } from '../protocol/wire.js';
import type { LogFields } from '../ports/log.js';
import type { Uplink } from '../ports/satellites.js';
import type { ClientSocket, LifeSign } from '../ports/socket.js';
import { BaseConnection, type ConnectionDeps } from './base-connection.js';

export class ForwardingConnection extends BaseConnection {
  private isOver = false;

  constructor(
    private readonly deps: ConnectionDeps,
    private readonly socket: ClientSocket,
    private readonly uplink: Uplink,
  ) {
    super(deps);
  }

  override onAlive(sign: LifeSign): void {
    super.onAlive(sign);
    this.uplink.alive();
  }

  override onDrain(): void {
    this.uplink.drained();
  }

  protected override isCurrent(): boolean {
    return !this.isOver;
  }

  protected override handleBinary(bytes: Uint8Array): void {
    if (bytes.length > this.deps.limits.maxMessageBytes + MAX_RELAY_HEADER_BYTES) {
      this.refuse('message_too_big', refOf(bytes));
    } else if (!this.uplink.binary(bytes)) this.refuse('home_unreachable', refOf(bytes));
  }

  protected override handleText(bytes: Uint8Array): void {
    if (!this.uplink.text(bytes)) this.refuse('home_unreachable', controlRefOf(bytes));
  }

  protected override handleClose(): void {
    this.isOver = true;
    this.uplink.closed();
  }

  protected override send(text: string): void {
    this.socket.send(text);
  }

  protected override ping(): void {
    this.socket.ping();
  }

  protected override close(name: CloseName): void {
    this.socket.close(name);
  }

  protected override subject(): LogFields {
    return {};
  }

  protected override refOf(bytes: Uint8Array): number | null {
    return refOf(bytes);
  }
}
