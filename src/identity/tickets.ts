/**
 * Sign-in tickets: a backend has one made for a user, the user's device turns it into a session, once. With an actor it is
 * the actor's device: the session is the user's, and says who acts through it.
 */
import { randomBase62 } from '../lib/base62.js';
import { parseDirectoryUserId, type UserId } from '../protocol/ids.js';
import type { Clock } from '../ports/clock.js';
import type { Crypto } from '../ports/crypto.js';
import type { OneTimeStore } from '../ports/one-time-store.js';
import type { AuditLog } from './audit.js';
import type { Entrance } from './entrance.js';

export interface IssuedTicket {
  /** Names the ticket in logs; worth nothing. */
  readonly id: string;
  /** What the user's device presents. It is shown here and is nowhere afterwards. */
  readonly text: string;
  readonly expiresAtMs: number;
}

/** Whom a ticket signs in. */
export interface TicketHolder {
  readonly userId: UserId;
  /** Who will act as that user; null: the user itself. */
  readonly actorId: UserId | null;
}

export interface TicketOrder extends TicketHolder {
  readonly ttlMs: number;
  /** The API key that asks. */
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

  /** Rejects with `user_not_found`, `user_banned` or `user_blocked`, of the actor as of the user. */
  async issue({ userId, actorId, ttlMs, keyId }: TicketOrder): Promise<IssuedTicket> {
    const { store, entrance, audit, crypto, clock } = this.deps;
    await Promise.all([userId, ...(actorId === null ? [] : [actorId])].map((id) => entrance.inGoodStanding(id)));
    const text = randomBase62(crypto, SECRET_LETTERS);
    const expiresAtMs = clock.nowMs() + ttlMs;
    await store.put('sign_in_ticket', crypto.sha256(text), encodeHolder({ userId, actorId }), ttlMs);
    if (actorId !== null) audit.record('impersonation_allowed', { kind: 'system', keyId }, userId, { actorId });
    return { id: `sit_${randomBase62(crypto, ID_LETTERS)}`, text, expiresAtMs };
  }

  /** Whose ticket it is, to exactly one of any number of callers; null for the others, and for what is no ticket. */
  async redeem(text: string): Promise<TicketHolder | null> {
    if (!TICKET.test(text)) return null;
    const { store, crypto } = this.deps;
    const kept = await store.take('sign_in_ticket', crypto.sha256(text));
    return kept === null ? null : parseHolder(kept);
  }
}

/** The user's id, and behind a space the actor's. */
function encodeHolder({ userId, actorId }: TicketHolder): string {
  return actorId === null ? userId : `${userId} ${actorId}`;
}

/** An actor that cannot be read makes it no ticket: it must not become one of the user itself. */
function parseHolder(kept: string): TicketHolder | null {
  const [user = '', actor] = kept.split(' ');
  const userId = parseDirectoryUserId(user);
  const actorId = actor === undefined ? null : parseDirectoryUserId(actor);
  if (userId === null || (actor !== undefined && actorId === null)) return null;
  return { userId, actorId };
}
