/** Passwords of group sessions. They are hashed slowly, and one network has few tries per minute at one session. */
import { networkOf } from '../../lib/address.js';
import { Failure } from '../../protocol/failure.js';
import type { SessionId } from '../../protocol/ids.js';
import type { Crypto } from '../../ports/crypto.js';
import type { Passwords } from '../../ports/passwords.js';
import type { Rate, RateLimitStore } from '../../ports/rate-limit-store.js';

export interface GroupPasswordsDeps {
  readonly passwords: Passwords;
  readonly rates: RateLimitStore;
  readonly crypto: Pick<Crypto, 'sha256'>;
}

const TRIES: Rate = { burst: 20, periodMs: 60_000 };

export class GroupPasswords {
  constructor(private readonly deps: GroupPasswordsDeps) {}

  /** The hash, in PHC form. Rejects with `too_many_requests` while too many passwords are being hashed. */
  hash(password: string): Promise<string> {
    return this.deps.passwords.hash(password);
  }

  /**
   * Rejects with `group_password_wrong`, or with `too_many_requests` after 20 wrong passwords in a minute from this
   * address (IPv6: from its /64). A right password resets the count.
   */
  async check(id: SessionId, phc: string, password: string | null, remoteAddress: string): Promise<void> {
    const { passwords, rates, crypto } = this.deps;
    if (password === null) throw new Failure('group_password_wrong');
    const key = crypto.sha256(JSON.stringify(['group_password', id, networkOf(remoteAddress)]));
    const result = await rates.take([{ key, rate: TRIES }]);
    if (!result.allowed) throw new Failure('too_many_requests', { retryAfterS: Math.ceil(result.retryAfterMs / 1000) });
    if (!(await passwords.matches(phc, password))) throw new Failure('group_password_wrong');
    await rates.reset(key);
  }
}
