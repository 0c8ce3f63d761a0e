/** A login session as callers see it. The source does not say how it writes times: here they are Unix milliseconds. */
import { z } from 'zod';
import * as field from '../fields.js';
import type { LoginHolder } from '../../identity/login-callers.js';
import type { Logins } from '../../identity/logins.js';

/** For the document only: the guard reads the path itself. */
export const SESSION_PARAMS = z.object({ sessionId: z.string().describe('The LSID: a secret.') });

const time = field.unixMs;

export const loginSessionSchema = z
  .object({
    sessionId: z.string().describe('The LSID: a secret.'),
    userId: z.string().describe('The user who logged in.'),
    username: z.string().nullable(),
    orgId: z
      .string()
      .nullable()
      .describe('The home organization of that user; null when it is gone or the user has left it.'),
    effectiveUserId: z.string().describe('The user that the session acts as.'),
    effectiveOrgId: z
      .string()
      .nullable()
      .describe('The organization that the session acts in; null when it is gone or its user has left it.'),
    assumed: z.boolean().describe('Whether the session acts as another user.'),
    createdAt: time,
    lastAccessedAt: time.describe('Unix milliseconds, to the second.'),
    expiresAt: time.describe('Unix milliseconds. Each access moves it on, up to the end of the session’s lifetime.'),
    ipAddress: z.string().nullable().describe('The address that opened the session.'),
  })
  .meta({ id: 'LoginSession' });

/** Asks which organizations the session may name. */
export async function viewLogin(
  logins: Pick<Logins, 'organizationsOf'>,
  holder: LoginHolder,
  lsid: string,
): Promise<z.output<typeof loginSessionSchema>> {
  const { session, user } = holder;
  const organizations = await logins.organizationsOf(holder);
  return {
    sessionId: lsid,
    userId: session.userId,
    username: user.username,
    orgId: organizations.home,
    effectiveUserId: session.effectiveUserId,
    effectiveOrgId: organizations.effective,
    assumed: session.effectiveUserId !== session.userId,
    createdAt: session.createdAtMs,
    lastAccessedAt: session.lastActiveAtMs,
    expiresAt: Math.min(session.expireAtMs, session.abandonAtMs),
    ipAddress: session.address,
  };
}

export const loginTokenSchema = z
  .object({ token: z.string().describe('A session token: a JWT that lives for a minute.') })
  .meta({ id: 'LoginSessionToken' });

export const terminatedSchema = z
  .object({ terminated: field.quantity.describe('How many sessions ended.') })
  .meta({ id: 'TerminatedSessions' });
