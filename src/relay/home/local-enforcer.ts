/** Carries the store's decisions to the sockets of this node's rooms. */
import type { CloseName } from '../../protocol/close-codes.js';
import type { SessionId } from '../../protocol/ids.js';
import type { Enforcer, Reach, Removal, RemovalReason } from '../../ports/enforcer.js';
import type { RemovedUser, UserSelector } from '../../ports/relay-seat.js';
import type { RelaySession } from '../../ports/relay-session.js';
import type { Member } from '../room/member.js';
import type { Rooms } from './rooms.js';

/** The reach of a step that this node alone has taken, in this turn. */
function reached(closed: number): Promise<Reach> {
  return Promise.resolve({ closed, nodesAcked: 1, nodesTimedOut: 0 });
}

export class LocalEnforcer implements Enforcer {
  constructor(private readonly rooms: Rooms) {}

  remove(sessionId: SessionId, removed: RemovedUser, why: Removal): Promise<Reach> {
    const room = this.rooms.findSockets(sessionId);
    if (room === null) {
      const { index } = removed;
      return reached(index !== null && this.rooms.wasClosedEarly(sessionId, index) ? 1 : 0);
    }
    room.copy.forget(removed.userId);
    if (removed.index === null) {
      // No member left, but a creator that never connected may have passed the host role to a member here.
      room.applyHost(removed.host);
      return reached(0);
    }
    // The report counts a socket that a check has closed since the store decided.
    const wasConnected = room.remove(removed.index, why.reason, why.detail) || room.copy.wasClosedEarly(removed.index);
    room.applyHost(removed.host);
    this.rooms.letGo(room);
    return reached(wasConnected ? 1 : 0);
  }

  async removeForgotten(sessionId: SessionId, selector: UserSelector, detail: string | null): Promise<Reach> {
    const room = this.rooms.findSockets(sessionId);
    const forgotten = room === null ? [] : [...room.members.values()].filter((member) => matches(member, selector));
    if (room === null || forgotten.length === 0) return reached(0);
    const host = await this.rooms.hostNow(room);
    const closed = forgotten.filter((member) => room.drop(member, 'kicked', 'kicked', detail)).length;
    if (host !== null) room.applyHost(host);
    this.rooms.letGo(room);
    return reached(closed);
  }

  end(sessionId: SessionId, reason: Extract<CloseName, 'session_ended' | 'session_expired'>): Promise<Reach> {
    return reached(this.rooms.end(sessionId, reason));
  }

  update(session: RelaySession): Promise<Reach> {
    this.rooms.find(session.id)?.applySettings(session);
    return reached(0);
  }

  removeUnconfirmed(sessionId: SessionId, selector: UserSelector, reason: RemovalReason): number {
    const room = this.rooms.findSockets(sessionId);
    if (room === null) return 0;
    let closed = 0;
    for (const member of room.members.values()) {
      if (member.outlet === null || !matches(member, selector)) continue;
      // Only the socket can be closed now: the member stays away, with its seat, until the store answers again.
      member.outlet.close(reason);
      closed += 1;
    }
    return closed;
  }
}

function matches(member: Member, selector: UserSelector): boolean {
  switch (selector.by) {
    case 'index':
      return member.index === selector.index;
    case 'user_id':
      return member.userId === selector.userId;
    case 'token':
      return member.token === selector.token;
  }
}
