import type { NewUserSession } from '../../ports/user-session-store.js';
import type { UserId, UserSessionId } from '../../protocol/ids.js';
import { CLAIM_MS, DueSet, type Due } from './due-set.js';
import { userSessionMember, type Keys } from './keys.js';
import type { RedisLink } from './link.js';
import { asInteger, asList, asPairs, asText, asUserId } from './replies.js';
import type { Scripts } from './script.js';
import { decodePointer, KEPT_MS, type SessionPointer } from './user-session-codec.js';

const OWNER_KEPT_MS = KEPT_MS + 60_000;
/** Number of sessions whose pointers are shortened at the same time; a user may have thousands. */
const OVER_WIDTH = 200;

/** A pointer to a finished session. */
export interface OverPointer extends Pick<SessionPointer, 'id' | 'member'> {
  /** null: the session does not exist, or no longer. */
  readonly forgottenAtMs: number | null;
}

export interface PositionedPointer extends SessionPointer {
  readonly position: number;
}

/** Finds user sessions across all users: each session's owner, the listing, and hints when each is due; see keys.ts. */
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

  /** Call it before the session is opened. */
  async add({ id, userId, lifetimeMs, inactivityMs }: NewUserSession): Promise<void> {
    const args = [userSessionMember(id, userId), lifetimeMs, inactivityMs];
    const ownerTtlMs = lifetimeMs + OWNER_KEPT_MS;
    await Promise.all([
      this.#link.run('user_sessions.index', this.#scripts.ownerPut, [this.#keys.owner(id)], [userId, ownerTtlMs]),
      this.#link.run('user_sessions.index', this.#scripts.userSessionIndexAdd, this.#keys.userSessionIndex, args),
    ]);
  }

  /** Undoes `add` when the session was not opened. */
  async remove(id: UserSessionId, userId: UserId): Promise<void> {
    await this.over([{ id, member: userSessionMember(id, userId), forgottenAtMs: null }]);
  }

  /**
   * Lets the pointers to finished sessions expire with their records. Returns the members whose hint this call removed,
   * so that only one of several callers reports a session. An owner key that this call cannot shorten expires later.
   */
  async over(pointers: readonly OverPointer[]): Promise<ReadonlySet<string>> {
    const removed = new Set<string>();
    for (let at = 0; at < pointers.length; at += OVER_WIDTH) {
      const some = pointers.slice(at, at + OVER_WIDTH);
      const args = some.flatMap(({ member, forgottenAtMs }) => [member, forgottenAtMs ?? '']);
      const [reply] = await Promise.all([
        this.#link.run('user_sessions.over', this.#scripts.userSessionIndexOver, this.#keys.userSessionIndex, args),
        ...some.map((pointer) => this.#shortenOwner(pointer).catch(() => undefined)),
      ]);
      for (const member of asList(reply)) removed.add(asText(member));
    }
    return removed;
  }

  /** As `DueSet.claim`; also returns the users with sessions that the listing has just dropped. */
  async claim(limit: number): Promise<{ readonly due: readonly Due[]; readonly forgetful: ReadonlySet<UserId> }> {
    const { userSessionIndexClaim } = this.#scripts;
    const args = [limit, CLAIM_MS];
    const reply = await this.#link.run('user_sessions.sweep', userSessionIndexClaim, this.#keys.userSessionIndex, args);
    const [claim, due, forgotten] = asList(reply);
    return {
      due: asList(due).map((member) => ({ member: asText(member), claim: asText(claim) })),
      forgetful: new Set(asList(forgotten).map((member) => decodePointer(member).userId)),
    };
  }

  async ownerOf(id: UserSessionId): Promise<UserId | null> {
    const reply = await this.#link.read('user_sessions.owner', 'GET', this.#keys.owner(id));
    return reply === null ? null : asUserId(reply);
  }

  /** Newest first, below the position `before` ('+inf': all). Returns one more than `limit` if more follow. */
  async list(before: string, limit: number): Promise<readonly PositionedPointer[]> {
    const [listing] = this.#keys.userSessionIndex;
    const args = ['cursor', before, limit];
    const [, ...found] = asList(await this.#link.run('user_sessions.list', this.#scripts.indexList, [listing], args));
    return asPairs(found).map(([member, position]) => ({ ...decodePointer(member), position: asInteger(position) }));
  }

  async #shortenOwner({ id, forgottenAtMs }: OverPointer): Promise<void> {
    await this.#link.run('user_sessions.over', this.#scripts.ownerOver, [this.#keys.owner(id)], [forgottenAtMs ?? '']);
  }
}
