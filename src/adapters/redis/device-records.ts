import type { Device, UserSessionStore } from '../../ports/user-session-store.js';
import { Failure } from '../../protocol/failure.js';
import type { DeviceId } from '../../protocol/ids.js';
import type { Keys } from './keys.js';
import type { Argument, RedisLink } from './link.js';
import { asList } from './replies.js';
import type { Script, Scripts } from './script.js';
import { decodeDevice, decodePointer, type SessionPointer } from './user-session-codec.js';

export type DeviceChange = Parameters<UserSessionStore['changeDevice']>[1];

/** The devices that hold user sessions, and each device's pointers to its sessions. */
export class DeviceRecords {
  readonly #link: RedisLink;
  readonly #keys: Keys;
  readonly #scripts: Scripts;

  constructor(link: RedisLink, keys: Keys, scripts: Scripts) {
    this.#link = link;
    this.#keys = keys;
    this.#scripts = scripts;
  }

  async create(id: DeviceId, lifetimeMs: number): Promise<Device> {
    const reply = await this.#run('create', this.#scripts.clientCreate, id, [lifetimeMs]);
    if (reply === 'taken') throw new Failure('internal', { cause: new Error('device id is taken') });
    return decodeDevice(id, reply);
  }

  async get(id: DeviceId): Promise<{ readonly device: Device; readonly pointers: readonly SessionPointer[] } | null> {
    const reply = await this.#run('get', this.#scripts.clientGet, id, []);
    if (reply === null) return null;
    const [fields, members] = asList(reply);
    return { device: decodeDevice(id, fields), pointers: asList(members).map(decodePointer) };
  }

  async change(id: DeviceId, { lastActiveSessionId, lastStrategy, rotate }: DeviceChange): Promise<Device | null> {
    const args = [
      lastActiveSessionId === undefined ? '' : `=${lastActiveSessionId ?? ''}`,
      lastStrategy === undefined ? '' : `=${lastStrategy}`,
      rotationArgument(rotate),
    ];
    const reply = await this.#run('change', this.#scripts.clientChange, id, args);
    return reply === null ? null : decodeDevice(id, reply);
  }

  /** Lists a session on its device. Call it before opening the session. Does nothing when the device does not exist. */
  async point(id: DeviceId, member: string, lifetimeMs: number): Promise<void> {
    await this.#run('point', this.#scripts.clientPoint, id, [member, lifetimeMs]);
  }

  /** Lets the pointer to a finished session expire. `forgottenAtMs` is null when the session was never opened. */
  async over(id: DeviceId, member: string, forgottenAtMs: number | null): Promise<void> {
    await this.#run('over', this.#scripts.clientOver, id, [member, forgottenAtMs ?? '']);
  }

  /** Drops pointers to sessions that do not exist. */
  async prune(id: DeviceId, members: readonly string[]): Promise<void> {
    if (members.length > 0) await this.#run('prune', this.#scripts.clientPrune, id, members);
  }

  #run(operation: string, script: Script, id: DeviceId, args: readonly Argument[]): Promise<unknown> {
    return this.#link.run(`clients.${operation}`, script, this.#keys.client(id), args);
  }
}

function rotationArgument(rotate: DeviceChange['rotate']): string {
  if (rotate === undefined) return '';
  return rotate === true ? '+' : `=${String(rotate)}`;
}
