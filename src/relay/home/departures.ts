/**
 * How members leave. The seat of a lost socket is kept for the resume window, then given back. A member that leaves
 * gives its seat back at once. The store decides each step. While the store is unavailable, the step is tried again
 * until it succeeds or the session is over.
 */
import type { CloseName } from '../../protocol/close-codes.js';
import { Failure } from '../../protocol/failure.js';
import type { NodeId } from '../../protocol/ids.js';
import type { Clock } from '../../ports/clock.js';
import type { Log } from '../../ports/log.js';
import type { SeatHold } from '../../ports/relay-join.js';
import type { RelayStore } from '../../ports/relay-store.js';
import type { LeavingReason, Member } from '../room/member.js';
import type { Room } from '../room/room.js';
import { hostNow } from './host-now.js';

const RETRY_MS = 1000;

export interface DeparturesDeps {
  readonly store: Pick<RelayStore, 'away' | 'leave' | 'get'>;
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
   * The node stops and closes its sockets itself. From now on, lost sockets are announced to nobody. The next home
   * finds the members connected and gives each a whole window.
   */
  stop(): void {
    this.isStopped = true;
  }

  /** The member's socket is lost: the others hear that it is away, and its resume window begins. */
  socketLost(room: Room, member: Member): void {
    room.keep(member, room.session.resumeWindowMs);
    // The next home finds the member connected, and gives it a whole window.
    if (this.isStopped || room.hold !== null) return;
    room.announceAway(member);
    this.tellAway(room, member);
  }

  /** The resume window of a member without a socket begins anew, here and in the store. */
  keepSeat(room: Room, member: Member): void {
    room.keep(member, room.session.resumeWindowMs);
    this.tellAway(room, member);
  }

  /**
   * How long the window of an away member still runs, in ms. It ends at `untilMs` by the store's clock; null: it is
   * whole.
   */
  leftOf(resumeWindowMs: number, untilMs: number | null): number {
    if (untilMs === null) return resumeWindowMs;
    return Math.min(resumeWindowMs, Math.max(0, untilMs - this.deps.storeNowMs()));
  }

  /**
   * The member goes for good. Its socket, if any, is closed with `close`. The others hear it when the store has given
   * the seat back. Returns whether there was a socket.
   */
  leave(room: Room, member: Member, reason: LeavingReason, close: CloseName | null): boolean {
    if ((this.isStopped || room.hold !== null) && reason === 'timeout') return false;
    const hadSocket = room.leave(member, reason, close);
    const hold = this.holdOf(room, member);
    this.untilDone(room, member, async () => {
      const result = await this.deps.store.leave(hold, reason);
      // Outdated: the seat is gone already, perhaps by an earlier try whose reply was lost, and the host may have
      // changed.
      const host = result.outcome === 'left' ? result.host : await hostNow(this.deps.store, room.id);
      // A newer socket took the seat while the store decided: the member stays.
      if (member.connection !== hold.connection || member.outlet !== null) return;
      room.drop(member, reason, null);
      if (host !== null) room.applyHost(host);
    });
    return hadSocket;
  }

  /**
   * Gives back a seat whose socket never came. The others never heard of the member, so they do not hear that it
   * goes.
   */
  leaveUnseen(room: Room, seat: Pick<SeatHold, 'index' | 'connection'>): void {
    const { store, clock, log } = this.deps;
    const { index, connection } = seat;
    store.leave({ ...this.homeOf(room), index, connection }, 'timeout').then(
      (result) => {
        if (result.outcome === 'left') room.applyHost(result.host);
      },
      (error: unknown) => {
        if (!Failure.is(error, 'store_unavailable')) log.error('departure_failed', error, { session_id: room.id });
        clock.after(RETRY_MS, () => {
          if (!this.isStopped) this.leaveUnseen(room, seat);
        });
      },
    );
  }

  private tellAway(room: Room, member: Member): void {
    const hold = this.holdOf(room, member);
    this.untilDone(room, member, async () => {
      if (await this.deps.store.away(hold)) return;
      // The store and the home know different things about this member: read the session whole at the next check.
      room.copy.isSuspect = true;
    });
  }

  /** Runs the step, and again each second while it fails and the member has neither come back nor gone. */
  private untilDone(room: Room, member: Member, step: () => Promise<void>): void {
    const { connection } = member;
    step().catch((error: unknown) => {
      if (!Failure.is(error, 'store_unavailable'))
        this.deps.log.error('departure_failed', error, { session_id: room.id });
      this.deps.clock.after(RETRY_MS, () => {
        const isCurrent = room.members.get(member.index) === member && member.connection === connection;
        if (isCurrent && member.outlet === null && !this.isStopped) this.untilDone(room, member, step);
      });
    });
  }

  private holdOf(room: Room, { index, connection }: Member): SeatHold {
    return { ...this.homeOf(room), index, connection };
  }

  private homeOf({ id, session }: Room): Omit<SeatHold, 'index' | 'connection'> {
    return { sessionId: id, nodeId: this.deps.self, homeEpoch: session.homeEpoch };
  }
}
