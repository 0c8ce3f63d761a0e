/** Acts on one control frame of a member. Rejects with the failure that the member is told. */
import type { ClientControl } from '../../protocol/client-control.js';
import { Failure } from '../../protocol/failure.js';
import { parseMemberIndex, type NodeId } from '../../protocol/ids.js';
import { encodePong } from '../../protocol/pong.js';
import type { RelayStore } from '../../ports/relay-store.js';
import type { Authorizations } from '../sessions/authorizations.js';
import type { Departures } from './departures.js';
import type { Member } from '../room/member.js';
import type { Room } from '../room/room.js';
import type { Rooms } from './rooms.js';
import type { RelaySessions } from '../sessions/relay-sessions.js';

export interface ControlHandlerDeps {
  readonly self: NodeId;
  /** Whether this node is certain to be the home still: only then does it know who is host. */
  readonly isHome: () => boolean;
  readonly store: RelayStore;
  readonly rooms: Rooms;
  readonly departures: Departures;
  readonly sessions: RelaySessions;
  readonly authorizations: Authorizations;
}

export class ControlHandler {
  constructor(private readonly deps: ControlHandlerDeps) {}

  async handle(frame: ClientControl, room: Room, member: Member): Promise<void> {
    switch (frame.type) {
      case 'ping':
        member.outlet?.send(encodePong(frame.t));
        return;
      case 'state':
        room.setState(member, frame.state);
        return;
      case 'leave':
        this.deps.departures.leave(room, member, 'left', 'left');
        return;
      case 'kick':
        await this.kick(room, member, frame.index, frame.reason);
        return;
      case 'host':
        await this.handOver(room, member, frame.index);
        return;
      case 'lock':
        this.requireHost(room, member);
        await this.deps.sessions.update('all', room.id, { locked: frame.locked });
        return;
    }
  }

  private async kick(room: Room, member: Member, index: number, detail: string | null): Promise<void> {
    this.requireHost(room, member);
    const target = parseMemberIndex(index);
    if (target === null || !room.members.has(index)) throw new Failure('unknown_member');
    if (target === member.index) throw new Failure('invalid_request', { message: 'The host cannot kick itself.' });
    const selector = { by: 'index', index: target } as const;
    await this.deps.authorizations.kick({ sessionId: room.id, scope: 'all', selector, ban: false }, detail);
  }

  private async handOver(room: Room, member: Member, index: number): Promise<void> {
    this.requireHost(room, member);
    const target = parseMemberIndex(index);
    if (target === null || !room.members.has(index)) throw new Failure('unknown_member');
    if (target === member.index) return;
    const home = { nodeId: this.deps.self, homeEpoch: room.session.homeEpoch };
    const host = await this.deps.store.handOverHost(room.id, home, room.host, target);
    if (host !== null) {
      room.applyHost(host);
      return;
    }
    // The store has another host or term: an earlier try succeeded and its reply was lost, or this node missed a
    // change.
    const now = await this.deps.rooms.hostNow(room);
    if (now !== null) room.applyHost(now);
    if (now?.index !== target) throw new Failure('stale_host');
  }

  /** Another home may have made another member host while this node could not renew its lease. */
  private requireHost(room: Room, member: Member): void {
    if (room.host.index !== member.index) throw new Failure('not_host');
    if (!this.deps.isHome()) throw new Failure('store_unavailable');
  }
}
