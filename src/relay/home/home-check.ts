/**
 * A home's checks. The node compares its rooms with the store every few seconds, and at once when it has reason to.
 * It ends each room when its time is up, whether or not the store answers, and puts back what the store has lost.
 */
import { Failure } from '../../protocol/failure.js';
import type { NodeId, SessionId } from '../../protocol/ids.js';
import type { Clock, Timer } from '../../ports/clock.js';
import type { Log } from '../../ports/log.js';
import type { Tallies } from '../../ports/metrics.js';
import { type HomeClaim, type HomeState } from '../../ports/relay-home.js';
import { OVER_KEPT_MS, type RelayStore } from '../../ports/relay-store.js';
import type { Departures } from './departures.js';
import { reconcile, type Sight } from './reconcile.js';
import { restorationOf } from './restoration.js';
import type { Room } from '../room/room.js';
import type { Rooms } from './rooms.js';

const LOOK_EVERY_MS = 250;
const CHECK_EVERY_MS = 2000;
/** How long a room outlives its end while the node asks the store whether the session was extended. */
const ASK_AT_END_MS = 1000;
/** The most rooms in one call: more would delay other work of the store and of this node. */
const CHECKED_AT_ONCE = 100;
/** After this long without an answer, a home can no longer tell a lost session from one that is over. */
const MAX_UNCONFIRMED_MS = OVER_KEPT_MS - 60_000;

export interface HomeCheckDeps {
  readonly store: RelayStore;
  readonly rooms: Rooms;
  readonly departures: Departures;
  readonly self: NodeId;
  readonly clock: Clock;
  readonly log: Log;
  readonly tallies: Tallies;
  /** Whether the store can be asked now. */
  readonly storeIsUp: () => boolean;
}

export class HomeCheck {
  private timer: Timer | null = null;
  private isStopped = false;
  private wasUp = true;
  private checkedAtMs = -Infinity;
  private readonly running = new Map<Room, Promise<void>>();

  constructor(private readonly deps: HomeCheckDeps) {}

  start(): void {
    this.timer = this.deps.clock.after(LOOK_EVERY_MS, () => {
      if (this.isStopped) return;
      this.look();
      this.start();
    });
  }

  stop(): void {
    this.isStopped = true;
    this.timer?.cancel();
  }

  /** Checks every room. Rejects with `store_unavailable` when a room could not be checked or put back. */
  async checkAll(): Promise<void> {
    await Promise.allSettled(this.running.values());
    await this.check([...this.deps.rooms.all()]);
  }

  /**
   * After the store said that it does not know the session: whether asking again makes sense, because its room is
   * here.
   */
  async isHere(id: SessionId): Promise<boolean> {
    const room = this.deps.rooms.find(id);
    if (room === null) return false;
    await this.check([room]);
    return this.deps.rooms.find(id) === room;
  }

  /** Checks the rooms of these sessions that are here. */
  async checkThose(ids: readonly SessionId[]): Promise<void> {
    await this.check(ids.map((id) => this.deps.rooms.find(id)).filter((room) => room !== null));
  }

  private look(): void {
    const { rooms, clock, storeIsUp } = this.deps;
    const nowMs = clock.monotonicMs();
    const isUp = storeIsUp();
    // The store that answers now may be a copy that lags behind the one that was lost.
    if (isUp && !this.wasUp) {
      for (const room of rooms.all()) {
        room.copy.isSuspect = true;
        room.durable?.doubt();
      }
    }
    this.wasUp = isUp;
    this.endOverdue(isUp ? nowMs - ASK_AT_END_MS : nowMs);
    if (!isUp) return;
    const isTime = nowMs - this.checkedAtMs >= CHECK_EVERY_MS;
    if (isTime) this.checkedAtMs = nowMs;
    const due = [...rooms.all()].filter(({ copy }) => isTime || copy.isSuspect || copy.endsAtMs <= nowMs);
    this.check(due.filter((room) => !this.running.has(room))).catch((error: unknown) => {
      if (!Failure.is(error, 'store_unavailable')) this.deps.log.error('home_check_failed', error);
    });
  }

  private endOverdue(beforeMs: number): void {
    const { rooms } = this.deps;
    for (const room of [...rooms.all()]) {
      if (room.copy.endsAtMs <= beforeMs) rooms.end(room.id, 'session_expired');
    }
  }

  /** Waits for rooms that another check already looks at. */
  private async check(rooms: readonly Room[]): Promise<void> {
    for (let at = 0; at < rooms.length; at += CHECKED_AT_ONCE) {
      const part = rooms.slice(at, at + CHECKED_AT_ONCE);
      const running = part.map((room) => this.running.get(room));
      // The next home follows what the store says of a room that moves.
      const free = part.filter((room) => !this.running.has(room) && room.hold === null);
      await Promise.all([...running, free.length === 0 ? null : this.checkFree(free)]);
    }
  }

  private checkFree(rooms: readonly Room[]): Promise<void> {
    const work = this.checkPart(rooms).finally(() => {
      for (const room of rooms) this.running.delete(room);
    });
    for (const room of rooms) this.running.set(room, work);
    return work;
  }

  private async checkPart(rooms: readonly Room[]): Promise<void> {
    const { store, self, clock } = this.deps;
    const nowMs = clock.monotonicMs();
    const asked = rooms.map((room) => ({ room, sight: { atMs: nowMs, term: room.host.term }, claim: claimOf(room) }));
    for (const room of rooms) room.copy.isSuspect = false;
    try {
      const states = await store.check(
        self,
        asked.map(({ claim }) => claim),
      );
      // Act on the answers before reporting: a kick by this node reports its own effect.
      await new Promise<void>((resolve) => {
        clock.endOfTurn(resolve);
      });
      await Promise.all(asked.map(({ room, sight }, at) => this.settle(room, sight, states[at])));
    } catch (error) {
      for (const { room, claim } of asked) if (claim.revision === null) room.copy.isSuspect = true;
      throw error;
    }
  }

  private async settle(room: Room, sight: Sight, state: HomeState | undefined): Promise<void> {
    const { rooms, departures } = this.deps;
    if (state === undefined || rooms.find(room.id) !== room || room.hold !== null) return;
    switch (state.state) {
      case 'same':
        room.copy.confirm(sight.atMs, state.leftMs);
        return;
      case 'changed': {
        const { storeHasLost, unclaimed } = reconcile(room, sight, state.held);
        room.copy.confirm(sight.atMs, state.leftMs);
        for (const seat of unclaimed) departures.leaveUnseen(room, seat);
        rooms.letGo(room);
        if (storeHasLost && room.members.size > 0) await this.restore(room, state.held.revision);
        return;
      }
      case 'elsewhere':
        rooms.end(room.id, 'moved');
        return;
      case 'ended':
        rooms.end(room.id, 'session_ended');
        return;
      case 'expired':
        rooms.end(room.id, 'session_expired');
        return;
      case 'missing':
        await this.settleMissing(room);
    }
  }

  /**
   * The store neither knows the session nor remembers its end: it has lost the session, unless too much time has
   * passed.
   */
  private async settleMissing(room: Room): Promise<void> {
    const { rooms, clock, log } = this.deps;
    const { endsAtMs, confirmedAtMs } = room.copy;
    const nowMs = clock.monotonicMs();
    if (endsAtMs <= nowMs) rooms.end(room.id, 'session_expired');
    else if (room.members.size === 0) rooms.end(room.id, 'session_ended');
    else if (nowMs - confirmedAtMs <= MAX_UNCONFIRMED_MS) await this.restore(room, null);
    else {
      log.warn('session_given_up', { session_id: room.id });
      rooms.end(room.id, 'store_unavailable');
    }
  }

  private async restore(room: Room, instead: number | null): Promise<void> {
    const { store, clock, tallies, log } = this.deps;
    const isBack = await store.restore(restorationOf(room, instead, clock.monotonicMs()));
    // Whether the restore succeeded or not, this node does not know what the store has now.
    room.copy.isSuspect = true;
    if (!isBack) return;
    tallies.sessionsRestored += 1;
    log.warn('session_restored', { session_id: room.id, members: room.members.size });
  }
}

function claimOf({ id, session, copy, members }: Room): HomeClaim {
  const revision = copy.isSuspect ? null : copy.revision;
  return { sessionId: id, homeEpoch: session.homeEpoch, revision, members: members.size };
}
