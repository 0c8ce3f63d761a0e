/** A member that is bound to a user session: it hears what becomes of it, and goes when it is over. */
import type { CloseName } from '../../protocol/close-codes.js';
import { encodeControl, type UserSessionPush } from '../../protocol/server-control.js';
import type { Watcher } from '../../ports/user-session-watches.js';
import type { Departures, RoomKeeper } from './departures.js';
import type { Member } from '../room/member.js';
import type { Room } from '../room/room.js';

export class BoundMember implements Watcher {
  constructor(
    private readonly departures: Departures,
    private readonly keeper: RoomKeeper,
    private readonly room: Room,
    private readonly member: Member,
  ) {}

  onTouched(push: UserSessionPush): void {
    this.member.outlet?.send(encodeControl(push));
  }

  /** The seat is given up as well, whether or not there is a socket: no credential of this binding opens it again. */
  onOver(push: UserSessionPush, close: Extract<CloseName, 'revoked' | 'user_session_ended'>): boolean {
    const { departures, keeper, room, member } = this;
    room.flush();
    // Before it is detached: from then on it gets nothing but its close.
    member.outlet?.send(encodeControl(push));
    const outlet = room.detach(member);
    outlet?.close(close);
    member.over = close === 'revoked' ? 'revoked' : 'ended';
    departures.leave(keeper, room, member, member.over);
    return outlet !== null;
  }
}
