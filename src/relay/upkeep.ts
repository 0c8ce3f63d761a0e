/**
 * What is looked at once a second: sessions whose time is up are ended (in the store and on the sockets), sockets that are
 * behind go on or are given up, silent ones are pinged and then closed.
 */
import { Failure } from '../protocol/failure.js';
import type { Clock, Timer } from '../ports/clock.js';
import type { Log } from '../ports/log.js';
import type { RelayStore } from '../ports/relay-store.js';
import type { Connections } from './connection.js';
import type { Rooms } from './rooms.js';

const EVERY_MS = 1000;
const SWEEP_LIMIT = 200;

export interface UpkeepDeps {
  readonly store: RelayStore;
  readonly rooms: Rooms;
  readonly connections: Connections;
  readonly clock: Clock;
  readonly log: Log;
  /** Whether the store can be asked now. */
  readonly storeIsUp: () => boolean;
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
    for (const room of this.deps.rooms.all()) room.checkBehind();
    this.deps.connections.checkSilence();
    this.endLocallyExpired();
    await this.sweep();
  }

  /**
   * With the store away a session still ends for its sockets when its time is up. While it is there the store says so,
   * by its own clock: this node's may be wrong.
   */
  private endLocallyExpired(): void {
    const { rooms, clock, storeIsUp } = this.deps;
    if (storeIsUp()) return;
    const nowMs = clock.nowMs();
    for (const room of [...rooms.all()]) {
      if (room.session.expiresAtMs <= nowMs) rooms.end(room.id, 'session_expired');
    }
  }

  private async sweep(): Promise<void> {
    const { store, rooms } = this.deps;
    try {
      for (let swept = SWEEP_LIMIT; swept === SWEEP_LIMIT;) {
        const ids = await store.sweepExpired(SWEEP_LIMIT);
        for (const id of ids) rooms.end(id, 'session_expired');
        swept = ids.length;
      }
    } catch (error) {
      if (!(error instanceof Failure) || error.code !== 'store_unavailable') throw error;
    }
  }
}
