/**
 * The only way to open a user session. Banned, blocked and removed users get none, and neither does a user whose
 * password is no longer the one that was checked, even if that changes during the call.
 */
import { Failure } from '../protocol/failure.js';
import type { UserId } from '../protocol/ids.js';
import type { Clock } from '../ports/clock.js';
import type { UserRecord } from '../ports/directory-store.js';
import type { UserSession } from '../ports/user-session-store.js';
import type { OpenRequest, UserSessions } from './user-sessions.js';
import { standingOf, type Users } from './users.js';

export interface EntranceDeps {
  readonly users: Pick<Users, 'existing'>;
  readonly sessions: Pick<UserSessions, 'open' | 'finish'>;
  readonly clock: Clock;
}

export class Entrance {
  constructor(private readonly deps: EntranceDeps) {}

  /**
   * `shownHash` is the hash of the checked password; null when the sign-in used no password. Rejects with
   * `user_not_found`, `user_banned`, `user_blocked` (all also for the actor), `login_failed` (the password has changed)
   * or `too_many_sessions`.
   */
  async open(request: OpenRequest, shownHash: string | null = null): Promise<UserSession> {
    const { sessions } = this.deps;
    await this.mayEnter(request, shownHash);
    const session = await sessions.open(request);
    try {
      // A ban or a new password is written first and ends sessions afterwards, so whichever call comes later sees the
      // other.
      await this.mayEnter(request, shownHash);
    } catch (error) {
      await sessions.finish(session.id, 'revoked');
      throw error;
    }
    return session;
  }

  /** Rejects with `user_not_found`, `user_banned` or `user_blocked`. */
  async inGoodStanding(id: UserId): Promise<UserRecord> {
    const user = await this.deps.users.existing(id);
    switch (standingOf(user, this.deps.clock.nowMs())) {
      case 'good':
        return user;
      case 'banned':
        throw new Failure('user_banned');
      case 'blocked':
        throw new Failure('user_blocked');
    }
  }

  private async mayEnter({ userId, actorId = null }: OpenRequest, shownHash: string | null): Promise<void> {
    const actor = actorId === null ? null : this.inGoodStanding(actorId);
    const [user] = await Promise.all([this.inGoodStanding(userId), actor]);
    if (shownHash !== null && user.passwordHash !== shownHash) throw new Failure('login_failed');
  }
}
