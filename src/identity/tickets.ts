/**
 * Sign-in tickets: a backend requests one for a user, and the user's device exchanges it for a session, once. With an
 * actor, the actor's device exchanges it: the session belongs to the user and names the actor.
 */
import { randomBase62 } from '../lib/base62.js';
import { parseDirectoryUserId, type UserId } from '../protocol/ids.js';
import type { Clock } from '../ports/clock.js';
import type { Crypto } from '../ports/crypto.js';
import type { OneTimeStore } from '../ports/one-time-store.js';
import type { AuditLog } from './audit.js';
import type { Entrance } from './entrance.js';

export interface IssuedTicket {
  /** Names the ticket in logs; cannot be used to sign in. */
  readonly id: string;
  /** The text that the user's device sends. The answer is the only place that contains it. */
  readonly text: string;
  readonly expiresAtMs: number;
}

/** The user whom a ticket signs in. */
export interface TicketHolder {
  readonly userId: UserId;
  /** The user who will act as that user; null: no actor. */
  readonly actorId: UserId | null;
}

export interface TicketOrder extends TicketHolder {
  readonly ttlMs: number;
  /** The API key that made the request. */
  readonly keyId: string;
}

export interface TicketsDeps {
  readonly store: OneTimeStore;
  readonly entrance: Pick<Entrance, 'inGoodStanding'>;
  readonly audit: AuditLog;
  readonly crypto: Crypto;
  readonly clock: Clock;
}

/** 43 letters of base62 carry 256 bits. */
const SECRET_LETTERS = 43;
const ID_LETTERS = 27;
const TICKET = /^[0-9A-Za-z]{43}$/;

export class Tickets {
  constructor(private readonly deps: TicketsDeps) {}

  /** Rejects with `user_not_found`, `user_banned` or `user_blocked`, for the user and for the actor. */
  async issue({ userId, actorId, ttlMs, keyId }: TicketOrder): Promise<IssuedTicket> {
    const { store, entrance, audit, crypto, clock } = this.deps;
    await Promise.all([userId, ...(actorId === null ? [] : [actorId])].map((id) => entrance.inGoodStanding(id)));
    const text = randomBase62(crypto, SECRET_LETTERS);
    const expiresAtMs = clock.nowMs() + ttlMs;
    await store.put('sign_in_ticket', crypto.sha256(text), encodeHolder({ userId, actorId }), ttlMs);
    if (actorId !== null) audit.record('impersonation_allowed', { kind: 'system', keyId }, userId, { actorId });
    return { id: `sit_${randomBase62(crypto, ID_LETTERS)}`, text, expiresAtMs };
  }

  /** Returns the ticket's holder to exactly one caller; null for all others and for an invalid ticket. */
  async redeem(text: string): Promise<TicketHolder | null> {
    if (!TICKET.test(text)) return null;
    const { store, crypto } = this.deps;
    const kept = await store.take('sign_in_ticket', crypto.sha256(text));
    return kept === null ? null : parseHolder(kept);
  }
}

/** The user's id, then a space and the actor's id if there is an actor. */
function encodeHolder({ userId, actorId }: TicketHolder): string {
  return actorId === null ? userId : `${userId} ${actorId}`;
}

/** A ticket with an unreadable actor is invalid: it must not become the user's own ticket. */
function parseHolder(kept: string): TicketHolder | null {
  const [user = '', actor] = kept.split(' ');
  const userId = parseDirectoryUserId(user);
  const actorId = actor === undefined ? null : parseDirectoryUserId(actor);
  if (userId === null || (actor !== undefined && actorId === null)) return null;
  return { userId, actorId };
}
