/** Looks about once a second for user sessions whose time is up, and has them acted on: within two seconds of their end. */
import { Failure } from '../protocol/failure.js';
import type { Clock, Timer } from '../ports/clock.js';
import type { Log } from '../ports/log.js';
import type { UserSessions } from './user-sessions.js';

const EVERY_MS = 1000;

export interface SessionSweepDeps {
  readonly sessions: Pick<UserSessions, 'sweep'>;
  readonly clock: Clock;
  readonly log: Log;
}

export class SessionSweep {
  private timer: Timer | null = null;
  private isStopped = false;

  constructor(private readonly deps: SessionSweepDeps) {}

  start(): void {
    if (this.isStopped) return;
    this.timer = this.deps.clock.after(EVERY_MS, () => {
      this.run().then(
        () => {
          this.start();
        },
        (error: unknown) => {
          this.deps.log.error('session_sweep_failed', error);
          this.start();
        },
      );
    });
  }

  /** A sweep that runs is not waited for: what it does not get to, the next node does. */
  stop(): void {
    this.isStopped = true;
    this.timer?.cancel();
  }

  private async run(): Promise<void> {
    try {
      for (let swept = 1; swept > 0 && !this.isStopped;) swept = await this.deps.sessions.sweep();
    } catch (error) {
      // The link to the store says itself when it is lost and when it is back.
      if (!Failure.isStoreAway(error)) throw error;
    }
  }
}
