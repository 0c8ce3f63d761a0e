import { encodeCursor } from '../../lib/cursor.js';
import type { SessionQuery, UserSession } from '../../ports/user-session-store.js';
import type { UserId, UserSessionId } from '../../protocol/ids.js';
import type { Keys } from './keys.js';
import type { Argument, RedisLink } from './link.js';
import { ReadCache } from './read-cache.js';
import { encodePosition } from './record-table.js';
import { asInteger, asList, asPairs, asText } from './replies.js';
import type { Script, Scripts } from './script.js';
import { decodeUserSession, type SessionPointer } from './user-session-codec.js';
import type { UserSessionIndex } from './user-session-index.js';

/** A list by status, across all users, reads this many sessions at a time and this many chunks per call of `list`. */
const LISTED_CHUNK = 200;
const MAX_LISTED_CHUNKS = 5;

interface SessionPage {
  readonly sessions: readonly UserSession[];
  readonly nextCursor: string | null;
}

/** Reads user sessions, several at once; changes nothing. */
export class UserSessionReader {
  readonly #link: RedisLink;
  readonly #keys: Keys;
  readonly #scripts: Scripts;
  readonly #index: UserSessionIndex;
  readonly #sessions = new ReadCache<UserSession>();

  constructor(link: RedisLink, keys: Keys, scripts: Scripts, index: UserSessionIndex) {
    this.#link = link;
    this.#keys = keys;
    this.#scripts = scripts;
    this.#index = index;
  }

  /** Makes one call per user, all in one write. */
  async read(pointers: readonly Pick<SessionPointer, 'id' | 'userId'>[]): Promise<Map<UserSessionId, UserSession>> {
    const users = new Map<UserId, UserSessionId[]>();
    for (const { id, userId } of pointers) users.set(userId, [...(users.get(userId) ?? []), id]);
    const replies = [...users].map(([userId, ids]) => this.#run('get', this.#scripts.userSessionGet, userId, ids));
    const found = (await Promise.all(replies)).flatMap((reply) => asList(reply)).filter((text) => text !== null);
    return new Map(found.map(asText).map((text) => this.#readSession(text)));
  }

  /** The text contains the session's id, so the text serves as the cache key. */
  #readSession(text: string): [UserSessionId, UserSession] {
    const session = this.#sessions.get(text, text, decodeUserSession);
    return [session.id, session];
  }

  /** Newest first. */
  list(query: SessionQuery): Promise<SessionPage> {
    return query.userId === undefined ? this.#listAll(query) : this.#listOfUser(query.userId, query);
  }

  async #listOfUser(userId: UserId, { status, limit, cursor }: SessionQuery): Promise<SessionPage> {
    const args = [encodePosition(cursor), limit, status ?? ''];
    const reply = await this.#run('list', this.#scripts.userSessionList, userId, args);
    const [stoppedAt, ...rest] = asList(reply);
    const found = asPairs(rest).map(([position, text]) => ({
      position: asInteger(position),
      session: decodeUserSession(text),
    }));
    return pageOf(found, limit, stoppedAt === '' ? null : asInteger(stoppedAt));
  }

  async #listAll({ status, limit, cursor }: SessionQuery): Promise<SessionPage> {
    const found: Positioned[] = [];
    const chunkSize = status === undefined ? limit : Math.max(limit, LISTED_CHUNK);
    let before = encodePosition(cursor);
    for (let chunk = 0; chunk < MAX_LISTED_CHUNKS; chunk += 1) {
      const pointers = await this.#index.list(before, chunkSize);
      const sessions = await this.read(pointers);
      for (const { id, position } of pointers) {
        const session = sessions.get(id);
        if (session !== undefined && (status === undefined || session.status === status)) {
          found.push({ position, session });
        }
      }
      if (found.length > limit || pointers.length <= chunkSize) return pageOf(found, limit, null);
      before = String(pointers.at(-1)?.position);
    }
    return pageOf(found, limit, Number(before));
  }

  #run(operation: string, script: Script, userId: UserId, args: readonly Argument[]): Promise<unknown> {
    return this.#link.run(`user_sessions.${operation}`, script, this.#keys.sessionsOfUser(userId), args);
  }
}

interface Positioned {
  readonly position: number;
  readonly session: UserSession;
}

/** `stoppedAt`: the position where the search stopped before the end of the listing. */
function pageOf(found: readonly Positioned[], limit: number, stoppedAt: number | null): SessionPage {
  const page = found.slice(0, limit);
  const last = found.length > limit ? (page.at(-1)?.position ?? null) : stoppedAt;
  return { sessions: page.map(({ session }) => session), nextCursor: last === null ? null : encodeCursor(last) };
}
