/** Minting relay credentials. */
import { z } from 'zod';
import type { UserSessions } from '../../identity/user-sessions.js';
import { Failure } from '../../protocol/failure.js';
import type { UserId, UserSessionId } from '../../protocol/ids.js';
import type { Authorizations } from '../../relay/sessions/authorizations.js';
import * as field from '../fields.js';
import { defineRoute, type Route } from '../route.js';

export interface RelayTokenRoutesDeps {
  readonly authorizations: Pick<Authorizations, 'mint'>;
  readonly userSessions: Pick<UserSessions, 'get'>;
}

const DEFAULT_TTL_S = 3600;
const MAX_TTL_S = 86_400;

const tokenBody = z.strictObject({
  user_id: field.userId,
  role: z.enum(['host', 'client']).default('client'),
  ttl_s: z.int().min(1).max(MAX_TTL_S).default(DEFAULT_TTL_S),
  user_session_id: field.userSessionId
    .optional()
    .describe(
      'An active user session that acts as this user. The credential and the seat it opens end with that session.',
    ),
});

export function relayTokenRoutes({ authorizations, userSessions }: RelayTokenRoutesDeps): readonly Route[] {
  return [
    defineRoute({
      name: 'mintRelayToken',
      summary: 'Mint a relay credential for a user. The credential takes no seat before the user joins.',
      method: 'POST',
      path: '/v1/relays/sessions/{session_id}/tokens',
      scope: 'relays',
      refusedWhileDraining: true,
      params: z.object({ session_id: field.sessionId }),
      notFound: 'session_not_found',
      body: tokenBody,
      responses: {
        200: z.object({ token: z.string(), expires_at: field.unixMs }).meta({ id: 'RelayToken' }),
      },
      errors: ['session_not_found', 'banned', 'user_session_not_found', 'user_session_over'],
      async handle({ caller, params, body }) {
        const userSessionId = body.user_session_id ?? null;
        if (userSessionId !== null) await requireActive(userSessions, userSessionId, body.user_id);
        const { token, expiresAtMs } = await authorizations.mint(caller.sees, params.session_id, {
          userId: body.user_id,
          asHost: body.role === 'host',
          ttlS: body.ttl_s,
          userSessionId,
        });
        return { status: 200, body: { token, expires_at: expiresAtMs } };
      },
    }),
  ];
}

async function requireActive(sessions: Pick<UserSessions, 'get'>, id: UserSessionId, userId: UserId): Promise<void> {
  const session = await sessions.get(id);
  if (session?.effectiveUserId !== userId) throw new Failure('user_session_not_found');
  if (session.status !== 'active') throw new Failure('user_session_over');
}
