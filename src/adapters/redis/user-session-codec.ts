/** Encodes and decodes user sessions and devices for Redis. */
import { z } from 'zod';
import {
  USER_SESSION_STATUSES,
  type Device,
  type NewUserSession,
  type SessionChange,
  type UserSession,
} from '../../ports/user-session-store.js';
import {
  parseDeviceId,
  parseOrganizationId,
  parseUserId,
  parseUserSessionId,
  type DeviceId,
  type UserId,
  type UserSessionId,
} from '../../protocol/ids.js';
import { asInteger, asPairs, asText, known } from './replies.js';
import { branded, json } from './schemas.js';

const userId = branded(parseUserId);
const sessionId = branded(parseUserSessionId);

/** Stored data still calls the device `client`, because programs of other versions read it. */
const sessionSchema = json(
  z.object({
    id: sessionId,
    userId,
    clientId: branded(parseDeviceId).nullable(),
    kind: z.enum(['client', 'login']),
    status: z.enum(USER_SESSION_STATUSES),
    createdAtMs: z.number(),
    updatedAtMs: z.number(),
    lastActiveAtMs: z.number(),
    expireAtMs: z.number(),
    abandonAtMs: z.number(),
    organizationId: branded(parseOrganizationId).nullable(),
    effectiveUserId: userId,
    actorId: userId.nullable(),
    secretHash: z.string().nullable(),
    address: z.string().nullable(),
  }),
).transform(({ clientId, ...session }) => ({ ...session, deviceId: clientId }));

const text = z.string().transform((value) => (value === '' ? null : value));

const deviceSchema = z.object({
  rotation: z.string(),
  last: z.union([z.literal('').transform(() => null), sessionId]),
  strategy: text,
  created: z.string(),
  updated: z.string(),
  expires: z.string(),
});

/** The arguments of user-session-open.lua, without the members that the script adds. */
export function encodeNewSession(session: NewUserSession): readonly (string | number)[] {
  const { lifetimeMs, inactivityMs, deviceId, ...given } = session;
  return [JSON.stringify({ ...given, clientId: deviceId }), lifetimeMs, inactivityMs];
}

/** The arguments of user-session-change.lua. */
export function encodeChange({ touch, organizationId, effectiveUserId }: SessionChange): readonly (string | number)[] {
  const organization = organizationId === undefined ? '' : `=${organizationId ?? ''}`;
  return [touch?.inactivityMs ?? '', organization, effectiveUserId ?? ''];
}

export function decodeUserSession(reply: unknown): UserSession {
  return sessionSchema.parse(reply);
}

export function decodeDevice(id: DeviceId, reply: unknown): Device {
  const fields = deviceSchema.parse(Object.fromEntries(asPairs(reply)));
  return {
    id,
    rotation: asInteger(fields.rotation),
    lastActiveSessionId: fields.last,
    lastStrategy: fields.strategy,
    createdAtMs: asInteger(fields.created),
    updatedAtMs: asInteger(fields.updated),
    expireAtMs: asInteger(fields.expires),
  };
}

/** How long a finished session is kept. */
export const KEPT_MS = 24 * 3_600_000;

/** When a finished session is forgotten. A removal after its end raises `updatedAtMs`, and makes this time too late. */
export function forgottenAtMs({ updatedAtMs }: Pick<UserSession, 'updatedAtMs'>): number {
  return updatedAtMs + KEPT_MS;
}

/** A pointer to a user session. */
export interface SessionPointer {
  readonly id: UserSessionId;
  readonly userId: UserId;
  readonly member: string;
}

export function decodePointer(reply: unknown): SessionPointer {
  const member = asText(reply);
  const [id = '', user = ''] = member.split(' ');
  return {
    id: known(parseUserSessionId(id), 'a session id'),
    userId: known(parseUserId(user), 'a user id'),
    member,
  };
}
