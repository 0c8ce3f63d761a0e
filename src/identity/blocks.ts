/** Blocks of users. A blocked user has no sessions and cannot sign in on any surface until the block ends. */
import { Failure } from '../protocol/failure.js';
import type { UserRecord } from '../ports/directory-store.js';
import type { Clock } from '../ports/clock.js';
import type { AuditLog } from './audit.js';
import { isAdmin, isSelf, type LoginCaller } from './login-callers.js';
import { foldUserName } from './user-names.js';
import type { Users } from './users.js';

export interface Block {
  readonly username: string;
  readonly isBlocked: boolean;
  /** null: until unblocked, or not blocked. */
  readonly untilMs: number | null;
}

export interface BlocksDeps {
  readonly users: Pick<Users, 'find' | 'block' | 'unblock'>;
  readonly audit: AuditLog;
  readonly clock: Clock;
}

const FOR_GOOD_MS = Number.MAX_SAFE_INTEGER;

export class Blocks {
  constructor(private readonly deps: BlocksDeps) {}

  /**
   * An unknown name counts as not blocked, so the answer does not reveal which names exist. Only admins and the user
   * may ask; rejects others with `not_allowed`.
   */
  async of(caller: LoginCaller, username: string): Promise<Block> {
    const user = await this.deps.users.find('username', username);
    if (!isAdmin(caller) && (user === null || !isSelf(caller, user.id))) throw new Failure('not_allowed');
    return this.blockOf(user, username);
  }

  /**
   * Blocks the user until `untilMs` (null: until unblocked) and ends the user's sessions. Rejects with `not_allowed` or
   * `user_not_found`.
   */
  async block(caller: LoginCaller, username: string, untilMs: number | null): Promise<Block> {
    const { id } = await this.target(caller, username);
    const { user, ended } = await this.deps.users.block(id, untilMs ?? FOR_GOOD_MS);
    this.deps.audit.record('user_blocked', caller, id, { ended: ended?.sessions.length ?? 0 });
    return this.blockOf(user, username);
  }

  /** Rejects with `not_allowed` or `user_not_found`. */
  async lift(caller: LoginCaller, username: string): Promise<Block> {
    const { id } = await this.target(caller, username);
    const user = await this.deps.users.unblock(id);
    this.deps.audit.record('user_unblocked', caller, id);
    return this.blockOf(user, username);
  }

  private async target(caller: LoginCaller, username: string): Promise<UserRecord> {
    if (!isAdmin(caller)) throw new Failure('not_allowed');
    const user = await this.deps.users.find('username', username);
    if (user === null) throw new Failure('user_not_found');
    return user;
  }

  private blockOf(user: UserRecord | null, asked: string): Block {
    const untilMs = user?.blockedUntilMs ?? null;
    const isBlocked = untilMs !== null && untilMs > this.deps.clock.nowMs();
    const username = user?.username ?? foldUserName('username', asked) ?? asked;
    return { username, isBlocked, untilMs: isBlocked && untilMs !== FOR_GOOD_MS ? untilMs : null };
  }
}
