/** Fixtures of the identity store rules. */
import { randomBytes } from 'node:crypto';
import type {
  MembershipRecord,
  OrganizationRecord,
  TemplateRecord,
  UserRecord,
} from '../../../src/ports/directory-store.js';
import type {
  NewUserSession,
  SessionLimit,
  UserSession,
  UserSessionStore,
} from '../../../src/ports/user-session-store.js';
import {
  parseDeviceId,
  parseDirectoryUserId,
  parseOrganizationId,
  parseUserSessionId,
  type DeviceId,
  type OrganizationId,
  type UserId,
  type UserSessionId,
} from '../../../src/protocol/ids.js';
import { sure } from './fixtures.js';

const HOUR_MS = 3_600_000;
export const LIFETIME_MS = 10 * HOUR_MS;
export const INACTIVITY_MS = HOUR_MS;
export const KEPT_MS = 24 * HOUR_MS;
export const NO_LIMIT: SessionLimit = { max: 0, whenFull: 'reject_new' };

const letters = (): string => randomBytes(14).toString('hex').slice(0, 27);

export const directoryUserId = (): UserId => sure(parseDirectoryUserId(`user_${letters()}`));
export const organizationId = (): OrganizationId => sure(parseOrganizationId(`org_${letters()}`));
export const deviceId = (): DeviceId => sure(parseDeviceId(`client_${letters()}`));
export const userSessionId = (): UserSessionId => sure(parseUserSessionId(`sess_${letters()}`));

export function newUser(change: Partial<UserRecord> = {}): UserRecord {
  return {
    id: directoryUserId(),
    version: 1,
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
    createdAtMs: 1,
    updatedAtMs: 2,
    lastSignInAtMs: null,
    sessionsToEnd: null,
    ...change,
  };
}

export function newOrganization(change: Partial<OrganizationRecord> = {}): OrganizationRecord {
  const id = organizationId();
  const slug = id.slice(4).toLowerCase();
  return {
    id,
    version: 1,
    name: 'An organization',
    slug,
    publicMetadata: {},
    privateMetadata: {},
    createdAtMs: 1,
    updatedAtMs: 2,
    ...change,
  };
}

export function newMembership(change: Partial<MembershipRecord> = {}): MembershipRecord {
  return {
    organizationId: organizationId(),
    userId: directoryUserId(),
    role: 'org:member',
    permissions: ['org:read'],
    createdAtMs: 1,
    ...change,
  };
}

export function newTemplate(change: Partial<TemplateRecord> = {}): TemplateRecord {
  return {
    name: 'game',
    version: 1,
    claims: { level: '{{user.public_metadata.level}}', nested: { list: [1, null] } },
    lifetimeS: 60,
    allowedClockSkewS: 5,
    createdAtMs: 1,
    updatedAtMs: 2,
    ...change,
  };
}

export function newUserSession(change: Partial<NewUserSession> = {}): NewUserSession {
  const userId = change.userId ?? directoryUserId();
  return {
    id: userSessionId(),
    userId,
    deviceId: null,
    kind: 'client',
    organizationId: null,
    effectiveUserId: userId,
    actorId: null,
    secretHash: null,
    address: null,
    lifetimeMs: LIFETIME_MS,
    inactivityMs: INACTIVITY_MS,
    ...change,
  };
}

/** Opens one without a limit. */
export async function openSession(store: UserSessionStore, change: Partial<NewUserSession> = {}): Promise<UserSession> {
  const result = await store.open(newUserSession(change), NO_LIMIT);
  if (result.outcome !== 'opened') throw new Error(`expected to open, was ${result.outcome}`);
  return result.session;
}

export const idsOf = (sessions: readonly UserSession[]): readonly UserSessionId[] => sessions.map(({ id }) => id);
export const times = <T>(count: number, make: (at: number) => T): T[] =>
  Array.from({ length: count }, (_, at) => make(at));
