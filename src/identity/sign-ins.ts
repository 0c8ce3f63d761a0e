/** Signing in on a client, by password or by ticket. Opens a session there and gives the client a new token. */
import { Failure } from '../protocol/failure.js';
import { USER_NAMES } from '../ports/directory-store.js';
import type { Passwords } from '../ports/passwords.js';
import type { Client, ClientWithSessions, UserSession } from '../ports/user-session-store.js';
import type { Attempts } from './attempts.js';
import type { AuditLog } from './audit.js';
import type { Clients, IssuedClientToken } from './clients.js';
import type { Entrance } from './entrance.js';
import type { TicketHolder, Tickets } from './tickets.js';
import { foldUserName } from './user-names.js';
import type { UserSessions } from './user-sessions.js';
import type { Users } from './users.js';

export interface SignInsDeps {
  readonly users: Pick<Users, 'findByIdentifier' | 'noteSignIn'>;
  readonly passwords: Passwords;
  readonly tickets: Pick<Tickets, 'redeem'>;
  readonly attempts: Pick<Attempts, 'begin' | 'succeeded'>;
  readonly entrance: Pick<Entrance, 'open'>;
  readonly sessions: Pick<UserSessions, 'finish'>;
  readonly clients: Pick<Clients, 'current' | 'forSignIn' | 'rotate' | 'makeActive'>;
  readonly audit: AuditLog;
  /** Allows one active session per client: refuses another sign-in until that session ends. */
  readonly singleSession: boolean;
}

/** The client and address that a sign-in comes from. */
export interface SignInPlace {
  /** null: the browser has no client yet. */
  readonly client: ClientWithSessions | null;
  /** Canonical form. */
  readonly address: string;
}

export interface SignedIn {
  readonly session: UserSession;
  readonly client: ClientWithSessions;
  readonly token: IssuedClientToken;
}

type Strategy = 'password' | 'ticket';

/** The user who signs in, and the hash of the password, if a password was used. */
type Visitor = TicketHolder & { readonly shownHash: string | null };

export class SignIns {
  constructor(private readonly deps: SignInsDeps) {}

  /**
   * Rejects with `session_exists`, `too_many_requests` or `form_password_incorrect` (for an unknown name and a wrong
   * password alike). Only when the password is right, rejects with `user_banned` or `too_many_sessions`.
   */
  async byPassword(place: SignInPlace, identifier: string, password: string): Promise<SignedIn> {
    const { users, passwords, attempts } = this.deps;
    this.mustBeFree(place.client);
    const account = accountName(identifier);
    await attempts.begin(account, place.address);
    const user = await users.findByIdentifier(identifier);
    const isRight = await passwords.matches(user?.passwordHash ?? null, password);
    if (user === null || !isRight) throw new Failure('form_password_incorrect');
    await attempts.succeeded(account, place.address);
    return this.open(place, { userId: user.id, actorId: null, shownHash: user.passwordHash }, 'password');
  }

  /**
   * Rejects with `session_exists`, `ticket_invalid_code`, `user_banned` or `too_many_sessions`. The last two also use
   * up the ticket.
   */
  async byTicket(place: SignInPlace, ticket: string): Promise<SignedIn> {
    this.mustBeFree(place.client);
    const holder = await this.deps.tickets.redeem(ticket);
    if (holder === null) throw new Failure('ticket_invalid_code');
    return this.open(place, { ...holder, shownHash: null }, 'ticket');
  }

  private async open({ client: asking, address }: SignInPlace, who: Visitor, strategy: Strategy): Promise<SignedIn> {
    const { clients } = this.deps;
    const { client } = await clients.forSignIn(asking);
    const session = await this.enter(who, client.id, address);
    try {
      const token = await this.newToken(client, strategy);
      const now = await clients.current(client.id);
      await this.note(who, session);
      return { session, client: now, token };
    } catch (error) {
      await this.undo(session, client.id);
      throw error;
    }
  }

  /** Nobody has heard of this session yet, so it can be removed. */
  private async undo({ id }: UserSession, clientId: Client['id']): Promise<void> {
    const { clients, sessions } = this.deps;
    await sessions.finish(id, 'removed');
    const now = await clients.current(clientId);
    const active = now.sessions.findLast(({ status }) => status === 'active');
    await clients.makeActive(clientId, active?.id ?? null);
  }

  /**
   * In single-session mode the client had no session at the check; of several concurrent sign-ins only one succeeds.
   */
  private async newToken(client: Client, lastStrategy: Strategy): Promise<IssuedClientToken> {
    const { clients, singleSession } = this.deps;
    const token = await clients.rotate(client.id, { lastStrategy, from: singleSession ? client.rotation : null });
    if (token === null) throw new Failure(singleSession ? 'session_exists' : 'authentication_invalid');
    return token;
  }

  /** A sign-in by an actor is not the user's own: it goes to the audit log only. */
  private async note({ userId, actorId }: TicketHolder, session: UserSession): Promise<void> {
    if (actorId === null) await this.deps.users.noteSignIn(userId);
    else this.deps.audit.recordIdentity('identity_assumed', { kind: 'user', session }, session, userId);
  }

  private async enter(
    { userId, actorId, shownHash }: Visitor,
    clientId: Client['id'],
    address: string,
  ): Promise<UserSession> {
    try {
      return await this.deps.entrance.open({ userId, actorId, clientId, kind: 'client', address }, shownHash);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      // This surface has one error for banned and blocked users, and none for a user removed after the ticket was made.
      if (error.code === 'user_blocked') throw new Failure('user_banned', { cause: error });
      if (error.code === 'login_failed') throw new Failure('form_password_incorrect', { cause: error });
      if (error.code === 'user_not_found') throw new Failure('ticket_invalid_code', { cause: error });
      throw error;
    }
  }

  private mustBeFree(client: ClientWithSessions | null): void {
    const isInUse = client?.sessions.some(({ status }) => status === 'active') ?? false;
    if (this.deps.singleSession && isInUse) throw new Failure('session_exists');
  }
}

/**
 * The name that tries are counted by: all spellings of a name are one account. A text that is not a valid name is used
 * unchanged.
 */
function accountName(identifier: string): string {
  const folded = USER_NAMES.map((name) => foldUserName(name, identifier)).find((name) => name !== null);
  return folded ?? identifier.normalize('NFKC').toLowerCase();
}
