/** What backends ask of, and say to, a session that is live: its members, and messages into it. */
import { Failure } from '../../protocol/failure.js';
import { NO_STATE } from '../../protocol/presence.js';
import type { SessionId } from '../../protocol/ids.js';
import type { Clock } from '../../ports/clock.js';
import type { Placement } from '../../ports/placement.js';
import type { ProjectScope, RelayStore } from '../../ports/relay-store.js';
import { acceptBackendMessage, type AcceptRules, type BackendMessage } from '../room/accept.js';
import type { MemberStatus } from '../room/member.js';
import { statusesOf } from '../room/views.js';
import type { Rooms } from '../home/rooms.js';

export interface MembersReport {
  readonly members: readonly MemberStatus[];
  readonly asOfMs: number;
  /** How old the answer can be at most: 0 from the home itself. */
  readonly maxStalenessMs: number;
}

export interface LiveDeps {
  readonly store: RelayStore;
  readonly rooms: Rooms;
  readonly placement: Pick<Placement, 'self' | 'find'>;
  readonly clock: Clock;
  readonly rules: AcceptRules;
}

/** For as long a node that died is still taken for alive: its lease, and the second until that is heard of. */
const DEAD_HOME_UNNOTICED_MS = 4000;

export class LiveSessions {
  constructor(private readonly deps: LiveDeps) {}

  /** Rejects with `session_not_found`. */
  async members(scope: ProjectScope, id: SessionId): Promise<MembersReport> {
    const { store, rooms, placement, clock } = this.deps;
    const found = await store.get(id, scope);
    if (found === null) throw new Failure('session_not_found');
    const room = rooms.find(id);
    const asOfMs = clock.nowMs();
    if (room !== null) return { members: statusesOf(room), asOfMs, maxStalenessMs: 0 };
    const { host, homeNodeId } = found.session;
    // Sockets live on a home: without one, or with one that is gone, nobody is connected.
    const homeLives = homeNodeId !== null && homeNodeId !== placement.self && placement.find(homeNodeId) !== null;
    const members = found.seats.flatMap(({ userId, member }) =>
      member === null
        ? []
        : [
            {
              index: member.index,
              userId,
              role: member.index === host.index ? ('host' as const) : ('client' as const),
              connected: homeLives && member.awayUntilMs === null,
              state: NO_STATE,
              joinedAtMs: member.joinedAtMs,
              dropped: null,
            },
          ],
    );
    return { members, asOfMs, maxStalenessMs: homeLives ? DEAD_HOME_UNNOTICED_MS : 0 };
  }

  /**
   * Sends an entry as the backend (sender index 65535). `seq` is the entry's number for class reliable, else null.
   * Rejects with `session_not_found`, `unknown_member`, `message_too_big` or `store_unavailable`.
   */
  async send(
    scope: ProjectScope,
    id: SessionId,
    message: BackendMessage,
  ): Promise<{ readonly seq: number | null; readonly receivers: number }> {
    const { store, rooms, rules } = this.deps;
    // Before the store is asked.
    if (message.payload.length > rules.maxMessageBytes) throw new Failure('message_too_big');
    const live = rooms.find(id);
    const isSeen =
      live === null ? (await store.get(id, scope)) !== null : scope === 'all' || live.session.projectId === scope;
    if (!isSeen) throw new Failure('session_not_found');
    const room = await rooms.open(id);
    try {
      return acceptBackendMessage(room, message, rules);
    } finally {
      rooms.release(room);
    }
  }
}
