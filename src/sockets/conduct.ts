/**
 * The rules that a connection must keep: its rate, the time that its frames take, its broken frames, its silence. It
 * judges, the connection acts; the time (monotonic milliseconds) is passed in.
 */
import { TokenBucket } from '../lib/token-bucket.js';
import { WorkBudget } from '../lib/work-budget.js';
import type { CloseName } from '../protocol/close-codes.js';
import { ERRORS, type ErrorCode } from '../protocol/errors.js';

export interface ConductLimits {
  /** 0: no limit. */
  readonly messagesPerS: number;
  readonly bytesPerS: number;
  /** Milliseconds of the event loop that its frames may take in a second. */
  readonly workMsPerS: number;
  /** Silence after which the peer is pinged. */
  readonly heartbeatMs: number;
  /** How long after that it has to be heard from. */
  readonly heartbeatTimeoutMs: number;
}

/** How many broken frames a connection may send in its life before it is closed with `protocol_error`. */
const MAX_FAULTS = 16;
/** Refusals for the rate that are answered before the connection is closed, at the least. */
const MIN_RATE_REFUSALS = 100;

/** Faults that only a broken client makes, of shape or of size. Unknown types are none: a newer client may send them. */
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

  constructor(
    private readonly limits: ConductLimits,
    nowMs: number,
  ) {
    this.heardAtMs = nowMs;
    this.messages = new TokenBucket(limits.messagesPerS, nowMs);
    this.bytes = new TokenBucket(limits.bytesPerS, nowMs);
    this.work = new WorkBudget(limits.workMsPerS, nowMs);
  }

  /**
   * The peer was heard from, with a frame of this size; whether that is within its rate, and its frames so far within the
   * time that they may take. A frame that is not must be refused unread.
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

  /** A frame took that long. True when the budget is used up by it, for the first time since the connection was calm. */
  charge(workMs: number): boolean {
    return this.work.charge(workMs);
  }

  /** A frame was refused: what the connection has to be closed with for it; null when it lives on. */
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
   * Decides what to do about its silence. A frame that is still on its way says nothing: it may drip in for ever, and its sender
   * cannot answer a ping in the middle of it. So the one deadline for silence also ends a frame that is never finished.
   */
  dueFor(nowMs: number): 'nothing' | 'ping' | 'close' {
    const { heartbeatMs, heartbeatTimeoutMs } = this.limits;
    const silentMs = nowMs - this.heardAtMs;
    if (silentMs >= heartbeatMs + heartbeatTimeoutMs) return 'close';
    if (silentMs < heartbeatMs || this.isPinged) return 'nothing';
    this.isPinged = true;
    return 'ping';
  }

  private isCalm(): boolean {
    return this.messages.isCalm() && this.bytes.isCalm() && this.work.isCalm();
  }
}
