/**
 * Slows down who guesses passwords, on every surface together: per account and address, per address, and with a wide
 * ceiling per account against guesses from everywhere. None of them locks the account's owner out: tries elsewhere
 * leave an owner's address alone, and the ceiling does not count for an address that signed in to the account lately.
 */
import { networkOf } from '../lib/address.js';
import { Failure } from '../protocol/failure.js';
import type { Crypto } from '../ports/crypto.js';
import type { OneTimeStore } from '../ports/one-time-store.js';
import type { Rate, RateLimitStore } from '../ports/rate-limit-store.js';

export interface AttemptPolicy {
  /** Tries at one account from one address in a period; 0: no limit, and no ceiling. */
  readonly perAccount: number;
  /** Tries from one address (IPv6: one /64) in a period, at whatever accounts; 0: no limit. */
  readonly perAddress: number;
  readonly periodMs: number;
}

export interface AttemptsDeps {
  readonly rates: RateLimitStore;
  readonly known: Pick<OneTimeStore, 'put' | 'peek'>;
  readonly crypto: Pick<Crypto, 'sha256'>;
  /** Sets apart what is counted apart, as in `sign_in`. */
  readonly purpose: string;
  readonly policy: AttemptPolicy;
}

/** How many addresses with all their tries the ceiling lets through. */
const CEILING_FACTOR = 10;
/** How long an address counts as an account's own after a success. */
const KNOWN_MS = 30 * 24 * 60 * 60 * 1000;

export class Attempts {
  constructor(private readonly deps: AttemptsDeps) {}

  /**
   * Takes one try; call it before anything is looked up. `account` is what the caller names the account by, in its
   * folded form, so that a name of nobody is counted like any other; `address` is canonical.
   * Rejects with `too_many_requests`.
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
      if (!(refused instanceof Failure) || refused.code !== 'too_many_requests') throw refused;
      if (!(await this.isKnown(account, network))) throw refused;
    }
  }

  /** The password was right: this address has all its tries at the account back, and counts as the account's own. */
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

  /** A digest: who tried to sign in where is nobody's to read out of the store. */
  private keyOf(...parts: readonly string[]): string {
    return this.deps.crypto.sha256(JSON.stringify(['attempts', this.deps.purpose, ...parts]));
  }
}
