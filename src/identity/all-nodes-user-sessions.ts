/** Carries the store's decisions about user sessions to the sockets of every node: this node's at once, the others' by orders. */
import { finite, object, oneOf, orNull, text, type Shape } from '../lib/shape.js';
import { userSession } from '../protocol/control-frames.js';
import { parseUserSessionId, type UserSessionId } from '../protocol/ids.js';
import type { Reach } from '../ports/enforcer.js';
import { callKind, type NodeCalls } from '../ports/node-calls.js';
import type { UserSessionEnforcer } from '../ports/user-session-enforcer.js';
import type { UserSession } from '../ports/user-session-store.js';
import { overNews, touchedNews } from './user-session-news.js';
import type { UserSessionSockets } from './user-session-sockets.js';

const id: Shape<UserSessionId> = {
  label: 'user session id',
  is: (value): value is UserSessionId => text.is(value) && parseUserSessionId(value) !== null,
};

const TELL = callKind(
  'user_session.tell',
  object({
    id,
    push: orNull(
      object({
        type: oneOf('user_session.touched', 'user_session.ended', 'user_session.removed', 'user_session.revoked'),
        session: userSession,
      }),
    ),
    close: orNull(oneOf('revoked', 'user_session_ended')),
  }),
  finite,
);

export interface AllNodesUserSessionsDeps {
  /** The sockets of this node. */
  readonly sockets: Pick<UserSessionSockets, 'tell'>;
  readonly calls: NodeCalls;
}

export class AllNodesUserSessions implements UserSessionEnforcer {
  constructor(private readonly deps: AllNodesUserSessionsDeps) {}

  /** Obeys the orders of other nodes from now on. */
  serve(): void {
    const { sockets, calls } = this.deps;
    calls.serve(TELL, ({ id: sessionId, ...news }) => sockets.tell(sessionId, news));
  }

  touched(session: UserSession): void {
    const { sockets, calls } = this.deps;
    const news = touchedNews(session);
    sockets.tell(session.id, news);
    calls.announce(TELL, { id: session.id, ...news });
  }

  async over(session: UserSession): Promise<Reach> {
    const { sockets, calls } = this.deps;
    const news = overNews(session);
    const closed = sockets.tell(session.id, news);
    const others = await calls.order(TELL, { id: session.id, ...news });
    return { closed: closed + others.closed, nodesAcked: 1 + others.nodesAcked, nodesTimedOut: others.nodesTimedOut };
  }
}
