/** Tokens of a client's sessions, and the keys that verify them. */
import { z } from 'zod';
import type { ClientSessions } from '../../identity/client-sessions.js';
import type { SessionTokens } from '../../ports/session-tokens.js';
import { defineGuardedRoute, defineOpenRoute, type Route } from '../route.js';
import type { ClientCallers } from './caller.js';
import { CLIENT_ERRORS, organizationText, sessionParams } from './sessions.js';
import { tokenSchema } from './view.js';

export interface ClientTokenRoutesDeps {
  readonly sessions: ClientSessions;
  readonly callers: ClientCallers;
  readonly tokens: Pick<SessionTokens, 'jwks'>;
}

/** Half of what a new key is published ahead of its use at the very least; see the adapter's figures. */
const JWKS_CACHE = 'public, max-age=60';

const templateTokenSchema = z.object({ jwt: z.string() }).meta({ id: 'TemplateToken' });

const jwksSchema = z
  .object({ keys: z.array(z.record(z.string(), z.unknown())) })
  .meta({ id: 'JsonWebKeySet', description: 'RFC 7517. Public RSA keys, the one that will sign next included.' });

export function clientTokenRoutes(deps: ClientTokenRoutesDeps): readonly Route[] {
  return [createToken(deps), createTemplateToken(deps), jwks(deps), backendJwks(deps)];
}

function createToken({ sessions, callers }: ClientTokenRoutesDeps): Route {
  return defineGuardedRoute({
    name: 'createClientSessionToken',
    summary: 'A session token of an active session; with the active organization, another one, or none.',
    method: 'POST',
    path: '/v1/client/sessions/{id}/tokens',
    guardName: 'client',
    guard: ({ request }) => callers.client(request, { changes: true }),
    params: sessionParams,
    body: z.object({ organization_id: organizationText }),
    bodyForm: 'form',
    responses: { 200: tokenSchema },
    errors: [
      ...CLIENT_ERRORS,
      'resource_not_found',
      'signed_out',
      'user_banned',
      'organization_not_found_or_unauthorized',
    ],
    async handle({ guest: { client, origin }, params, body }) {
      const jwt = await sessions.token(client, params.id, { organization: body.organization_id, origin });
      return { status: 200, body: { object: 'token', jwt } };
    },
  });
}

function createTemplateToken({ sessions, callers }: ClientTokenRoutesDeps): Route {
  return defineGuardedRoute({
    name: 'createClientTemplateToken',
    summary: 'A token of an active session by a JWT template.',
    method: 'POST',
    path: '/v1/client/sessions/{id}/tokens/{template}',
    guardName: 'client',
    guard: ({ request }) => callers.client(request, { changes: true }),
    params: sessionParams.extend({ template: z.string() }),
    responses: { 200: templateTokenSchema },
    errors: [...CLIENT_ERRORS, 'resource_not_found', 'signed_out', 'user_banned', 'template_not_found'],
    async handle({ guest: { client, origin }, params }) {
      return { status: 200, body: { jwt: await sessions.templateToken(client, params.id, params.template, origin) } };
    },
  });
}

function jwks(deps: ClientTokenRoutesDeps): Route {
  const summary = 'The public keys that verify session tokens and tokens by a template.';
  return keySetRoute(deps, { name: 'jwks', summary, path: '/.well-known/jwks.json' });
}

function backendJwks(deps: ClientTokenRoutesDeps): Route {
  const summary = "The same key set, where the backend library of Clerk's looks for it. Any secret key will do.";
  return keySetRoute(deps, { name: 'backendJwks', summary, path: '/v1/jwks' });
}

function keySetRoute(
  { tokens }: ClientTokenRoutesDeps,
  naming: { readonly name: string; readonly summary: string; readonly path: string },
): Route {
  return defineOpenRoute({
    ...naming,
    method: 'GET',
    responses: { 200: jwksSchema },
    errors: ['store_unavailable'],
    async handle() {
      const { keys } = await tokens.jwks();
      return { status: 200, body: { keys: keys.map((key) => ({ ...key })) }, headers: { 'Cache-Control': JWKS_CACHE } };
    },
  });
}
