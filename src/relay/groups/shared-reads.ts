import type { SessionId } from '../../protocol/ids.js';
import type { SessionWithSeats } from '../../ports/relay-seat.js';
import type { RelayStore } from '../../ports/relay-store.js';

type Read = Promise<SessionWithSeats | null>;

/**
 * Reads sessions whole. Callers that ask during a read of the same session share the next read. So each caller's read
 * begins after it asked, and a thousand callers that join at once do not read a thousand seats each.
 */
export class SharedReads {
  private readonly running = new Map<SessionId, Read>();
  private readonly following = new Map<SessionId, Read>();

  constructor(private readonly store: Pick<RelayStore, 'get'>) {}

  /** null when there is no such session. Rejects as the store does. */
  read(id: SessionId): Read {
    const running = this.running.get(id);
    if (running === undefined) return this.begin(id);
    const shared = this.following.get(id);
    if (shared !== undefined) return shared;
    const begin = (): Read => {
      this.following.delete(id);
      return this.begin(id);
    };
    const following = running.then(begin, begin);
    this.following.set(id, following);
    return following;
  }

  private begin(id: SessionId): Read {
    const read = this.store.get(id, 'all').finally(() => this.running.delete(id));
    this.running.set(id, read);
    return read;
  }
}
