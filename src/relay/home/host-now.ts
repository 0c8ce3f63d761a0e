import type { SessionId } from '../../protocol/ids.js';
import type { Host } from '../../ports/relay-session.js';
import type { RelayStore } from '../../ports/relay-store.js';

/** The host that the store names now; null when the session is gone. Rejects with `store_unavailable`. */
export async function hostNow(store: Pick<RelayStore, 'get'>, id: SessionId): Promise<Host | null> {
  const found = await store.get(id, 'all');
  return found?.session.host ?? null;
}
