/**
 * The base of every connection. It takes frames off a socket within the connection's rate and share of time, refuses
 * frames by name, and pings or closes a silent peer. The kind of connection decides what a frame means.
 */
import { controlRefOf } from '../protocol/client-control.js';
import type { CloseName } from '../protocol/close-codes.js';
import { ERRORS, type ErrorCode } from '../protocol/errors.js';
import { encodeControl } from '../protocol/server-control.js';
import type { Clock } from '../ports/clock.js';
import type { Log, LogFields } from '../ports/log.js';
import type { Metrics } from '../ports/metrics.js';
import type { LifeSign, SocketHandler } from '../ports/socket.js';
import { Conduct, type ConductLimits } from './conduct.js';
import type { Heartbeats, Listener } from './heartbeats.js';

export interface ConnectionLimits extends ConductLimits {
  readonly maxMessageBytes: number;
}

export interface ConnectionDeps {
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly heartbeats: Pick<Heartbeats, 'add' | 'delete'>;
  readonly limits: ConnectionLimits;
}

export abstract class BaseConnection implements SocketHandler, Listener {
  private readonly conduct: Conduct;

  constructor(private readonly base: ConnectionDeps) {
    this.conduct = new Conduct(base.limits, base.clock.monotonicMs());
    base.heartbeats.add(this);
  }

  onBinary(bytes: Uint8Array): void {
    if (!this.isCurrent()) return;
    this.count(bytes.length);
    const startMs = this.base.clock.monotonicMs();
    if (!this.conduct.isWithinRate(bytes.length, startMs)) {
      this.refuse('rate_limited', this.refOf(bytes));
      return;
    }
    this.handleBinary(bytes);
    this.chargeSince(startMs);
  }

  onText(bytes: Uint8Array): void {
    if (!this.isCurrent()) return;
    this.count(bytes.length);
    const startMs = this.base.clock.monotonicMs();
    if (!this.conduct.isWithinRate(bytes.length, startMs)) {
      this.refuse('rate_limited', controlRefOf(bytes));
      return;
    }
    if (bytes.length > this.base.limits.maxMessageBytes) this.refuse('message_too_big', controlRefOf(bytes));
    else this.handleText(bytes);
    this.chargeSince(startMs);
  }

  /** Pings and pongs count like frames: each costs at least a read, and often an answer. */
  onAlive(sign: LifeSign): void {
    if (!this.isCurrent()) return;
    const startMs = this.base.clock.monotonicMs();
    if (sign === 'pong') this.noteRoundTrip(startMs);
    if (!this.conduct.isWithinRate(0, startMs)) this.refuse('rate_limited', null);
    else this.chargeSince(startMs);
  }

  onDrain(): void {
    // Only a connection with its own backlog overrides this. Elsewhere the engine keeps what waits.
  }

  onClose(): void {
    this.base.heartbeats.delete(this);
    this.handleClose();
  }

  checkSilence(nowMs: number): void {
    const due = this.conduct.dueFor(nowMs);
    if (due === 'close') this.close('heartbeat_timeout');
    else if (due === 'ping') this.ping();
  }

  /** False once the connection must ignore frames, although its socket may still deliver some. */
  protected abstract isCurrent(): boolean;
  protected abstract handleBinary(bytes: Uint8Array): void;
  protected abstract handleText(bytes: Uint8Array): void;
  protected abstract handleClose(): void;
  protected abstract send(text: string): void;
  protected abstract ping(): void;
  protected abstract close(name: CloseName): void;
  /** Names the connection in the log. */
  protected abstract subject(): LogFields;

  /** The ref of a binary frame that is refused unread; null: it has none. */
  protected refOf(_bytes: Uint8Array): number | null {
    return null;
  }

  protected refuse(code: ErrorCode, ref: number | null): void {
    const { metrics } = this.base;
    metrics.tallies.framesRefused += 1;
    metrics.refused(code);
    if (code === 'rate_limited') metrics.tallies.rateLimited += 1;
    const { message } = ERRORS[code];
    if (this.isCurrent()) {
      this.send(encodeControl({ type: 'error', code, message, ...(ref === null ? {} : { ref }) }));
    }
    const close = this.conduct.closeFor(code);
    if (close !== null) this.close(close);
  }

  private noteRoundTrip(nowMs: number): void {
    const roundTripMs = this.conduct.roundTripMs(nowMs);
    if (roundTripMs !== null) this.base.metrics.timings.roundTrip.observe(roundTripMs / 1000);
  }

  private count(size: number): void {
    const { tallies } = this.base.metrics;
    tallies.framesIn += 1;
    tallies.bytesIn += size;
  }

  /** Reads the clock once more for each frame. That costs 80 to 100 ns of about 400 ns before the engine writes. */
  private chargeSince(startMs: number): void {
    const { clock, limits, metrics, log } = this.base;
    if (limits.workMsPerS === 0 || !this.conduct.charge(clock.monotonicMs() - startMs)) return;
    metrics.tallies.overWork += 1;
    log.warn('connection_over_work', this.subject());
  }
}
