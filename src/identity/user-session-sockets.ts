/**
 * The watchers of user sessions on this node: session sockets, and members bound to one. Carries the store's
 * decisions to them; decides nothing.
 */
import type { UserSessionId } from '../protocol/ids.js';
import type { UserSessionPush } from '../protocol/server-control.js';
import type { Reach } from '../ports/enforcer.js';
import type { UserSessionEnforcer } from '../ports/user-session-enforcer.js';
import type { UserSession, UserSessionStatus } from '../ports/user-session-store.js';
import type { UserSessionWatches, Watch, Watcher } from '../ports/user-session-watches.js';

type Over = Parameters<Watcher['onOver']>;

export class UserSessionSockets implements UserSessionEnforcer, UserSessionWatches {
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

  touched(session: UserSession): Promise<Reach> {
    const push = { type: 'user_session.touched', session: viewOf(session) } as const;
    for (const watch of this.of(session.id)) watch.onTouched(push);
    return reached(0);
  }

  over(session: UserSession): Promise<Reach> {
    const push = { type: OVER_PUSHES[session.status], session: viewOf(session) };
    const close = session.status === 'revoked' ? 'revoked' : 'user_session_ended';
    return reached(this.of(session.id).filter((watch) => watch.onOver(push, close)).length);
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

const OVER_PUSHES: Readonly<Record<UserSessionStatus, UserSessionPush['type']>> = {
  removed: 'user_session.removed',
  revoked: 'user_session.revoked',
  ended: 'user_session.ended',
  expired: 'user_session.ended',
  abandoned: 'user_session.ended',
  replaced: 'user_session.ended',
  // These sessions are not over, so no such push is sent.
  active: 'user_session.ended',
  pending: 'user_session.ended',
};

function viewOf(session: UserSession): UserSessionPush['session'] {
  return {
    id: session.id,
    user_id: session.userId,
    status: session.status,
    last_active_at: session.lastActiveAtMs,
    last_active_organization_id: session.organizationId,
    expire_at: session.expireAtMs,
    abandon_at: session.abandonAtMs,
  };
}

/** Reaches this node only, in the same turn. */
function reached(closed: number): Promise<Reach> {
  return Promise.resolve({ closed, nodesAcked: 1, nodesTimedOut: 0 });
}
