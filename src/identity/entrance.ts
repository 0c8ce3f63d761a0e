/** The one way to a new user session: whoever is banned, blocked or gone gets none, also when that comes to pass meanwhile. */
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

  /** Rejects with `user_not_found`, `user_banned`, `user_blocked` (of the actor as of the user) or `too_many_sessions`. */
  async open(request: OpenRequest): Promise<UserSession> {
    const { sessions } = this.deps;
    await this.allInGoodStanding(request);
    const session = await sessions.open(request);
    try {
      // A ban writes the record first and ends the sessions then: whichever of the two comes late sees the other.
      await this.allInGoodStanding(request);
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

  private async allInGoodStanding({ userId, actorId = null }: OpenRequest): Promise<void> {
    await Promise.all([this.inGoodStanding(userId), actorId === null ? null : this.inGoodStanding(actorId)]);
  }
}
