/**
 * Tells where users are: in which relay sessions, with which sockets, at which nodes. Asks all live nodes what they
 * hold, and keeps nothing itself (docs/adr/0020).
 */
import type { NodeId, UserId } from '../../protocol/ids.js';
import type { Clock } from '../../ports/clock.js';
import type { NodeCalls } from '../../ports/node-calls.js';
import type { Placement } from '../../ports/placement.js';
import type { OpenSockets } from '../../sockets/open-sockets.js';
import type { MembersByUser } from '../room/members-by-user.js';
import { presenceOf, type HoldingsByNode, type Presence, type PresenceScope } from './presence-view.js';
import { FIND_USERS, type HeldMember, type HeldSocket, type Holdings } from './presence-call.js';

/** How old and how complete an answer is. */
export interface Freshness {
  /** When the nodes were asked. */
  readonly asOfMs: number;
  /** How much older than `asOfMs` a part of the answer may be. */
  readonly maxStalenessMs: number;
  /** Live nodes that did not answer in time: what they hold is missing. */
  readonly nodesTimedOut: readonly NodeId[];
}

export interface UserPresenceDeps {
  readonly membersByUser: MembersByUser;
  readonly openSockets: OpenSockets;
  readonly placement: Pick<Placement, 'self'>;
  readonly calls: NodeCalls;
  readonly clock: Clock;
  /** How long a node may run before this one knows it; 0 where there is one node. */
  readonly nodesKnownWithinMs: number;
}

export class UserPresence {
  constructor(private readonly deps: UserPresenceDeps) {}

  /** Answers the questions of other nodes from now on. */
  serve(): void {
    this.deps.calls.serve(FIND_USERS, ({ userIds }) => this.holdings(userIds));
  }

  /** Needs no store. Never rejects. */
  async ofUser(scope: PresenceScope, userId: UserId): Promise<Freshness & { readonly user: Presence }> {
    const { all, ...freshness } = await this.ask([userId]);
    return { ...freshness, user: presenceOf(userId, scope, all) };
  }

  /** Like `ofUser`, in the order of `userIds`. Asks each node once, whatever the number of users. */
  async ofUsers(scope: PresenceScope, userIds: readonly UserId[]): Promise<Freshness & { readonly users: Presence[] }> {
    const { all, ...freshness } = await this.ask([...new Set(userIds)]);
    return { ...freshness, users: userIds.map((userId) => presenceOf(userId, scope, all)) };
  }

  private async ask(userIds: readonly UserId[]): Promise<Freshness & { readonly all: HoldingsByNode }> {
    const { calls, clock, placement, nodesKnownWithinMs: maxStalenessMs } = this.deps;
    const asOfMs = clock.nowMs();
    const { answers, missing: nodesTimedOut } = await calls.askAll(FIND_USERS, { userIds });
    const all = new Map([...answers, [placement.self, this.holdings(userIds)]]);
    return { all, asOfMs, maxStalenessMs, nodesTimedOut };
  }

  private holdings(userIds: readonly UserId[]): Holdings {
    return {
      members: userIds.flatMap((userId) => this.membersOf(userId)),
      sockets: userIds.flatMap((userId) => this.socketsOf(userId)),
    };
  }

  private membersOf(userId: UserId): HeldMember[] {
    return this.deps.membersByUser.of(userId).flatMap(({ member: { index, standing }, room }) => {
      if (standing.kind !== 'connected' && standing.kind !== 'away') return [];
      const { id: sessionId, projectId, homeEpoch } = room.session;
      const connected = standing.kind === 'connected';
      return { userId, sessionId, projectId, homeEpoch, index, role: room.roleOf(index), connected };
    });
  }

  private socketsOf(userId: UserId): HeldSocket[] {
    return this.deps.openSockets.of(userId).map(({ seatName, userSessionId }) => ({
      userId,
      seatName,
      userSessionId,
    }));
  }
}
