/**
 * How members go: a lost socket keeps its seat for the resume window, then it is given back; one that leaves gives it
 * back at once. The store decides each step; while it is away a step is tried again until it, or the session, is over.
 */
import { Failure } from '../../protocol/failure.js';
import type { NodeId } from '../../protocol/ids.js';
import type { LeftReason } from '../../protocol/server-control.js';
import type { Clock } from '../../ports/clock.js';
import type { Log } from '../../ports/log.js';
import type { Host, RelayStore, SeatHold } from '../../ports/relay-store.js';
import type { Member } from '../room/member.js';
import type { Room } from '../room/room.js';

const RETRY_MS = 1000;

/** What departures need of the rooms. */
export interface RoomKeeper {
  /** An empty one can go. */
  letGo(room: Room): void;
  /** The host as the store says it now; null when the session is gone. */
  hostNow(room: Room): Promise<Host | null>;
}

export interface DeparturesDeps {
  readonly store: RelayStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly self: NodeId;
  /** The time by the store's clock. */
  readonly storeNowMs: () => number;
}

export class Departures {
  private isStopped = false;

  constructor(private readonly deps: DeparturesDeps) {}

  /**
   * The node is going: sockets that are lost from now on are its own doing. Nobody is told, and the next home finds
   * the members connected and gives each a whole window.
   */
  stop(): void {
    this.isStopped = true;
  }

  /** The member's socket is lost: tell the others, keep the seat, and count down. */
  socketLost(keeper: RoomKeeper, room: Room, member: Member): void {
    room.detach(member);
    if (this.isStopped) return;
    room.announce({ type: 'member.away', index: member.index });
    this.keepSeat(keeper, room, member);
  }

  /** The member has no socket: the store is told that its window runs. */
  keepSeat(keeper: RoomKeeper, room: Room, member: Member): void {
    const hold = this.holdOf(room, member);
    this.untilDone(room, member, async () => {
      if (await this.deps.store.away(hold)) return;
      // The store knows less of this member than its home does, or more.
      room.copy.isSuspect = true;
    });
    this.expect(keeper, room, member, null);
  }

  /** Counts the resume window of a member that has no socket: to `untilMs` when the store has said so, else from now. */
  expect(keeper: RoomKeeper, room: Room, member: Member, untilMs: number | null): void {
    const { clock, storeNowMs } = this.deps;
    const { resumeWindowMs } = room.session;
    const leftMs = untilMs === null ? resumeWindowMs : Math.min(resumeWindowMs, Math.max(0, untilMs - storeNowMs()));
    member.departure?.cancel();
    member.departsAtMs = clock.monotonicMs() + leftMs;
    member.departure = clock.after(leftMs, () => {
      member.departure = null;
      this.leave(keeper, room, member, 'timeout');
    });
  }

  /** The member goes for good. The others hear of it once the store has given the seat back. */
  leave(
    keeper: RoomKeeper,
    room: Room,
    member: Member,
    reason: Extract<LeftReason, 'left' | 'timeout' | 'revoked' | 'ended'>,
  ): void {
    member.departure?.cancel();
    member.departure = null;
    const hold = this.holdOf(room, member);
    this.untilDone(room, member, async () => {
      const result = await this.deps.store.leave(hold);
      // Outdated: the seat went by another way, perhaps by an earlier try whose reply was lost, and the host with it.
      const host = result.outcome === 'left' ? result.host : await keeper.hostNow(room);
      // A newer socket took the seat while the store was asked: the member stays.
      if (member.connection !== hold.connection || member.outlet !== null) return;
      room.dropMember(member, reason, null);
      if (host !== null) room.applyHost(host);
      keeper.letGo(room);
    });
  }

  /** A seat was taken for a socket that never came: nobody was told of the member, so nobody is told that it goes. */
  leaveUnseen(keeper: RoomKeeper, room: Room, seat: Pick<SeatHold, 'index' | 'connection'>): void {
    const { store, clock, log, self } = this.deps;
    store.leave({ sessionId: room.id, nodeId: self, ...seat }).then(
      (result) => {
        if (result.outcome === 'left') room.applyHost(result.host);
        keeper.letGo(room);
      },
      (error: unknown) => {
        if (!Failure.isStoreAway(error)) log.error('departure_failed', error, { session_id: room.id });
        clock.after(RETRY_MS, () => {
          if (!this.isStopped) this.leaveUnseen(keeper, room, seat);
        });
      },
    );
  }

  /** Runs the step, and again each second while the store is away and the member is still in this state. */
  private untilDone(room: Room, member: Member, step: () => Promise<void>): void {
    const { connection } = member;
    step().catch((error: unknown) => {
      if (!Failure.isStoreAway(error)) this.deps.log.error('departure_failed', error, { session_id: room.id });
      this.deps.clock.after(RETRY_MS, () => {
        const isCurrent = room.members.get(member.index) === member && member.connection === connection;
        if (isCurrent && member.outlet === null && !this.isStopped) this.untilDone(room, member, step);
      });
    });
  }

  private holdOf(room: Room, { index, connection }: Member): SeatHold {
    return { sessionId: room.id, nodeId: this.deps.self, index, connection };
  }
}
