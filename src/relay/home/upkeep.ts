/**
 * Runs twice a second. Removes expired sessions from the store, sends more to slow sockets, and closes those that are
 * too slow.
 */
import { Failure } from '../../protocol/failure.js';
import type { Clock, Timer } from '../../ports/clock.js';
import type { Log } from '../../ports/log.js';
import type { Tallies } from '../../ports/metrics.js';
import type { RelayStore } from '../../ports/relay-store.js';
import type { HomeCheck } from './home-check.js';
import type { Rooms } from './rooms.js';

/** Sessions are removed within 2 s of their end, 10,000 at a time too (F14). */
const EVERY_MS = 500;
const SWEEP_LIMIT = 200;

export interface UpkeepDeps {
  readonly store: RelayStore;
  readonly rooms: Rooms;
  readonly homeCheck: HomeCheck;
  readonly clock: Clock;
  readonly log: Log;
  readonly tallies: Pick<Tallies, 'relaySessionsExpired'>;
}

export class Upkeep {
  private timer: Timer | null = null;
  private isStopped = false;

  constructor(private readonly deps: UpkeepDeps) {}

  start(): void {
    this.timer = this.deps.clock.after(EVERY_MS, () => {
      this.run().then(
        () => {
          this.again();
        },
        (error: unknown) => {
          this.deps.log.error('upkeep_failed', error);
          this.again();
        },
      );
    });
  }

  stop(): void {
    this.isStopped = true;
    this.timer?.cancel();
  }

  private again(): void {
    if (!this.isStopped) this.start();
  }

  private async run(): Promise<void> {
    for (const room of this.deps.rooms.all()) room.checkSlow();
    await this.sweep();
  }

  private async sweep(): Promise<void> {
    const { store, homeCheck, tallies } = this.deps;
    try {
      for (let swept = 1; swept > 0 && !this.isStopped;) {
        const ids = await store.sweepExpired(SWEEP_LIMIT);
        tallies.relaySessionsExpired += ids.length;
        // Check instead of ending them: the store may have lost the session's extension.
        await homeCheck.checkThose(ids);
        swept = ids.length;
      }
    } catch (error) {
      if (!Failure.is(error, 'store_unavailable')) throw error;
    }
  }
}
