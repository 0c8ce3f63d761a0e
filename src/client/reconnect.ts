/** Decides whether and when to connect again, by the close code's range or by the answer to a refused handshake. */
import { adviceFor } from '../protocol/close-codes.js';
import type { RelayErrorCode } from './relay-error.js';
import type { Refusal } from './probe.js';
import type { ClientTiming } from './timing.js';

/** How a connection, or the attempt to make one, ended. */
export type ConnectionEnd =
  /** The socket was open, or closed with a code. */
  | { readonly by: 'close'; readonly code: number; readonly reason: string }
  /** The gateway answered the handshake over HTTP. */
  | { readonly by: 'refusal'; readonly refusal: Refusal; readonly cause?: unknown }
  /** There was no connection, and no reason is known. */
  | { readonly by: 'failure'; readonly reason: RelayErrorCode; readonly cause: unknown }
  /** No attempt can succeed on this platform or with this credential. */
  | { readonly by: 'fault'; readonly reason: RelayErrorCode; readonly cause: unknown }
  /** Nothing answers at the URL that a gateway named; the configured URL was not asked. */
  | { readonly by: 'dead_home'; readonly reason: string };

export type Plan =
  /** `floorMs`: how long the gateway asked the client to wait. */
  | { readonly next: 'wait'; readonly delayMs: number; readonly floorMs: number }
  /** The resume token is useless: connect at once with the credential. */
  | { readonly next: 'join' }
  | { readonly next: 'end'; readonly advice: 'done' | 'never' | 'back_off' };

export interface ReconnectLimits {
  readonly baseMs: number;
  readonly capMs: number;
  /** Infinity: never gives up. */
  readonly maxElapsedMs: number;
}

/** After a close that asks for a pause (41xx), the first wait is at most the base times this power of two. */
const BACK_OFF_STEP = 2;
const MOST_DOUBLINGS = 30;
/** Nodes that name each other are not asked in circles without a pause. */
const MOST_FOLLOWED = 3;
/** A connection that lived this long ends a run of failures. */
const STABLE_MS = 1_000;

export class Reconnect {
  private failures = 0;
  private downSinceMs = 0;
  private openedAtMs: number | null = null;
  /** Refusals in a row that named another URL and were followed at once. */
  private followed = 0;

  constructor(
    private readonly limits: ReconnectLimits,
    private readonly timing: ClientTiming,
  ) {}

  /** The first attempt begins. */
  begin(): void {
    this.downSinceMs = this.timing.nowMs();
  }

  opened(): void {
    this.openedAtMs = this.timing.nowMs();
    this.followed = 0;
  }

  /** `goawayInMs`: the rest of the time that `goaway` named; null without one. */
  planAfter(end: ConnectionEnd, hasResume: boolean, goawayInMs: number | null): Plan {
    this.noteDown();
    switch (end.by) {
      case 'close':
        return this.afterClose(end.code, goawayInMs);
      case 'refusal':
        return this.afterRefusal(end.refusal, hasResume);
      case 'failure':
        return this.wait(this.nextDelayMs());
      case 'dead_home':
        return this.pause(this.soonMs(), 0);
      case 'fault':
        return { next: 'end', advice: 'never' };
    }
  }

  private noteDown(): void {
    if (this.openedAtMs === null) return;
    const nowMs = this.timing.nowMs();
    if (nowMs - this.openedAtMs >= STABLE_MS) this.failures = 0;
    this.openedAtMs = null;
    this.downSinceMs = nowMs;
  }

  private afterClose(code: number, goawayInMs: number | null): Plan {
    const advice = adviceFor(code);
    switch (advice) {
      case 'done':
      case 'never':
        return { next: 'end', advice };
      case 'at_once':
        return this.wait(this.failures === 0 ? 0 : this.nextDelayMs(), Math.max(0, goawayInMs ?? 0));
      case 'back_off':
        if (code >= 4100) this.failures = Math.max(this.failures, BACK_OFF_STEP);
        return this.wait(this.nextDelayMs());
    }
  }

  private afterRefusal({ isFinal, retryAfterMs, url }: Refusal, hasResume: boolean): Plan {
    if (url !== null && this.followed < MOST_FOLLOWED) {
      this.followed += 1;
      return { next: 'wait', delayMs: 0, floorMs: 0 };
    }
    if (!isFinal) return this.wait(retryAfterMs + this.nextDelayMs(), retryAfterMs);
    return hasResume ? { next: 'join' } : { next: 'end', advice: 'never' };
  }

  /** Full jitter: a random time up to the base, doubled by each failure, and at most the cap. */
  private nextDelayMs(): number {
    const { baseMs, capMs } = this.limits;
    return this.timing.random() * Math.min(capMs, baseMs * 2 ** this.failures);
  }

  /** The wait for an attempt that has better chances than the last one. */
  soonMs(): number {
    return this.timing.random() * this.limits.baseMs;
  }

  private wait(delayMs: number, floorMs = 0): Plan {
    this.failures = Math.min(this.failures + 1, MOST_DOUBLINGS);
    return this.pause(Math.max(delayMs, floorMs), floorMs);
  }

  private pause(delayMs: number, floorMs: number): Plan {
    const downMs = this.timing.nowMs() - this.downSinceMs;
    if (downMs + delayMs > this.limits.maxElapsedMs) return { next: 'end', advice: 'back_off' };
    return { next: 'wait', delayMs, floorMs };
  }
}
