/** Looks about once a second for user sessions whose time is up and ends them, within two seconds of their end. */
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

  /** Does not wait for a running sweep: the next node handles what it leaves. */
  stop(): void {
    this.isStopped = true;
    this.timer?.cancel();
  }

  private async run(): Promise<void> {
    try {
      for (let swept = 1; swept > 0 && !this.isStopped;) swept = await this.deps.sessions.sweep();
    } catch (error) {
      // The link to the store logs its own loss and return.
      if (!Failure.is(error, 'store_unavailable')) throw error;
    }
  }
}
