/**
 * Password reset tokens: 256 bits, stored as digests, valid once and for 30 minutes. A user has one at a time: a newer
 * token invalidates it, and so does any change of the password or mail address.
 */
import { randomBase62 } from '../lib/base62.js';
import type { UserId } from '../protocol/ids.js';
import type { Clock } from '../ports/clock.js';
import type { Crypto } from '../ports/crypto.js';
import type { UserRecord } from '../ports/directory-store.js';
import type { OneTimeStore } from '../ports/one-time-store.js';

export interface ResetTokensDeps {
  readonly store: OneTimeStore;
  readonly crypto: Crypto;
  readonly clock: Clock;
}

export const RESET_TOKEN_TTL_MS = 30 * 60 * 1000;
const TOKEN_LETTERS = 43;
const TOKEN = /^[0-9A-Za-z]{43}$/;

export class ResetTokens {
  constructor(private readonly deps: ResetTokensDeps) {}

  /** The answer is the only place that contains the token's text. */
  async issue(user: UserRecord): Promise<string> {
    const { store, crypto, clock } = this.deps;
    const text = randomBase62(crypto, TOKEN_LETTERS);
    const name = crypto.sha256(text);
    // Write the pointer first: from here on the older token is invalid, even if this call fails.
    await store.put('password_reset', this.pointerOf(user.id), name, RESET_TOKEN_TTL_MS);
    const value = valueOf(this.markOf(user), clock.nowMs() + RESET_TOKEN_TTL_MS);
    await store.put('password_reset', name, value, RESET_TOKEN_TTL_MS);
    return text;
  }

  /**
   * Uses the token up and runs `work`, for exactly one caller; false for the others and for an invalid token. When
   * `work` rejects, the token becomes valid again, unless `work` changed the user anyway. `work` gets the token's
   * digest, too. Makes the same number of
   * store calls whether or not the user exists (null: does not exist).
   */
  async redeem(
    text: string,
    user: UserRecord | null,
    work: (user: UserRecord, digest: string) => Promise<void>,
  ): Promise<boolean> {
    const { store } = this.deps;
    const name = this.digestOf(text);
    if (name === null) return false;
    // Check before taking: a mistyped user name must not use the token up.
    const [kept, current] = await Promise.all([
      store.peek('password_reset', name),
      store.peek('password_reset', this.pointerOf(user?.id ?? null)),
    ]);
    if (user === null || !this.fits(kept, user) || current !== name) return false;
    const value = await store.take('password_reset', name);
    if (value === null) return false;
    try {
      await work(user, name);
    } catch (error) {
      await this.giveBack(name, value);
      throw error;
    }
    return true;
  }

  /** null: the text cannot be a token. */
  digestOf(text: string): string | null {
    return TOKEN.test(text) ? this.deps.crypto.sha256(text) : null;
  }

  private fits(value: string | null, user: UserRecord): boolean {
    return value !== null && this.deps.crypto.sameSecret(value.split(' ')[0] ?? '', this.markOf(user));
  }

  private async giveBack(name: string, value: string): Promise<void> {
    const leftMs = Number(value.split(' ')[1]) - this.deps.clock.nowMs();
    if (leftMs > 0) await this.deps.store.put('password_reset', name, value, leftMs);
  }

  private pointerOf(userId: UserId | null): string {
    return this.deps.crypto.sha256(JSON.stringify(['reset token of', userId]));
  }

  /** A mark of the user with their current password and address. The mark changes when either of them changes. */
  private markOf({ id, email, passwordHash }: UserRecord): string {
    return this.deps.crypto.sha256(JSON.stringify([id, email, passwordHash]));
  }
}

function valueOf(mark: string, expiresAtMs: number): string {
  return `${mark} ${String(expiresAtMs)}`;
}
