/** A change of a user, and what it makes of the user's record. */
import { Failure } from '../protocol/failure.js';
import type { OrganizationId, UserId } from '../protocol/ids.js';
import type { Json } from '../lib/json.js';
import { USER_NAMES, type SessionsToEnd, type UserRecord } from '../ports/directory-store.js';

/** Absent fields stay unchanged (for a new user: null, empty or false). Names are folded (`foldUserName`). */
export interface UserChange {
  readonly username?: string | null | undefined;
  readonly email?: string | null | undefined;
  readonly phone?: string | null | undefined;
  readonly mobile?: string | null | undefined;
  readonly firstName?: string | null | undefined;
  readonly lastName?: string | null | undefined;
  readonly publicMetadata?: Json | undefined;
  readonly privateMetadata?: Json | undefined;
  readonly unsafeMetadata?: Json | undefined;
  /** null removes the password. Any change ends all sessions of the user. */
  readonly password?: string | null | undefined;
  /** false ends all sessions of an admin. */
  readonly admin?: boolean | undefined;
  /** The organization must exist. */
  readonly homeOrganizationId?: OrganizationId | null | undefined;
}

export function plainChanges(
  change: UserChange,
  user: UserRecord,
): Pick<UserRecord, Exclude<keyof UserChange, 'password'>> {
  return {
    username: either(change.username, user.username),
    email: either(change.email, user.email),
    phone: either(change.phone, user.phone),
    mobile: either(change.mobile, user.mobile),
    firstName: either(change.firstName, user.firstName),
    lastName: either(change.lastName, user.lastName),
    publicMetadata: either(change.publicMetadata, user.publicMetadata),
    privateMetadata: either(change.privateMetadata, user.privateMetadata),
    unsafeMetadata: either(change.unsafeMetadata, user.unsafeMetadata),
    admin: either(change.admin, user.admin),
    homeOrganizationId: either(change.homeOrganizationId, user.homeOrganizationId),
  };
}

/** A former admin may act as other users in some of the sessions, so they end, too. */
export function toEndAfter(change: UserChange, kept: UserRecord): SessionsToEnd | null {
  const none = { version: kept.version + 1, formerHash: null, resetToken: null };
  if (change.password !== undefined) return none;
  if (kept.admin && change.admin === false)
    return kept.sessionsToEnd === null ? none : { ...kept.sessionsToEnd, version: none.version };
  return kept.sessionsToEnd;
}

/** Users from before this was refused may have none; they can still be changed. */
export function hasName(user: UserRecord): boolean {
  return USER_NAMES.some((name) => user[name] !== null);
}

export function lastName(change: UserChange): Failure {
  const message = 'the user has no other name: at least one of username, email, phone and mobile';
  const details = USER_NAMES.filter((name) => change[name] === null).map((path) => ({ path, message }));
  return new Failure('invalid_request', { message: `${details[0]?.path ?? 'username'}: ${message}`, details });
}

/** null is a value; only undefined keeps the old one. */
export function either<T>(changed: T | undefined, kept: T): T {
  return changed === undefined ? kept : changed;
}

export function blankUser(id: UserId, nowMs: number): UserRecord {
  return {
    id,
    version: 0,
    username: null,
    email: null,
    phone: null,
    mobile: null,
    firstName: null,
    lastName: null,
    publicMetadata: {},
    privateMetadata: {},
    unsafeMetadata: {},
    passwordHash: null,
    admin: false,
    homeOrganizationId: null,
    banned: false,
    blockedUntilMs: null,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
    lastSignInAtMs: null,
    sessionsToEnd: null,
  };
}
