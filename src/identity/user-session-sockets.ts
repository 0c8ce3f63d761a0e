/**
 * The watchers of user sessions on this node: session sockets, and members bound to one. Carries the store's
 * decisions to them; decides nothing.
 */
import type { UserSessionId } from '../protocol/ids.js';
import type { UserSessionPush } from '../protocol/server-control.js';
import type { UserSessionWatches, Watch, Watcher } from '../ports/user-session-watches.js';
import type { UserSessionNews } from './user-session-news.js';

type Over = Parameters<Watcher['onOver']>;

export class UserSessionSockets implements UserSessionWatches {
  private readonly watches = new Map<UserSessionId, Set<LiveWatch>>();

  watch(id: UserSessionId): Watch {
    const watches = this.watches.get(id) ?? new Set();
    const watch = new LiveWatch(() => {
      watches.delete(watch);
      if (watches.size === 0 && this.watches.get(id) === watches) this.watches.delete(id);
    });
    watches.add(watch);
    this.watches.set(id, watches);
    return watch;
  }

  /** The user sessions that are watched on this node. */
  watched(): readonly UserSessionId[] {
    return [...this.watches.keys()];
  }

  /** Tells this node's watchers. Returns how many sockets closed. */
  tell(id: UserSessionId, { push, close }: UserSessionNews): number {
    const watches = this.of(id);
    if (close !== null) return watches.filter((watch) => watch.onOver(push, close)).length;
    if (push !== null) for (const watch of watches) watch.onTouched(push);
    return 0;
  }

  /** A copy: a notified watcher may stop watching. */
  private of(id: UserSessionId): readonly LiveWatch[] {
    return [...(this.watches.get(id) ?? [])];
  }
}

class LiveWatch implements Watch {
  private watcher: Watcher | null = null;
  private over: Over | null = null;

  constructor(readonly stop: () => void) {}

  begin(watcher: Watcher): void {
    this.watcher = watcher;
    if (this.over !== null) watcher.onOver(...this.over);
  }

  onTouched(push: UserSessionPush): void {
    this.watcher?.onTouched(push);
  }

  onOver(...over: Over): boolean {
    this.over = over;
    this.stop();
    return this.watcher?.onOver(...over) ?? false;
  }
}
