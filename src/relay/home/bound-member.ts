/** A member bound to a user session: it is told what happens to that session, and leaves when the session is over. */
import type { CloseName } from '../../protocol/close-codes.js';
import { encodeControl, type UserSessionPush } from '../../protocol/server-control.js';
import type { Watcher } from '../../ports/user-session-watches.js';
import type { Member } from '../room/member.js';
import type { Room } from '../room/room.js';
import type { Departures } from './departures.js';

export class BoundMember implements Watcher {
  constructor(
    private readonly departures: Departures,
    private readonly room: Room,
    private readonly member: Member,
  ) {}

  onTouched(push: UserSessionPush): void {
    this.member.outlet?.send(encodeControl(push));
  }

  /** The member gives up its seat even without a socket: no credential of this binding opens the seat again. */
  onOver(push: UserSessionPush | null, close: Extract<CloseName, 'revoked' | 'user_session_ended'>): boolean {
    const { departures, room, member } = this;
    room.flush();
    if (push !== null) member.outlet?.send(encodeControl(push));
    return departures.leave(room, member, close === 'revoked' ? 'revoked' : 'ended', close);
  }
}
