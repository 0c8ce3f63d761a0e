import type { Client, UserSessionStore } from '../../ports/user-session-store.js';
import { Failure } from '../../protocol/failure.js';
import type { ClientId } from '../../protocol/ids.js';
import type { Keys } from './keys.js';
import type { Argument, RedisLink } from './link.js';
import { asList } from './replies.js';
import type { Script, Scripts } from './script.js';
import { decodeClient, decodePointer, type SessionPointer } from './user-session-codec.js';

export type ClientChange = Parameters<UserSessionStore['changeClient']>[1];

/** The clients of the user sessions, and their pointers to them. */
export class ClientRecords {
  readonly #link: RedisLink;
  readonly #keys: Keys;
  readonly #scripts: Scripts;

  constructor(link: RedisLink, keys: Keys, scripts: Scripts) {
    this.#link = link;
    this.#keys = keys;
    this.#scripts = scripts;
  }

  async create(id: ClientId, lifetimeMs: number): Promise<Client> {
    const reply = await this.#run('create', this.#scripts.clientCreate, id, [lifetimeMs]);
    if (reply === 'taken') throw new Failure('internal', { cause: new Error('client id is taken') });
    return decodeClient(id, reply);
  }

  async get(id: ClientId): Promise<{ readonly client: Client; readonly pointers: readonly SessionPointer[] } | null> {
    const reply = await this.#run('get', this.#scripts.clientGet, id, []);
    if (reply === null) return null;
    const [fields, members] = asList(reply);
    return { client: decodeClient(id, fields), pointers: asList(members).map(decodePointer) };
  }

  async change(id: ClientId, { lastActiveSessionId, lastStrategy, rotate }: ClientChange): Promise<Client | null> {
    const args = [
      lastActiveSessionId === undefined ? '' : `=${lastActiveSessionId ?? ''}`,
      lastStrategy === undefined ? '' : `=${lastStrategy}`,
      rotationArgument(rotate),
    ];
    const reply = await this.#run('change', this.#scripts.clientChange, id, args);
    return reply === null ? null : decodeClient(id, reply);
  }

  /** Before the session is opened. Nothing when there is no such client. */
  async point(id: ClientId, member: string, lifetimeMs: number): Promise<void> {
    await this.#run('point', this.#scripts.clientPoint, id, [member, lifetimeMs]);
  }

  /** When the session is over, or was not opened (null). */
  async over(id: ClientId, member: string, forgottenAtMs: number | null): Promise<void> {
    await this.#run('over', this.#scripts.clientOver, id, [member, forgottenAtMs ?? '']);
  }

  /** Drops pointers that lead nowhere. */
  async prune(id: ClientId, members: readonly string[]): Promise<void> {
    if (members.length > 0) await this.#run('prune', this.#scripts.clientPrune, id, members);
  }

  #run(operation: string, script: Script, id: ClientId, args: readonly Argument[]): Promise<unknown> {
    return this.#link.run(`clients.${operation}`, script, this.#keys.client(id), args);
  }
}

function rotationArgument(rotate: ClientChange['rotate']): string {
  if (rotate === undefined) return '';
  return rotate === true ? '+' : `=${String(rotate)}`;
}
