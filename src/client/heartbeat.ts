/**
 * Keeps a connection alive, and notices when it is dead. Browsers do not show the gateway's WebSocket pings, so the
 * client sends ping frames: one whenever it has sent nothing, or received nothing, for half a heartbeat.
 */
import { deferred, type Deferred } from './deferred.js';
import { RelayError, type RelayErrorCode } from './relay-error.js';
import { setPatientTimer, type ClientTiming } from './timing.js';

export interface HeartbeatDeps {
  readonly timing: ClientTiming;
  readonly heartbeatMs: number;
  readonly sendPing: (t: number) => void;
  /** Nothing has arrived for two heartbeats, or for a few seconds after a check, although the client sent a ping. */
  readonly onDead: () => void;
}

interface Question extends Deferred<number> {
  readonly t: number;
  readonly askedAtMs: number;
}

const SHORTEST_HEARTBEAT_MS = 1_000;
/** How long a checked link may be silent. */
const CHECK_MS = 5_000;
/** A tick this much later than planned shows that the tab was frozen or the machine slept. */
const LATE_MS = 1_000;

export class Heartbeat {
  private readonly periodMs: number;
  private sentAtMs: number;
  private receivedAtMs: number;
  /** When the ping was sent after which no frame has arrived yet; null: no such ping. */
  private silentSinceMs: number | null = null;
  private question: Question | null = null;
  private lastT = 0;
  private tickDueMs = 0;
  private cancelTimer: () => void = () => undefined;
  private cancelCheck: (() => void) | null = null;

  constructor(private readonly deps: HeartbeatDeps) {
    this.periodMs = Math.max(SHORTEST_HEARTBEAT_MS, deps.heartbeatMs) / 2;
    this.sentAtMs = deps.timing.nowMs();
    this.receivedAtMs = this.sentAtMs;
    this.tickLater();
  }

  onSent(): void {
    this.sentAtMs = this.deps.timing.nowMs();
  }

  onReceived(): void {
    this.receivedAtMs = this.deps.timing.nowMs();
    this.silentSinceMs = null;
    this.endCheck();
  }

  /** Asks whether the link still works, and waits a few seconds for any frame. A check under way goes on. */
  check(): void {
    if (this.cancelCheck !== null) return;
    const { timing, onDead, sendPing } = this.deps;
    this.cancelCheck = setPatientTimer(timing, Math.min(CHECK_MS, 3 * this.periodMs), onDead);
    sendPing(0);
  }

  /** The round trip in whole milliseconds. Calls while one is under way share its answer. */
  ask(): Promise<number> {
    if (this.question !== null) return this.question.promise;
    this.lastT += 1;
    this.question = { ...deferred<number>(), t: this.lastT, askedAtMs: this.deps.timing.nowMs() };
    this.deps.sendPing(this.lastT);
    return this.question.promise;
  }

  onPong(t: unknown): void {
    if (this.question === null || t !== this.question.t) return;
    this.question.resolve(Math.round(this.deps.timing.nowMs() - this.question.askedAtMs));
    this.question = null;
  }

  stop(): void {
    this.cancelTimer();
    this.endCheck();
    this.fail('not_connected', 'The link was lost before the answer came.');
  }

  private readonly tick = (): void => {
    const nowMs = this.deps.timing.nowMs();
    if (nowMs - this.tickDueMs >= LATE_MS) {
      // The answers may have arrived and wait behind this timer.
      this.check();
      this.tickLater();
      return;
    }
    if (this.question !== null && nowMs - this.question.askedAtMs >= 4 * this.periodMs) {
      this.fail('timeout', 'The ping was not answered.');
    }
    // Count from the ping, not from the last frame, so that the gateway can still answer after the machine has slept.
    if (this.silentSinceMs !== null && nowMs - this.silentSinceMs >= 3 * this.periodMs) {
      this.deps.onDead();
      return;
    }
    if (nowMs - this.receivedAtMs >= this.periodMs || nowMs - this.sentAtMs >= this.periodMs) {
      this.silentSinceMs ??= nowMs;
      this.deps.sendPing(0);
    }
    this.tickLater();
  };

  private tickLater(): void {
    this.tickDueMs = this.deps.timing.nowMs() + this.periodMs;
    this.cancelTimer = this.deps.timing.setTimer(this.periodMs, this.tick);
  }

  private endCheck(): void {
    this.cancelCheck?.();
    this.cancelCheck = null;
  }

  private fail(code: RelayErrorCode, message: string): void {
    this.question?.reject(new RelayError(code, message));
    this.question = null;
  }
}
