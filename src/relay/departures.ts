/**
 * How members go: a lost socket keeps its seat for the resume window, then it is given back; one that leaves gives it
 * back at once. The store decides each step; while it is away a step is tried again until it, or the session, is over.
 */
import { Failure } from '../protocol/failure.js';
import type { LeftReason } from '../protocol/server-control.js';
import type { Clock } from '../ports/clock.js';
import type { Log } from '../ports/log.js';
import type { RelayStore, SeatHold } from '../ports/relay-store.js';
import type { Member } from './member.js';
import type { Room } from './room.js';

const RETRY_MS = 1000;

/** What departures need of the rooms: an empty one can go. */
export interface RoomKeeper {
  letGo(room: Room): void;
}

export interface DeparturesDeps {
  readonly store: RelayStore;
  readonly clock: Clock;
  readonly log: Log;
}

export class Departures {
  constructor(private readonly deps: DeparturesDeps) {}

  /** The member's socket is lost: tell the others, keep the seat, and count down. */
  socketLost(keeper: RoomKeeper, room: Room, member: Member): void {
    room.detach(member);
    room.announce({ type: 'member.away', index: member.index });
    const hold = holdOf(room, member);
    this.untilDone(room, member, async () => {
      await this.deps.store.away(hold);
    });
    this.expect(keeper, room, member);
  }

  /** Counts the resume window of a member that has no socket. */
  expect(keeper: RoomKeeper, room: Room, member: Member): void {
    member.departure?.cancel();
    member.departure = this.deps.clock.after(room.session.resumeWindowMs, () => {
      member.departure = null;
      this.leave(keeper, room, member, 'timeout');
    });
  }

  /** The member goes for good. The others hear of it once the store has given the seat back. */
  leave(keeper: RoomKeeper, room: Room, member: Member, reason: Extract<LeftReason, 'left' | 'timeout'>): void {
    const hold = holdOf(room, member);
    this.untilDone(room, member, async () => {
      const result = await this.deps.store.leave(hold);
      // A newer socket took the seat while the store was asked: the member stays.
      if (member.connection !== hold.connection || member.outlet !== null) return;
      room.dropMember(member, reason, null);
      if (result.outcome === 'left') room.applyHost(result.host);
      keeper.letGo(room);
    });
  }

  /** A seat was taken for a socket that never came: nobody was told of the member, so nobody is told that it goes. */
  leaveUnseen(room: Room, hold: SeatHold): void {
    const { store, clock, log } = this.deps;
    store.leave(hold).then(
      (result) => {
        if (result.outcome === 'left') room.applyHost(result.host);
      },
      (error: unknown) => {
        if (!isAway(error)) log.error('departure_failed', error, { session_id: room.id });
        clock.after(RETRY_MS, () => {
          this.leaveUnseen(room, hold);
        });
      },
    );
  }

  /** Runs the step, and again each second while the store is away and the member is still in this state. */
  private untilDone(room: Room, member: Member, step: () => Promise<void>): void {
    const { connection } = member;
    step().catch((error: unknown) => {
      if (!isAway(error)) this.deps.log.error('departure_failed', error, { session_id: room.id });
      this.deps.clock.after(RETRY_MS, () => {
        const isCurrent = room.members.get(member.index) === member && member.connection === connection;
        if (isCurrent && member.outlet === null) this.untilDone(room, member, step);
      });
    });
  }
}

function isAway(error: unknown): boolean {
  return error instanceof Failure && error.code === 'store_unavailable';
}

function holdOf(room: Room, member: Member): SeatHold {
  return { sessionId: room.id, index: member.index, connection: member.connection };
}
