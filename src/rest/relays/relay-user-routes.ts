/** Edgegap's calls about one user of a relay session: authorize and revoke. */
import { z } from 'zod';
import { Failure } from '../../protocol/failure.js';
import type { Authorizations } from '../../relay/sessions/authorizations.js';
import type { RelaySessions } from '../../relay/sessions/relay-sessions.js';
import * as field from '../fields.js';
import { defineRoute, type Route } from '../route.js';
import {
  authorizedSessionSchema,
  sessionSchema,
  viewAuthorized,
  viewSession,
  type Nodes,
} from './relay-session-view.js';

export interface RelayUserRoutesDeps {
  readonly sessions: Pick<RelaySessions, 'newSeat'>;
  readonly authorizations: Pick<Authorizations, 'authorize' | 'revoke'>;
  readonly nodes: Nodes;
}

export function relayUserRoutes(deps: RelayUserRoutesDeps): readonly Route[] {
  return [authorizeUser(deps), revokeUser(deps)];
}

function authorizeUser({ sessions, authorizations, nodes }: RelayUserRoutesDeps): Route {
  return defineRoute({
    name: 'authorizeRelayUser',
    summary: 'Authorize a user on a relay session.',
    method: 'POST',
    path: '/v1/relays/sessions:authorize-user',
    scope: 'relays',
    body: z.object({ session_id: field.sessionId, user_ip: field.ipAddress }),
    responses: { 200: authorizedSessionSchema },
    errors: ['address_already_authorized', 'session_full'],
    async handle({ caller, body }) {
      const seat = sessions.newSeat(body.user_ip);
      const authorized = await authorizations.authorize(caller.sees, body.session_id, seat).catch(unknownIsBadRequest);
      return { status: 200, body: viewAuthorized(nodes, authorized.session, authorized.seat) };
    },
  });
}

function revokeUser({ authorizations, nodes }: RelayUserRoutesDeps): Route {
  return defineRoute({
    name: 'revokeRelayUser',
    summary: 'Revoke a user of a relay session. Their socket closes before the answer.',
    method: 'POST',
    path: '/v1/relays/sessions:revoke-user',
    scope: 'relays',
    body: z.object({ session_id: field.sessionId, authorization_token: field.authorizationToken }),
    responses: { 200: sessionSchema, 204: 'empty' },
    errors: ['session_not_found', 'token_not_found'],
    async handle({ caller, body }) {
      const { left } = await authorizations.revoke(caller.sees, body.session_id, body.authorization_token);
      return left === null ? { status: 204 } : { status: 200, body: viewSession(nodes, left) };
    },
  });
}

/** Edgegap's authorize has no 404: it answers 400 for an unknown session. */
function unknownIsBadRequest(error: unknown): never {
  if (Failure.is(error, 'session_not_found')) {
    throw new Failure('invalid_request', { message: 'session_id: there is no such relay session', cause: error });
  }
  throw error;
}
