import { decodeCursor, encodeCursor } from '../../lib/cursor.js';
import type { ListRequest } from '../../ports/relay-seat.js';
import type { ProjectScope } from '../../ports/relay-session.js';
import { Failure } from '../../protocol/failure.js';
import { parseProjectId, type ProjectId, type SessionId } from '../../protocol/ids.js';
import { DueSet, type Due } from './due-set.js';
import { expiryMember, type Keys } from './keys.js';
import type { RedisLink } from './link.js';
import { asInteger, asList, asPairs, asSessionId, known } from './replies.js';
import type { Scripts } from './script.js';

export interface ListedPage {
  readonly ids: readonly SessionId[];
  readonly totalCount: number;
  readonly nextCursor: string | null;
}

export interface IndexedSession {
  readonly id: SessionId;
  readonly projectId: ProjectId;
}

export interface DueSession extends Due, IndexedSession {}

/** Finds sessions: listings, and hints when each is due. It may lag behind the sessions' own keys; see keys.ts. */
export class SessionIndex {
  readonly #link: RedisLink;
  readonly #keys: Keys;
  readonly #scripts: Scripts;
  readonly #due: DueSet;

  constructor(link: RedisLink, keys: Keys, scripts: Scripts) {
    this.#link = link;
    this.#keys = keys;
    this.#scripts = scripts;
    this.#due = new DueSet(link, scripts, keys.expiry, 'relay.sweep');
  }

  async add(id: SessionId, projectId: ProjectId, ttlMs: number): Promise<void> {
    const { positions, expiry, listing } = this.#keys;
    const keys = [positions, listing('all'), listing(projectId), expiry];
    await this.#link.run('relay.index', this.#scripts.indexAdd, keys, [id, expiryMember(id, projectId), ttlMs]);
  }

  /** Returns the sessions whose hint this call removed: only one of several callers reports a session. */
  async remove<T extends IndexedSession>(sessions: readonly T[]): Promise<readonly T[]> {
    const projects = [...new Set(sessions.map(({ projectId }) => projectId))];
    const removed = await Promise.all(
      projects.map((id) =>
        this.#removeOf(
          id,
          sessions.filter(({ projectId }) => projectId === id),
        ),
      ),
    );
    return removed.flat();
  }

  async #removeOf<T extends IndexedSession>(projectId: ProjectId, sessions: readonly T[]): Promise<readonly T[]> {
    const { expiry, listing } = this.#keys;
    const keys = [listing('all'), listing(projectId), expiry];
    const args = sessions.flatMap(({ id }) => [id, expiryMember(id, projectId)]);
    const removed = new Set(asList(await this.#link.run('relay.index', this.#scripts.indexRemove, keys, args)));
    return sessions.filter(({ id }) => removed.has(id));
  }

  async dueEarlier(id: SessionId, projectId: ProjectId, expiresAtMs: number): Promise<void> {
    await this.#due.dueEarlier(expiryMember(id, projectId), expiresAtMs);
  }

  async list(scope: ProjectScope, from: ListRequest['from'], limit: number): Promise<ListedPage> {
    const args = [...encodeFrom(from), limit];
    const reply = await this.#link.run('relay.list', this.#scripts.indexList, [this.#keys.listing(scope)], args);
    const [total, ...rest] = asList(reply);
    const found = asPairs(rest);
    const page = found.slice(0, limit);
    const last = page.at(-1);
    return {
      ids: page.map(([id]) => asSessionId(id)),
      totalCount: asInteger(total),
      nextCursor: last === undefined || found.length <= limit ? null : encodeCursor(asInteger(last[1])),
    };
  }

  async claimDue(limit: number): Promise<readonly DueSession[]> {
    return (await this.#due.claim(limit)).map((due) => {
      const [id, project = ''] = due.member.split(' ');
      return { ...due, id: asSessionId(id), projectId: known(parseProjectId(project), 'a project id') };
    });
  }

  async putBack(due: DueSession, expiresAtMs: number): Promise<void> {
    await this.#due.putBack(due, expiresAtMs);
  }
}

function encodeFrom(from: ListRequest['from']): readonly [string, number] {
  if ('offset' in from) return ['offset', from.offset];
  const position = decodeCursor(from.cursor);
  if (position === null) throw new Failure('invalid_request', { message: 'The cursor is invalid.' });
  return ['cursor', position];
}
