import type { NewUserSession } from '../../ports/user-session-store.js';
import type { UserId, UserSessionId } from '../../protocol/ids.js';
import { DueSet } from './due-set.js';
import { userSessionMember, type Keys } from './keys.js';
import type { RedisLink } from './link.js';
import { asInteger, asList, asPairs, asUserId } from './replies.js';
import type { Scripts } from './script.js';
import { decodePointer, type SessionPointer } from './user-session-codec.js';

/** As long as a session that is over is kept, and a minute. */
const OWNER_KEPT_MS = 24 * 3_600_000 + 60_000;

export interface PositionedPointer extends SessionPointer {
  readonly position: number;
}

/** What finds the user sessions of all users: whose each is, the listing, and hints when each is due; see keys.ts. */
export class UserSessionIndex {
  readonly due: DueSet;
  readonly #link: RedisLink;
  readonly #keys: Keys;
  readonly #scripts: Scripts;

  constructor(link: RedisLink, keys: Keys, scripts: Scripts) {
    this.#link = link;
    this.#keys = keys;
    this.#scripts = scripts;
    this.due = new DueSet(link, scripts, keys.userSessionIndex[2], 'user_sessions.sweep');
  }

  /** Before the session is opened. */
  async add({ id, userId, lifetimeMs, inactivityMs }: NewUserSession): Promise<void> {
    const args = [userSessionMember(id, userId), lifetimeMs, inactivityMs];
    const ownerTtlMs = lifetimeMs + OWNER_KEPT_MS;
    await Promise.all([
      this.#link.command('user_sessions.index', 'SET', this.#keys.owner(id), userId, 'PX', ownerTtlMs),
      this.#link.run('user_sessions.index', this.#scripts.userSessionIndexAdd, this.#keys.userSessionIndex, args),
    ]);
  }

  /** After it was not. */
  async remove(id: UserSessionId, userId: UserId): Promise<void> {
    const member = userSessionMember(id, userId);
    await Promise.all([
      this.#link.command('user_sessions.index', 'DEL', this.#keys.owner(id)),
      this.#link.run('user_sessions.index', this.#scripts.indexRemove, this.#keys.userSessionIndex, [member, member]),
      this.#link.command('user_sessions.index', 'ZREM', this.#keys.userSessionIndex[1], member),
    ]);
  }

  async ownerOf(id: UserSessionId): Promise<UserId | null> {
    const reply = await this.#link.command('user_sessions.owner', 'GET', this.#keys.owner(id));
    return reply === null ? null : asUserId(reply);
  }

  /** Newest first, from below a position ('+inf': the newest); one more than asked for when more follow. */
  async list(before: string, limit: number): Promise<readonly PositionedPointer[]> {
    const [listing] = this.#keys.userSessionIndex;
    const args = ['cursor', before, limit];
    const [, ...found] = asList(await this.#link.run('user_sessions.list', this.#scripts.indexList, [listing], args));
    return asPairs(found).map(([member, position]) => ({ ...decodePointer(member), position: asInteger(position) }));
  }
}
