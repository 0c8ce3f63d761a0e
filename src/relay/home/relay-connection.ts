/**
 * One connection of a member. It passes relay frames to `acceptRelayFrame` and control frames to their handler, and
 * tells the sender the result. It ends when the socket closes.
 */
import type { ClientControl } from '../../protocol/client-control.js';
import type { CloseName } from '../../protocol/close-codes.js';
import type { ErrorCode } from '../../protocol/errors.js';
import { Failure } from '../../protocol/failure.js';
import { decodeRelayFrame, refOf, type RelayFrame } from '../../protocol/relay-frame.js';
import { encodeControl } from '../../protocol/server-control.js';
import { CLASS } from '../../protocol/wire.js';
import type { LogFields } from '../../ports/log.js';
import type { LifeSign } from '../../ports/socket.js';
import type { ConnectionDeps } from '../../sockets/base-connection.js';
import { ControlConnection } from '../../sockets/control-connection.js';
import { acceptRelayFrame, type AcceptRules } from '../room/accept.js';
import { WAITS } from '../room/durable-queue.js';
import type { FrameHold } from '../room/frame-hold.js';
import type { Member } from '../room/member.js';
import type { Outlet } from '../room/outlet.js';
import type { Room } from '../room/room.js';
import type { Answer } from '../room/waiting-entries.js';
import type { ControlHandler } from './control-handler.js';
import type { Departures } from './departures.js';

export interface RelayConnectionDeps extends ConnectionDeps {
  readonly rules: AcceptRules;
  readonly control: Pick<ControlHandler, 'handle'>;
  readonly departures: Pick<Departures, 'socketLost'>;
}

export class RelayConnection extends ControlConnection implements Answer {
  constructor(
    private readonly deps: RelayConnectionDeps,
    private readonly room: Room,
    private readonly member: Member,
    private readonly outlet: Outlet,
  ) {
    super(deps);
  }

  override onDrain(): void {
    this.outlet.onDrain();
  }

  /** A replaced socket, or one whose member has left, may still send frames before it is closed. */
  protected override isCurrent(): boolean {
    return this.member.outlet === this.outlet;
  }

  protected override handleBinary(bytes: Uint8Array): void {
    const frame = decodeRelayFrame(bytes);
    if ('fault' in frame) {
      this.refuse(frame.fault, null);
      return;
    }
    const { hold } = this.room;
    if (hold !== null) {
      this.holdBack(hold, frame, bytes);
      return;
    }
    const accepted = acceptRelayFrame(this.room, this.member, frame, this.deps.rules, this);
    if (typeof accepted !== 'number') this.refuse(accepted, frame.ref);
    else if (accepted !== WAITS) this.onReleased(frame.ref, accepted);
  }

  onReleased(ref: number | null, seq: number): void {
    if (ref !== null) this.outlet.send(encodeControl({ type: 'ack', ref, seq }));
  }

  onRefused(ref: number | null): void {
    this.refuse('store_unavailable', ref);
  }

  onUnknown(): void {
    // The socket is closed too, which leaves the outcome open to the client.
  }

  protected override handleFrame(frame: ClientControl): void {
    const { hold } = this.room;
    if (hold !== null && frame.type !== 'ping') {
      this.refuseWhileMoving(hold, frame);
      return;
    }
    this.deps.control.handle(frame, this.room, this.member).catch((error: unknown) => {
      this.refuse(this.nameOf(error), frame.ref ?? null);
    });
  }

  /** The session moves: the new home answers. */
  private holdBack(hold: FrameHold, { ref, deliveryClass }: RelayFrame, bytes: Uint8Array): void {
    if (ref === null && deliveryClass === CLASS.volatile) return;
    hold.keep(this.member.index, bytes, (answer) => {
      if ('error' in answer) this.refuse(answer.error, ref);
      else if (ref !== null) this.outlet.send(encodeControl({ type: 'ack', ref, seq: answer.seq }));
    });
  }

  /** The new home lets a member go that leaves now. Everything else the client asks again there. */
  private refuseWhileMoving(hold: FrameHold, frame: ClientControl): void {
    if (frame.type !== 'leave') {
      this.refuse('home_elsewhere', frame.ref ?? null);
      return;
    }
    hold.keep(this.member.index, null, (answer) => {
      if ('error' in answer) this.refuse(answer.error, null);
      else this.outlet.close('left');
    });
  }

  override onAlive(sign: LifeSign): void {
    super.onAlive(sign);
    this.room.hold?.onHeard(this.member.index);
  }

  protected override handleClose(): void {
    this.room.hold?.onHeard(this.member.index);
    if (this.isCurrent()) this.deps.departures.socketLost(this.room, this.member);
  }

  protected override send(text: string): void {
    this.outlet.send(text);
  }

  protected override ping(): void {
    this.outlet.ping();
  }

  protected override close(name: CloseName): void {
    this.outlet.close(name);
  }

  protected override subject(): LogFields {
    return { session_id: this.room.id, member_index: this.member.index };
  }

  protected override refOf(bytes: Uint8Array): number | null {
    return refOf(bytes);
  }

  private nameOf(error: unknown): ErrorCode {
    if (error instanceof Failure && error.code !== 'internal') return error.code;
    this.deps.log.error('control_failed', error, { session_id: this.room.id });
    return 'internal';
  }
}
