/**
 * One connection: takes frames off a socket, applies the limits on it, hands what is whole to accept (relay frames) or
 * to control, and is one of the two places where errors become output. It ends when the socket closes.
 */
import { ERRORS, type ErrorCode } from '../../protocol/errors.js';
import { Failure } from '../../protocol/failure.js';
import { Conduct, type ConductLimits } from '../../sockets/conduct.js';
import { decodeRelayFrame, refOf } from '../../protocol/relay-frame.js';
import { parseClientControl } from '../../protocol/client-control.js';
import { encodeControl } from '../../protocol/server-control.js';
import type { Clock } from '../../ports/clock.js';
import type { Log } from '../../ports/log.js';
import type { Metrics } from '../../ports/metrics.js';
import type { SocketHandler } from '../../ports/socket.js';
import { acceptRelayFrame, type AcceptRules } from '../room/accept.js';
import type { Control } from './control-frames.js';
import type { Departures } from './departures.js';
import type { Member } from '../room/member.js';
import type { Outlet } from '../room/outlet.js';
import type { Room } from '../room/room.js';
import type { Rooms } from './rooms.js';

export interface ConnectionLimits extends AcceptRules, ConductLimits {}

export interface ConnectionsDeps {
  readonly rooms: Rooms;
  readonly departures: Departures;
  readonly control: Control;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly limits: ConnectionLimits;
}

/** Makes connections: one set of parts for all of them. */
export class Connections {
  private readonly live = new Set<Connection>();

  constructor(private readonly deps: ConnectionsDeps) {}

  open(room: Room, member: Member, outlet: Outlet): SocketHandler {
    const connection = new Connection(this.deps, this.live, room, member, outlet);
    this.live.add(connection);
    return connection;
  }

  /** Pings who has been silent for a heartbeat, and closes who has not answered in time. */
  checkSilence(): void {
    const nowMs = this.deps.clock.monotonicMs();
    for (const connection of this.live) connection.checkSilence(nowMs);
  }
}

class Connection implements SocketHandler {
  private readonly conduct: Conduct;

  constructor(
    private readonly deps: ConnectionsDeps,
    private readonly live: Set<Connection>,
    private readonly room: Room,
    private readonly member: Member,
    private readonly outlet: Outlet,
  ) {
    this.conduct = new Conduct(deps.limits, deps.clock.monotonicMs());
  }

  onBinary(bytes: Uint8Array): void {
    if (!this.isCurrent()) return;
    this.count(bytes.length);
    const startMs = this.deps.clock.monotonicMs();
    if (!this.conduct.isWithinRate(bytes.length, startMs)) {
      this.refuse('rate_limited', refOf(bytes));
      return;
    }
    this.handleRelay(bytes);
    this.chargeSince(startMs);
  }

  onText(bytes: Uint8Array): void {
    if (!this.isCurrent()) return;
    this.count(bytes.length);
    const startMs = this.deps.clock.monotonicMs();
    if (!this.conduct.isWithinRate(bytes.length, startMs)) {
      this.refuse('rate_limited', null);
      return;
    }
    this.handleControl(bytes);
    this.chargeSince(startMs);
  }

  /** Pings and pongs count like frames: each costs an answer or at least a read. */
  onAlive(): void {
    if (!this.isCurrent()) return;
    const startMs = this.deps.clock.monotonicMs();
    if (!this.conduct.isWithinRate(0, startMs)) this.refuse('rate_limited', null);
    else this.chargeSince(startMs);
  }

  onDrain(): void {
    this.outlet.onDrain();
  }

  checkSilence(nowMs: number): void {
    const due = this.conduct.dueFor(nowMs);
    if (due === 'close') this.outlet.close('heartbeat_timeout');
    else if (due === 'ping') this.outlet.ping();
  }

  onClose(): void {
    const { rooms, departures } = this.deps;
    this.live.delete(this);
    if (!this.isCurrent()) return;
    departures.socketLost(rooms, this.room, this.member);
  }

  /** A socket that was replaced, or whose member has left, may still say something before it is closed. */
  private isCurrent(): boolean {
    return this.member.outlet === this.outlet;
  }

  private count(size: number): void {
    const { tallies } = this.deps.metrics;
    tallies.framesIn += 1;
    tallies.bytesIn += size;
  }

  private handleRelay(bytes: Uint8Array): void {
    const frame = decodeRelayFrame(bytes);
    if ('fault' in frame) {
      this.refuse(frame.fault, null);
      return;
    }
    const accepted = acceptRelayFrame(this.room, this.member, frame, this.deps.limits);
    if (typeof accepted !== 'number') this.refuse(accepted, frame.ref);
    else if (frame.ref !== null) this.outlet.send(encodeControl({ type: 'ack', ref: frame.ref, seq: accepted }));
  }

  private handleControl(bytes: Uint8Array): void {
    const { limits, control } = this.deps;
    if (bytes.length > limits.maxMessageBytes) {
      this.refuse('message_too_big', null);
      return;
    }
    const frame = parseClientControl(bytes);
    if ('fault' in frame) {
      this.refuse(frame.fault, null);
      return;
    }
    control.handle(frame, this.room, this.member).catch((error: unknown) => {
      this.refuse(this.nameOf(error), null);
    });
  }

  /** One more look at the clock for each frame: 80 to 100 ns, of some 400 in all before the engine writes. */
  private chargeSince(startMs: number): void {
    const { clock, limits, metrics, log } = this.deps;
    if (limits.workMsPerS === 0 || !this.conduct.charge(clock.monotonicMs() - startMs)) return;
    metrics.tallies.overWork += 1;
    log.warn('connection_over_work', { session_id: this.room.id, member_index: this.member.index });
  }

  private refuse(code: ErrorCode, ref: number | null): void {
    const { metrics } = this.deps;
    metrics.tallies.framesRefused += 1;
    metrics.refused(code);
    if (code === 'rate_limited') metrics.tallies.rateLimited += 1;
    const { message } = ERRORS[code];
    if (this.isCurrent()) {
      this.outlet.send(encodeControl({ type: 'error', code, message, ...(ref === null ? {} : { ref }) }));
    }
    const close = this.conduct.closeFor(code);
    if (close !== null) this.outlet.close(close);
  }

  private nameOf(error: unknown): ErrorCode {
    if (error instanceof Failure && error.code !== 'internal') return error.code;
    this.deps.log.error('control_failed', error, { session_id: this.room.id });
    return 'internal';
  }
}
