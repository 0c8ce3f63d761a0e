import type { NewUserSession, UserSession } from '../../ports/user-session-store.js';
import type { UserId, UserSessionId } from '../../protocol/ids.js';
import { userSessionMember, type Keys } from './keys.js';
import type { RedisLink } from './link.js';
import { asList } from './replies.js';
import type { Scripts } from './script.js';
import { decodePointer } from './user-session-codec.js';

/** For each user, pointers to the sessions of other users that this user acts through; see keys.ts. */
export class ActingSessions {
  readonly #link: RedisLink;
  readonly #keys: Keys;
  readonly #scripts: Scripts;

  constructor(link: RedisLink, keys: Keys, scripts: Scripts) {
    this.#link = link;
    this.#keys = keys;
    this.#scripts = scripts;
  }

  /** Call it before the session is opened. Does nothing for a session without an actor. */
  async add({ id, userId, actorId, lifetimeMs }: NewUserSession): Promise<void> {
    if (actorId === null) return;
    const args = [userSessionMember(id, userId), lifetimeMs];
    await this.#link.run('user_sessions.index', this.#scripts.actingAdd, [this.#keys.acting(actorId)], args);
  }

  /** Some of them may be over, or not opened yet. */
  async list(actorId: UserId): Promise<readonly UserSessionId[]> {
    const reply = await this.#link.run(
      'user_sessions.acted_by',
      this.#scripts.actingList,
      [this.#keys.acting(actorId)],
      [],
    );
    return asList(reply).map((member) => decodePointer(member).id);
  }

  /** Drops the pointers to sessions that are over. One that this call cannot drop goes at the end of its lifetime. */
  async over(sessions: readonly Pick<UserSession, 'id' | 'userId' | 'actorId'>[]): Promise<void> {
    const members = new Map<UserId, string[]>();
    for (const { id, userId, actorId } of sessions) {
      if (actorId === null) continue;
      members.set(actorId, [...(members.get(actorId) ?? []), userSessionMember(id, userId)]);
    }
    await Promise.allSettled(
      [...members].map(([actorId, some]) =>
        this.#link.run('user_sessions.over', this.#scripts.actingRemove, [this.#keys.acting(actorId)], some),
      ),
    );
  }
}
