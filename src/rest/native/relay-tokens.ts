/** Minting relay credentials. */
import { z } from 'zod';
import type { Authorizations } from '../../relay/authorizations.js';
import * as field from '../fields.js';
import { defineRoute, NOTHING, type Route } from '../route.js';

export interface RelayTokenRoutesDeps {
  readonly authorizations: Pick<Authorizations, 'mint'>;
}

const DEFAULT_TTL_S = 3600;
const MAX_TTL_S = 86_400;

const tokenBody = z.strictObject({
  user_id: field.userId,
  role: z.enum(['host', 'client']).default('client'),
  ttl_s: z.int().min(1).max(MAX_TTL_S).default(DEFAULT_TTL_S),
});

export function relayTokenRoutes({ authorizations }: RelayTokenRoutesDeps): readonly Route[] {
  return [
    defineRoute({
      name: 'mintRelayToken',
      summary: 'Mint a relay credential for a user. It takes no seat until it joins.',
      surface: 'native',
      method: 'POST',
      path: '/v1/relays/sessions/{session_id}/tokens',
      scope: 'relays',
      refusedWhileDraining: true,
      params: z.object({ session_id: field.sessionId }),
      notFound: 'session_not_found',
      query: NOTHING,
      body: tokenBody,
      responses: {
        200: z
          .object({ token: z.string(), expires_at: z.int().describe('Unix milliseconds.') })
          .meta({ id: 'RelayToken' }),
      },
      errors: ['session_not_found', 'banned'],
      async handle({ caller, params, body }) {
        const { token, expiresAtMs } = await authorizations.mint(caller.sees, params.session_id, {
          userId: body.user_id,
          asHost: body.role === 'host',
          ttlS: body.ttl_s,
        });
        return { status: 200, body: { token, expires_at: expiresAtMs } };
      },
    }),
  ];
}
