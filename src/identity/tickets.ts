/** Sign-in tickets: a backend has one made for a user, the user's device turns it into a session, once. */
import { randomBase62 } from '../lib/base62.js';
import { parseDirectoryUserId, type UserId } from '../protocol/ids.js';
import type { Clock } from '../ports/clock.js';
import type { Crypto } from '../ports/crypto.js';
import type { OneTimeStore } from '../ports/one-time-store.js';
import type { Entrance } from './entrance.js';

export interface IssuedTicket {
  /** Names the ticket in logs; worth nothing. */
  readonly id: string;
  /** What the user's device presents. It is shown here and is nowhere afterwards. */
  readonly text: string;
  readonly expiresAtMs: number;
}

export interface TicketsDeps {
  readonly store: OneTimeStore;
  readonly entrance: Pick<Entrance, 'inGoodStanding'>;
  readonly crypto: Crypto;
  readonly clock: Clock;
}

/** 43 letters of base62 carry 256 bits. */
const SECRET_LETTERS = 43;
const ID_LETTERS = 27;
const TICKET = /^[0-9A-Za-z]{43}$/;

export class Tickets {
  constructor(private readonly deps: TicketsDeps) {}

  /** Rejects with `user_not_found`, `user_banned` or `user_blocked`. */
  async issue(userId: UserId, ttlMs: number): Promise<IssuedTicket> {
    const { store, entrance, crypto, clock } = this.deps;
    await entrance.inGoodStanding(userId);
    const text = randomBase62(crypto, SECRET_LETTERS);
    const expiresAtMs = clock.nowMs() + ttlMs;
    await store.put('sign_in_ticket', crypto.sha256(text), userId, ttlMs);
    return { id: `sit_${randomBase62(crypto, ID_LETTERS)}`, text, expiresAtMs };
  }

  /** Whose ticket it is, to exactly one of any number of callers; null for the others, and for what is no ticket. */
  async redeem(text: string): Promise<UserId | null> {
    if (!TICKET.test(text)) return null;
    const { store, crypto } = this.deps;
    const userId = await store.take('sign_in_ticket', crypto.sha256(text));
    return userId === null ? null : parseDirectoryUserId(userId);
  }
}
