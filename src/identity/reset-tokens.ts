/**
 * Password reset tokens: 256 bits, kept as digests, good once and for half an hour. A user has one at a time: a newer
 * one outdates it, and so does another password or mail address, whichever way that came about.
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

  /** The text is shown here and is nowhere afterwards. */
  async issue(user: UserRecord): Promise<string> {
    const { store, crypto, clock } = this.deps;
    const text = randomBase62(crypto, TOKEN_LETTERS);
    const name = crypto.sha256(text);
    // The pointer first: from here on the older token is dead, whatever becomes of this call.
    await store.put('password_reset', this.pointerOf(user.id), name, RESET_TOKEN_TTL_MS);
    const value = valueOf(this.markOf(user), clock.nowMs() + RESET_TOKEN_TTL_MS);
    await store.put('password_reset', name, value, RESET_TOKEN_TTL_MS);
    return text;
  }

  /**
   * Uses the token up and runs `work`, for exactly one of any number of callers; false for the others, and for what is
   * not the user's token. When `work` rejects the token is good again, unless it changed the user all the same.
   * Asks the store as often whether there is such a user (null: there is none) or not.
   */
  async redeem(text: string, user: UserRecord | null, work: (user: UserRecord) => Promise<void>): Promise<boolean> {
    const { store, crypto } = this.deps;
    if (!TOKEN.test(text)) return false;
    const name = crypto.sha256(text);
    // Looked at before it is taken: who mistypes the user name has not lost the token.
    const [kept, current] = await Promise.all([
      store.peek('password_reset', name),
      store.peek('password_reset', this.pointerOf(user?.id ?? null)),
    ]);
    if (user === null || !this.fits(kept, user) || current !== name) return false;
    const value = await store.take('password_reset', name);
    if (value === null) return false;
    try {
      await work(user);
    } catch (error) {
      await this.giveBack(name, value);
      throw error;
    }
    return true;
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

  /** Who the token is for, as that user was: it does not fit the user any more once the password or address is another. */
  private markOf({ id, email, passwordHash }: UserRecord): string {
    return this.deps.crypto.sha256(JSON.stringify([id, email, passwordHash]));
  }
}

function valueOf(mark: string, expiresAtMs: number): string {
  return `${mark} ${String(expiresAtMs)}`;
}
