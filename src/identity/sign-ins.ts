/** Signing in on a device, by password or by ticket. Opens a session there and gives the device a new token. */
import { Failure } from '../protocol/failure.js';
import { USER_NAMES } from '../ports/directory-store.js';
import type { Passwords } from '../ports/passwords.js';
import type { Device, DeviceWithSessions, UserSession } from '../ports/user-session-store.js';
import type { Attempts } from './attempts.js';
import type { AuditLog } from './audit.js';
import type { Devices, IssuedDeviceToken } from './devices.js';
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
  readonly devices: Pick<Devices, 'current' | 'forSignIn' | 'rotate' | 'makeActive'>;
  readonly audit: AuditLog;
  /** Allows one active session per device: refuses another sign-in until that session ends. */
  readonly singleSession: boolean;
}

/** The device and address that a sign-in comes from. */
export interface SignInPlace {
  /** null: the browser has no device yet. */
  readonly device: DeviceWithSessions | null;
  /** Canonical form. */
  readonly address: string;
}

export interface SignedIn {
  readonly session: UserSession;
  readonly device: DeviceWithSessions;
  readonly token: IssuedDeviceToken;
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
    this.mustBeFree(place.device);
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
    this.mustBeFree(place.device);
    const holder = await this.deps.tickets.redeem(ticket);
    if (holder === null) throw new Failure('ticket_invalid_code');
    return this.open(place, { ...holder, shownHash: null }, 'ticket');
  }

  private async open({ device: asking, address }: SignInPlace, who: Visitor, strategy: Strategy): Promise<SignedIn> {
    const { devices } = this.deps;
    const { device } = await devices.forSignIn(asking);
    const session = await this.enter(who, device.id, address);
    try {
      const token = await this.newToken(device, strategy);
      const now = await devices.current(device.id);
      await this.note(who, session);
      return { session, device: now, token };
    } catch (error) {
      await this.undo(session, device.id);
      throw error;
    }
  }

  /** Nobody has heard of this session yet, so it can be removed. */
  private async undo({ id }: UserSession, deviceId: Device['id']): Promise<void> {
    const { devices, sessions } = this.deps;
    await sessions.finish(id, 'removed');
    const now = await devices.current(deviceId);
    const active = now.sessions.findLast(({ status }) => status === 'active');
    await devices.makeActive(deviceId, active?.id ?? null);
  }

  /**
   * In single-session mode the device had no session at the check; of several concurrent sign-ins only one succeeds.
   */
  private async newToken(device: Device, lastStrategy: Strategy): Promise<IssuedDeviceToken> {
    const { devices, singleSession } = this.deps;
    const token = await devices.rotate(device.id, { lastStrategy, from: singleSession ? device.rotation : null });
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
    deviceId: Device['id'],
    address: string,
  ): Promise<UserSession> {
    try {
      return await this.deps.entrance.open({ userId, actorId, deviceId, kind: 'client', address }, shownHash);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      // This surface has one error for banned and blocked users, and none for a user removed after the ticket was made.
      if (error.code === 'user_blocked') throw new Failure('user_banned', { cause: error });
      if (error.code === 'login_failed') throw new Failure('form_password_incorrect', { cause: error });
      if (error.code === 'user_not_found') throw new Failure('ticket_invalid_code', { cause: error });
      throw error;
    }
  }

  private mustBeFree(device: DeviceWithSessions | null): void {
    const isInUse = device?.sessions.some(({ status }) => status === 'active') ?? false;
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
