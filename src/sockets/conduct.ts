/**
 * The rules that a connection must keep: its rate, the time that its frames take, its broken frames, its silence.
 * This class judges; the connection acts. Callers pass the time in monotonic milliseconds.
 */
import { TokenBucket } from '../lib/token-bucket.js';
import { WorkBudget } from '../lib/work-budget.js';
import type { CloseName } from '../protocol/close-codes.js';
import { ERRORS, type ErrorCode } from '../protocol/errors.js';

export interface ConductLimits {
  /** 0: no limit. */
  readonly messagesPerS: number;
  readonly bytesPerS: number;
  /** How many milliseconds per second the frames may take of the event loop. */
  readonly workMsPerS: number;
  /** After this much silence the gateway pings the peer. */
  readonly heartbeatMs: number;
  /** How long after the ping the peer may still be silent. */
  readonly heartbeatTimeoutMs: number;
}

/** How many broken frames a connection may send in its life before it is closed with `protocol_error`. */
const MAX_FAULTS = 16;
/** The gateway answers at least this many frames over the rate with a refusal before it closes the connection. */
const MIN_RATE_REFUSALS = 100;

/**
 * Faults of shape or size, which only a broken client makes. An unknown type is no fault: a newer client may send it.
 */
const BREAKS_PROTOCOL: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'unknown_op',
  'reserved_flags',
  'unknown_class',
  'truncated_frame',
  'malformed_json',
  'invalid_request',
  'state_too_big',
]);

export class Conduct {
  private readonly messages: TokenBucket;
  private readonly bytes: TokenBucket;
  private readonly work: WorkBudget;
  private faults = 0;
  private rateRefusals = 0;
  private heardAtMs: number;
  private isPinged = false;
  /** When the newest ping was sent, or the connection began. */
  private pingedAtMs: number;
  private isPongDue = false;

  constructor(
    private readonly limits: ConductLimits,
    nowMs: number,
  ) {
    this.heardAtMs = nowMs;
    this.pingedAtMs = nowMs;
    this.messages = new TokenBucket(limits.messagesPerS, nowMs);
    this.bytes = new TokenBucket(limits.bytesPerS, nowMs);
    this.work = new WorkBudget(limits.workMsPerS, nowMs);
  }

  /**
   * The peer sent a frame of this size. Returns whether the frame is within the rate, and the time of the earlier
   * frames within their budget. The connection must refuse any other frame unread.
   */
  isWithinRate(size: number, nowMs: number): boolean {
    this.heardAtMs = nowMs;
    this.isPinged = false;
    const isWithin = this.messages.has(1, nowMs) && this.bytes.has(size, nowMs) && this.work.has(nowMs);
    if (isWithin) {
      this.messages.take(1);
      this.bytes.take(size);
      if (this.rateRefusals > 0 && this.isCalm()) this.rateRefusals = 0;
    }
    return isWithin;
  }

  /**
   * A frame took this long. Returns true when it uses up the budget for the first time since the connection was calm.
   */
  charge(workMs: number): boolean {
    return this.work.charge(workMs);
  }

  /** A frame was refused. Returns the close that follows; null: the connection lives on. */
  closeFor(code: ErrorCode): CloseName | null {
    const { close } = ERRORS[code];
    if (close !== undefined) return close;
    if (code === 'rate_limited') {
      this.rateRefusals += 1;
      return this.rateRefusals > Math.max(MIN_RATE_REFUSALS, this.limits.messagesPerS) ? 'rate_limited' : null;
    }
    if (!BREAKS_PROTOCOL.has(code)) return null;
    this.faults += 1;
    return this.faults > MAX_FAULTS ? 'protocol_error' : null;
  }

  /**
   * Decides what to do about a silent peer. An unfinished frame counts as silence: it may drip in forever, and its
   * sender cannot answer a ping in the middle of it. So the deadline for silence also ends a frame that is never
   * finished. A peer that is not silent is pinged as often, to measure the round trip; nothing depends on its pong.
   */
  dueFor(nowMs: number): 'nothing' | 'ping' | 'close' {
    const { heartbeatMs, heartbeatTimeoutMs } = this.limits;
    const silentMs = nowMs - this.heardAtMs;
    if (silentMs >= heartbeatMs + heartbeatTimeoutMs) return 'close';
    if (silentMs >= heartbeatMs) {
      if (this.isPinged) return 'nothing';
      this.isPinged = true;
    } else if (nowMs - this.pingedAtMs < heartbeatMs) return 'nothing';
    this.pingedAtMs = nowMs;
    this.isPongDue = true;
    return 'ping';
  }

  /** A pong arrived. Returns how long ago its ping was sent; null when no ping is unanswered. */
  roundTripMs(nowMs: number): number | null {
    if (!this.isPongDue) return null;
    this.isPongDue = false;
    return nowMs - this.pingedAtMs;
  }

  private isCalm(): boolean {
    return this.messages.isCalm() && this.bytes.isCalm() && this.work.isCalm();
  }
}
