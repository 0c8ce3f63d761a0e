/**
 * Slows down password guessing, on all surfaces together. Limits apply per account and address, per address, and, much
 * higher, per account against guesses from many addresses. No limit locks out the account's owner: tries from other
 * addresses do not count for the owner's address, and the limit per account does not apply to an address that recently
 * signed in to the account.
 */
import { networkOf } from '../lib/address.js';
import { Failure } from '../protocol/failure.js';
import type { Crypto } from '../ports/crypto.js';
import type { OneTimeStore } from '../ports/one-time-store.js';
import type { Rate, RateLimitStore } from '../ports/rate-limit-store.js';

export interface AttemptPolicy {
  /** Tries at one account from one address per period. 0: no limit, and no limit per account either. */
  readonly perAccount: number;
  /** Tries from one address (IPv6: one /64) at any accounts per period; 0: no limit. */
  readonly perAddress: number;
  readonly periodMs: number;
}

export interface AttemptsDeps {
  readonly rates: RateLimitStore;
  readonly known: Pick<OneTimeStore, 'put' | 'peek'>;
  readonly crypto: Pick<Crypto, 'sha256'>;
  /** Separates counters, for example `sign_in`. */
  readonly purpose: string;
  readonly policy: AttemptPolicy;
}

/** The limit per account is this many times `perAccount`. */
const CEILING_FACTOR = 10;
/** How long an address stays known after a successful sign-in. */
const KNOWN_MS = 30 * 24 * 60 * 60 * 1000;

export class Attempts {
  constructor(private readonly deps: AttemptsDeps) {}

  /**
   * Takes one try; call it before any lookup. `account` is the folded name that the caller gave, so unknown names are
   * counted too; `address` is canonical. Rejects with `too_many_requests`.
   */
  async begin(account: string, address: string): Promise<void> {
    const { perAccount, perAddress } = this.deps.policy;
    const network = networkOf(address);
    await this.take([
      ...this.limit(perAccount, 'account_address', account, network),
      ...this.limit(perAddress, 'address', network),
    ]);
    try {
      await this.take(this.limit(perAccount * CEILING_FACTOR, 'account', account));
    } catch (refused) {
      if (!Failure.is(refused, 'too_many_requests')) throw refused;
      if (!(await this.isKnown(account, network))) throw refused;
    }
  }

  /** The password was right: restores this address's tries at the account and marks the address as known. */
  async succeeded(account: string, address: string): Promise<void> {
    const { rates, known } = this.deps;
    const network = networkOf(address);
    await Promise.all([
      rates.reset(this.keyOf('account_address', account, network)),
      known.put('known_address', this.keyOf('known', account, network), '1', KNOWN_MS),
    ]);
  }

  private async take(limits: Parameters<RateLimitStore['take']>[0]): Promise<void> {
    if (limits.length === 0) return;
    const result = await this.deps.rates.take(limits);
    if (!result.allowed) {
      throw new Failure('too_many_requests', { retryAfterS: Math.max(1, Math.ceil(result.retryAfterMs / 1000)) });
    }
  }

  private async isKnown(account: string, network: string): Promise<boolean> {
    return (await this.deps.known.peek('known_address', this.keyOf('known', account, network))) !== null;
  }

  private limit(burst: number, ...parts: readonly string[]): readonly { readonly key: string; readonly rate: Rate }[] {
    if (burst === 0) return [];
    return [{ key: this.keyOf(...parts), rate: { burst, periodMs: this.deps.policy.periodMs } }];
  }

  /** A digest: someone who reads the store must not learn who tried to sign in from where. */
  private keyOf(...parts: readonly string[]): string {
    return this.deps.crypto.sha256(JSON.stringify(['attempts', this.deps.purpose, ...parts]));
  }
}
