/** Puts together what the nodes hold of one user. */
import type { MemberIndex, NodeId, SessionId, UserId, UserSessionId } from '../../protocol/ids.js';
import type { ProjectScope } from '../../ports/relay-session.js';
import type { Role } from '../../protocol/server-control.js';
import { seatNameOf } from '../home/seat-name.js';
import type { HeldMember, Holdings } from './presence-call.js';

/** The part that the caller may see. */
export interface PresenceScope {
  readonly project: ProjectScope;
  /** Whether the answer names user sessions and counts their sockets. */
  readonly userSessions: boolean;
}

/** Where one user is. */
export interface Presence {
  readonly userId: UserId;
  readonly relaySessions: readonly PresentInRelay[];
  /** null: the caller may not see user sessions. */
  readonly userSessions: readonly PresentInUserSession[] | null;
  /** The nodes that hold a socket of the user. */
  readonly nodes: readonly NodeId[];
  /** The sockets of the sessions above. */
  readonly sockets: number;
}

/** A member of the user. */
export interface PresentInRelay {
  readonly sessionId: SessionId;
  readonly index: MemberIndex;
  readonly role: Role;
  readonly connected: boolean;
  /** The node that orders the session's frames. */
  readonly home: NodeId;
  /** The node that holds the member's socket; null: there is no socket, or its node did not answer. */
  readonly node: NodeId | null;
}

/** A user session with at least one session socket. */
export interface PresentInUserSession {
  readonly id: UserSessionId;
  readonly sockets: number;
  readonly nodes: readonly NodeId[];
}

export type HoldingsByNode = ReadonlyMap<NodeId, Holdings>;

export function presenceOf(userId: UserId, scope: PresenceScope, all: HoldingsByNode): Presence {
  const relaySessions = relaySessionsOf(userId, scope, all);
  const userSessions = scope.userSessions ? userSessionsOf(userId, all) : null;
  const holders = [...relaySessions.flatMap(({ node }) => node ?? []), ...(userSessions ?? []).flatMap(nodesOf)];
  const ofMembers = relaySessions.filter(({ connected }) => connected).length;
  const ofUserSessions = (userSessions ?? []).reduce((sum, { sockets }) => sum + sockets, 0);
  return { userId, relaySessions, userSessions, nodes: sorted(holders), sockets: ofMembers + ofUserSessions };
}

function relaySessionsOf(userId: UserId, { project }: PresenceScope, all: HoldingsByNode): PresentInRelay[] {
  const holders = seatHolders(userId, all);
  const newest = new Map<string, HeldMember & { readonly home: NodeId }>();
  for (const [home, { members }] of all) {
    for (const member of members) {
      if (member.userId !== userId || (project !== 'all' && member.projectId !== project)) continue;
      const seat = seatNameOf(member.sessionId, member.index);
      // A node that has lost the session without noticing may still have its member.
      if (member.homeEpoch > (newest.get(seat)?.homeEpoch ?? -1)) newest.set(seat, { ...member, home });
    }
  }
  return [...newest].map(([seat, { sessionId, index, role, connected, home }]) => {
    const node = connected ? (holders.get(seat) ?? null) : null;
    return { sessionId, index, role, connected, home, node };
  });
}

function seatHolders(userId: UserId, all: HoldingsByNode): ReadonlyMap<string, NodeId> {
  const holders = new Map<string, NodeId>();
  for (const [node, { sockets }] of all) {
    for (const socket of sockets) {
      if (socket.userId === userId && socket.seatName !== null) holders.set(socket.seatName, node);
    }
  }
  return holders;
}

function userSessionsOf(userId: UserId, all: HoldingsByNode): PresentInUserSession[] {
  const holders = new Map<UserSessionId, NodeId[]>();
  for (const [node, { sockets }] of all) {
    for (const { userId: owner, userSessionId: id } of sockets) {
      if (owner !== userId || id === undefined) continue;
      const nodes = holders.get(id);
      if (nodes === undefined) holders.set(id, [node]);
      else nodes.push(node);
    }
  }
  return [...holders].map(([id, nodes]) => ({ id, sockets: nodes.length, nodes: sorted(nodes) }));
}

function nodesOf({ nodes }: PresentInUserSession): readonly NodeId[] {
  return nodes;
}

/** Each once. */
function sorted(nodes: readonly NodeId[]): readonly NodeId[] {
  return [...new Set(nodes)].sort();
}
