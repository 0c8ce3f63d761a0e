/**
 * One connection: takes frames off a socket, applies the limits on it, hands what is whole to accept (relay frames) or
 * to control, and is one of the two places where errors become output. It ends when the socket closes.
 */
import { ERRORS, type ErrorCode } from '../protocol/errors.js';
import { Failure } from '../protocol/failure.js';
import { decodeRelayFrame } from '../protocol/relay-frame.js';
import { parseClientControl } from '../protocol/client-control.js';
import { encodeControl } from '../protocol/server-control.js';
import type { Clock } from '../ports/clock.js';
import type { Log } from '../ports/log.js';
import type { Metrics } from '../ports/metrics.js';
import type { SocketHandler } from '../ports/socket.js';
import { acceptRelayFrame, type AcceptRules } from './accept.js';
import type { Control } from './control.js';
import type { Departures } from './departures.js';
import type { Member } from './member.js';
import type { Outlet } from './outlet.js';
import type { Room } from './room.js';
import type { Rooms } from './rooms.js';
import { TokenBucket } from './token-bucket.js';

export interface ConnectionLimits extends AcceptRules {
  /** 0: no limit. */
  readonly messagesPerS: number;
  readonly bytesPerS: number;
  /** Silence after which the peer is pinged. */
  readonly heartbeatMs: number;
  /** How long after that it has to be heard from. */
  readonly heartbeatTimeoutMs: number;
}

export interface ConnectionsDeps {
  readonly rooms: Rooms;
  readonly departures: Departures;
  readonly control: Control;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly limits: ConnectionLimits;
}

/** How many broken frames a connection may send in its life before it is closed with `protocol_error`. */
const MAX_FAULTS = 16;
/** Refusals for the rate that are answered before the connection is closed, at the least. */
const MIN_RATE_REFUSALS = 100;

/** Faults that only a broken client makes. Unknown types are none: a newer client may send them. */
const BREAKS_PROTOCOL: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'unknown_op',
  'reserved_flags',
  'unknown_class',
  'truncated_frame',
  'malformed_json',
  'invalid_request',
]);

/** For a socket that was closed before it became a connection. */
export const closedConnection: SocketHandler = {
  onText: () => undefined,
  onBinary: () => undefined,
  onAlive: () => undefined,
  onDrain: () => undefined,
  onClose: () => undefined,
};

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
    const { clock, limits } = this.deps;
    const nowMs = clock.monotonicMs();
    for (const connection of this.live) connection.checkSilence(nowMs, limits);
  }
}

class Connection implements SocketHandler {
  private readonly messages: TokenBucket;
  private readonly bytes: TokenBucket;
  private faults = 0;
  private rateRefusals = 0;
  private heardAtMs: number;
  private isPinged = false;

  constructor(
    private readonly deps: ConnectionsDeps,
    private readonly live: Set<Connection>,
    private readonly room: Room,
    private readonly member: Member,
    private readonly outlet: Outlet,
  ) {
    const nowMs = deps.clock.monotonicMs();
    this.heardAtMs = nowMs;
    this.messages = new TokenBucket(deps.limits.messagesPerS, nowMs);
    this.bytes = new TokenBucket(deps.limits.bytesPerS, nowMs);
  }

  onBinary(bytes: Uint8Array): void {
    const { limits, metrics } = this.deps;
    if (!this.isCurrent()) return;
    metrics.tallies.framesIn += 1;
    metrics.tallies.bytesIn += bytes.length;
    const isWithinRate = this.withinRate(bytes.length);
    const frame = decodeRelayFrame(bytes);
    if ('fault' in frame) {
      this.refuse(isWithinRate ? frame.fault : 'rate_limited', null);
      return;
    }
    if (!isWithinRate) {
      this.refuse('rate_limited', frame.ref);
      return;
    }
    const accepted = acceptRelayFrame(this.room, this.member, frame, limits);
    if (typeof accepted !== 'number') this.refuse(accepted, frame.ref);
    else if (frame.ref !== null) this.outlet.send(encodeControl({ type: 'ack', ref: frame.ref, seq: accepted }));
  }

  onText(text: string, size: number): void {
    const { limits, metrics, control } = this.deps;
    if (!this.isCurrent()) return;
    metrics.tallies.framesIn += 1;
    metrics.tallies.bytesIn += size;
    if (!this.withinRate(size)) {
      this.refuse('rate_limited', null);
      return;
    }
    if (size > limits.maxMessageBytes) {
      this.refuse('message_too_big', null);
      return;
    }
    const frame = parseClientControl(text);
    if ('fault' in frame) {
      this.refuse(frame.fault, null);
      return;
    }
    control.handle(frame, this.room, this.member).catch((error: unknown) => {
      this.refuse(this.nameOf(error), null);
    });
  }

  /** Pings and pongs count like frames: each costs an answer or at least a read. */
  onAlive(): void {
    if (this.isCurrent() && !this.withinRate(0)) this.refuse('rate_limited', null);
  }

  onDrain(): void {
    this.outlet.onDrain();
  }

  /**
   * A frame that is still on its way says nothing: it may drip in for ever, and its sender cannot answer a ping in the
   * middle of it. So the one deadline for silence also ends a frame that is never finished.
   */
  checkSilence(nowMs: number, { heartbeatMs, heartbeatTimeoutMs }: ConnectionLimits): void {
    const silentMs = nowMs - this.heardAtMs;
    if (silentMs >= heartbeatMs + heartbeatTimeoutMs) {
      this.outlet.close('heartbeat_timeout');
    } else if (silentMs >= heartbeatMs && !this.isPinged) {
      this.isPinged = true;
      this.outlet.ping();
    }
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

  private withinRate(size: number): boolean {
    const nowMs = this.deps.clock.monotonicMs();
    this.heard(nowMs);
    const isWithin = this.messages.has(1, nowMs) && this.bytes.has(size, nowMs);
    if (isWithin) {
      this.messages.take(1);
      this.bytes.take(size);
      if (this.rateRefusals > 0 && this.messages.isCalm() && this.bytes.isCalm()) this.rateRefusals = 0;
    }
    return isWithin;
  }

  private heard(nowMs: number): void {
    this.heardAtMs = nowMs;
    this.isPinged = false;
  }

  private refuse(code: ErrorCode, ref: number | null): void {
    const { metrics, limits } = this.deps;
    metrics.tallies.framesRefused += 1;
    metrics.refused(code);
    const { message, close } = ERRORS[code];
    if (this.isCurrent()) {
      this.outlet.send(encodeControl({ type: 'error', code, message, ...(ref === null ? {} : { ref }) }));
    }
    if (close !== undefined) {
      this.outlet.close(close);
    } else if (code === 'rate_limited') {
      metrics.tallies.rateLimited += 1;
      this.rateRefusals += 1;
      if (this.rateRefusals > Math.max(MIN_RATE_REFUSALS, limits.messagesPerS)) this.outlet.close('rate_limited');
    } else if (BREAKS_PROTOCOL.has(code)) {
      this.faults += 1;
      if (this.faults > MAX_FAULTS) this.outlet.close('protocol_error');
    }
  }

  private nameOf(error: unknown): ErrorCode {
    if (error instanceof Failure && error.code !== 'internal') return error.code;
    this.deps.log.error('control_failed', error, { session_id: this.room.id });
    return 'internal';
  }
}
