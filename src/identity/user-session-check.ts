/**
 * Compares the user sessions that have sockets on this node with the store, when this node may have missed an order: after
 * a loss on the bus, and when it holds its lease again.
 */
import type { UserSessionStore } from '../ports/user-session-store.js';
import { FORGOTTEN, overNews } from './user-session-news.js';
import type { UserSessionSockets } from './user-session-sockets.js';

/** Sessions that are read at once: more would hold up the node's other calls. */
const READ_AT_ONCE = 100;

export interface UserSessionCheckDeps {
  readonly store: Pick<UserSessionStore, 'get'>;
  readonly sockets: Pick<UserSessionSockets, 'watched' | 'tell'>;
}

/** Closes the sockets of sessions that are over. Rejects with `store_unavailable`. */
export async function checkUserSessions({ store, sockets }: UserSessionCheckDeps): Promise<void> {
  const ids = sockets.watched();
  for (let at = 0; at < ids.length; at += READ_AT_ONCE) {
    const part = ids.slice(at, at + READ_AT_ONCE);
    const sessions = await Promise.all(part.map((id) => store.get(id)));
    for (const [i, id] of part.entries()) {
      const session = sessions[i] ?? null;
      if (session === null) sockets.tell(id, FORGOTTEN);
      else if (session.status !== 'active') sockets.tell(id, overNews(session));
    }
  }
}
