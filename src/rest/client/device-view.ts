/** Devices and their sessions in the shapes of Clerk's frontend API. Times are Unix milliseconds. */
import { z } from 'zod';
import { unixMs } from '../fields.js';
import type { Profile } from '../../identity/profiles.js';
import { actorOf, factorVerificationAge } from '../../identity/session-claims.js';
import { USER_SESSION_STATUSES, type DeviceWithSessions, type UserSession } from '../../ports/user-session-store.js';
import type { OrganizationId, UserId } from '../../protocol/ids.js';
import { ownUserSchema, publicUserDataSchema, viewOwnUser, viewPublicUserData } from './own-user-view.js';

export const tokenSchema = z.object({ object: z.literal('token'), jwt: z.string() }).meta({ id: 'SessionToken' });

export const deviceSessionSchema = z
  .object({
    object: z.literal('session'),
    id: z.string(),
    status: z.enum(USER_SESSION_STATUSES),
    expire_at: unixMs,
    abandon_at: unixMs,
    last_active_at: unixMs,
    last_active_token: tokenSchema.nullable().describe('The new token of a touched session; otherwise null.'),
    last_active_organization_id: z.string().nullable(),
    actor: z.object({ sub: z.string() }).nullable(),
    tasks: z.null(),
    factor_verification_age: z
      .array(
        z
          .int()
          .min(-1)
          .max(2 ** 31 - 1),
      )
      .describe('Minutes since the first and the second factor; -1 for never.'),
    user: ownUserSchema.nullable(),
    public_user_data: publicUserDataSchema.nullable(),
    created_at: unixMs,
    updated_at: unixMs,
  })
  .meta({ id: 'ClientSession' });

export const deviceSchema = z
  .object({
    object: z.literal('client'),
    id: z.string(),
    sessions: z.array(deviceSessionSchema),
    sign_in: z.null(),
    sign_up: z.null(),
    last_active_session_id: z.string().nullable(),
    last_authentication_strategy: z.string().nullable(),
    cookie_expires_at: unixMs,
    captcha_bypass: z.literal(false),
    created_at: unixMs,
    updated_at: unixMs,
  })
  .meta({ id: 'Client' });

export const sessionAnswerSchema = z
  .object({ response: deviceSessionSchema, client: deviceSchema })
  .meta({ id: 'ClientSessionAnswer' });

export const deviceAnswerSchema = z
  .object({ response: deviceSchema, client: deviceSchema })
  .meta({ id: 'ClientAnswer' });

/** Values that the views need beside the records. */
export interface Seen {
  readonly profiles: ReadonlyMap<UserId, Profile>;
  readonly nowMs: number;
  /** A fresh token, and the session it belongs to. */
  readonly token?: { readonly sessionId: string; readonly jwt: string } | undefined;
}

export function viewDeviceSession(session: UserSession, seen: Seen): z.output<typeof deviceSessionSchema> {
  const profile = seen.profiles.get(session.userId) ?? null;
  const actorId = actorOf(session);
  return {
    object: 'session',
    id: session.id,
    status: session.status,
    expire_at: session.expireAtMs,
    abandon_at: session.abandonAtMs,
    last_active_at: session.lastActiveAtMs,
    last_active_token: seen.token?.sessionId === session.id ? { object: 'token', jwt: seen.token.jwt } : null,
    last_active_organization_id: activeOrganization(session, profile),
    actor: actorId === null ? null : { sub: actorId },
    tasks: null,
    factor_verification_age: [...factorVerificationAge(session, seen.nowMs)],
    user: profile === null ? null : viewOwnUser(profile),
    public_user_data: profile === null ? null : viewPublicUserData(profile.user),
    created_at: session.createdAtMs,
    updated_at: session.updatedAtMs,
  };
}

export function viewDevice({ device, sessions }: DeviceWithSessions, seen: Seen): z.output<typeof deviceSchema> {
  const lastActive = sessions.find(({ id, status }) => id === device.lastActiveSessionId && status === 'active');
  return {
    object: 'client',
    id: device.id,
    sessions: sessions.map((session) => viewDeviceSession(session, seen)),
    sign_in: null,
    sign_up: null,
    last_active_session_id: lastActive?.id ?? null,
    last_authentication_strategy: device.lastStrategy,
    cookie_expires_at: device.expireAtMs,
    captcha_bypass: false,
    created_at: device.createdAtMs,
    updated_at: device.updatedAtMs,
  };
}

/** null when the organization is gone or the user has left it: tokens do not name it either. */
function activeOrganization({ organizationId }: UserSession, profile: Profile | null): OrganizationId | null {
  const isMember = profile?.memberships.some(({ organization }) => organization.id === organizationId) ?? false;
  return isMember ? organizationId : null;
}
