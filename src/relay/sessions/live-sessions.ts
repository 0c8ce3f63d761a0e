/**
 * Lists the members of a live session, and sends messages of backends into it. Only the session's home can do this;
 * other nodes ask the home.
 */
import { Failure } from '../../protocol/failure.js';
import { NO_STATE } from '../../protocol/presence.js';
import type { NodeId, SessionId } from '../../protocol/ids.js';
import type { Clock } from '../../ports/clock.js';
import type { NodeCalls } from '../../ports/node-calls.js';
import type { Placement } from '../../ports/placement.js';
import type { Seat } from '../../ports/relay-seat.js';
import type { Host, ProjectScope, RelaySession } from '../../ports/relay-session.js';
import type { RelayStore } from '../../ports/relay-store.js';
import { acceptBackendMessage, type AcceptRules, type BackendMessage } from '../room/accept.js';
import type { MemberStatus } from '../room/member.js';
import { LIST_MEMBERS, SEND_MESSAGE, type SentMessage } from './home-calls.js';
import { statusesOf } from '../room/views.js';
import type { Rooms } from '../home/rooms.js';

export interface MembersReport {
  readonly members: readonly MemberStatus[];
  /** When the question came. */
  readonly asOfMs: number;
  /** How much older than `asOfMs` the answer can be: 0, since the store and the home are asked after that. */
  readonly maxStalenessMs: number;
}

export interface LiveDeps {
  readonly store: RelayStore;
  readonly rooms: Rooms;
  readonly placement: Pick<Placement, 'self' | 'find' | 'choose' | 'draining'>;
  readonly calls: NodeCalls;
  readonly clock: Clock;
  readonly rules: AcceptRules;
}

export class LiveSessions {
  constructor(private readonly deps: LiveDeps) {}

  /** Answers the calls of other nodes about sessions whose home is here. */
  serve(): void {
    const { calls, rooms } = this.deps;
    calls.serve(LIST_MEMBERS, ({ sessionId }) => {
      const room = rooms.find(sessionId);
      return room === null ? null : statusesOf(room);
    });
    calls.serve(SEND_MESSAGE, ({ sessionId, payload, ...message }) =>
      this.sendHere(sessionId, { ...message, payload: Buffer.from(payload, 'base64') }),
    );
  }

  /** Rejects with `session_not_found`, or with `home_unreachable` when the home does not answer. */
  async members(scope: ProjectScope, id: SessionId): Promise<MembersReport> {
    const { store, clock } = this.deps;
    const asOfMs = clock.nowMs();
    const found = await store.get(id, scope);
    if (found === null) throw new Failure('session_not_found');
    const members = await this.membersAtHome(found.session);
    // While the first home was asked, the session may have moved away from it.
    const now = members === null ? ((await store.get(id, scope)) ?? found) : found;
    const hasMoved = now.session.homeNodeId !== found.session.homeNodeId;
    const membersNow = hasMoved ? await this.membersAtHome(now.session) : members;
    return {
      members: membersNow ?? now.seats.flatMap((seat) => withoutSocket(seat, now.session.host)),
      asOfMs,
      maxStalenessMs: 0,
    };
  }

  /**
   * Sends an entry as the backend (sender index 65535). `seq` is the entry's number for class reliable, else null.
   * Rejects with `session_not_found`, `unknown_member`, `message_too_big`, `store_unavailable` or `home_unreachable`.
   */
  async send(scope: ProjectScope, id: SessionId, message: BackendMessage): Promise<SentMessage> {
    const { store, rooms, rules } = this.deps;
    // Refuse it before asking the store.
    if (message.payload.length > rules.maxMessageBytes) throw new Failure('message_too_big');
    const live = rooms.find(id);
    if (live !== null) {
      if (scope !== 'all' && live.session.projectId !== scope) throw new Failure('session_not_found');
      if (live.hold === null) return this.sendHere(id, message);
      await live.hold.released;
    }
    const found = await store.get(id, scope);
    if (found === null) throw new Failure('session_not_found');
    return this.followingMoves(found.session, (home) => this.sendTo(home, id, message));
  }

  private sendTo(home: NodeId | null, id: SessionId, message: BackendMessage): Promise<SentMessage> {
    if (home === null) return this.sendHere(id, message);
    const { payload, ...others } = message;
    return this.deps.calls.ask(SEND_MESSAGE, home, {
      sessionId: id,
      ...others,
      payload: Buffer.from(payload).toString('base64'),
    });
  }

  /**
   * Asks the home, and once more when the session has moved meanwhile. A draining home without a room of the session
   * takes no more sessions: then this node asks for it, or another one when this node drains itself. `ask` gets null for
   * this node.
   */
  private async followingMoves<T>(session: RelaySession, ask: (home: NodeId | null) => Promise<T>): Promise<T> {
    const { store, placement } = this.deps;
    const first = this.otherHomeOf(session);
    try {
      return await ask(first);
    } catch (error) {
      if (!Failure.is(error, 'home_elsewhere') && !Failure.is(error, 'draining')) throw error;
      const found = await store.get(session.id, 'all');
      if (found === null) throw new Failure('session_not_found');
      const moved = this.otherHomeOf(found.session);
      if (moved !== null && moved !== first) return ask(moved);
      if (!placement.draining()) return ask(null);
      const other = placement.choose(found.session.filters);
      if (other === null) throw error;
      return ask(other.id);
    }
  }

  private async sendHere(id: SessionId, message: BackendMessage): Promise<SentMessage> {
    const { rooms, rules } = this.deps;
    const room = await rooms.open(id);
    try {
      // It may have begun to move between its opening and this turn.
      if (room.hold === null) return await acceptBackendMessage(room, message, rules);
    } finally {
      rooms.release(room);
    }
    return this.sendHere(id, message);
  }

  /** null: the session is live nowhere, so that nobody is connected. */
  private async membersAtHome(session: RelaySession): Promise<readonly MemberStatus[] | null> {
    const room = this.deps.rooms.find(session.id);
    if (room !== null) return statusesOf(room);
    const home = this.otherHomeOf(session);
    if (home === null) return null;
    const members = await this.deps.calls.ask(LIST_MEMBERS, home, { sessionId: session.id });
    return members?.map((member) => ({ ...member, metadata: member.metadata ?? null })) ?? null;
  }

  /** null: the home is this node, or it is not alive. */
  private otherHomeOf({ homeNodeId }: RelaySession): NodeId | null {
    const { placement } = this.deps;
    if (homeNodeId === null || homeNodeId === placement.self) return null;
    return placement.find(homeNodeId) === null ? null : homeNodeId;
  }
}

function withoutSocket({ userId, member }: Seat, host: Host): readonly MemberStatus[] {
  if (member === null) return [];
  const { index, joinedAtMs } = member;
  const role = index === host.index ? 'host' : 'client';
  return [{ index, userId, role, connected: false, state: NO_STATE, joinedAtMs, dropped: null, metadata: null }];
}
