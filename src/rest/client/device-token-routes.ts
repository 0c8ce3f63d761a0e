/** Tokens of a device's sessions, and the keys that verify them. */
import { z } from 'zod';
import type { DeviceSessions } from '../../identity/device-sessions.js';
import type { SessionTokens } from '../../ports/session-tokens.js';
import { defineGuardedRoute, defineOpenRoute, type Route } from '../route.js';
import type { DeviceCallers } from './device-callers.js';
import { DEVICE_ERRORS, organizationText, sessionParams } from './device-session-routes.js';
import { tokenSchema } from './device-view.js';

export interface DeviceTokenRoutesDeps {
  readonly sessions: DeviceSessions;
  readonly callers: DeviceCallers;
  readonly tokens: Pick<SessionTokens, 'jwks'>;
}

/** Half of the shortest time between the publication of a new key and its first use; see `adapters/jose`. */
const JWKS_CACHE = 'public, max-age=60';

const templateTokenSchema = z.object({ jwt: z.string() }).meta({ id: 'TemplateToken' });

const jwksSchema = z
  .object({ keys: z.array(z.record(z.string(), z.unknown())) })
  .meta({ id: 'JsonWebKeySet', description: 'RFC 7517. Public RSA keys, including the one that signs next.' });

export function deviceTokenRoutes(deps: DeviceTokenRoutesDeps): readonly Route[] {
  return [createToken(deps), createTemplateToken(deps), jwks(deps), backendJwks(deps)];
}

function createToken({ sessions, callers }: DeviceTokenRoutesDeps): Route {
  return defineGuardedRoute({
    name: 'createClientSessionToken',
    summary: 'Create a session token of an active session, for its active organization, for another one or for none.',
    method: 'POST',
    path: '/v1/client/sessions/{id}/tokens',
    guardName: 'client',
    guard: ({ request }) => callers.device(request, { changes: true }),
    params: sessionParams,
    body: z.object({ organization_id: organizationText }),
    bodyForm: 'form',
    responses: { 200: tokenSchema },
    errors: [
      ...DEVICE_ERRORS,
      'resource_not_found',
      'signed_out',
      'user_banned',
      'organization_not_found_or_unauthorized',
    ],
    async handle({ guest: { device, origin }, params, body }) {
      const jwt = await sessions.token(device, params.id, { organization: body.organization_id, origin });
      return { status: 200, body: { object: 'token', jwt } };
    },
  });
}

function createTemplateToken({ sessions, callers }: DeviceTokenRoutesDeps): Route {
  return defineGuardedRoute({
    name: 'createClientTemplateToken',
    summary: 'Create a token of an active session from a JWT template.',
    method: 'POST',
    path: '/v1/client/sessions/{id}/tokens/{template}',
    guardName: 'client',
    guard: ({ request }) => callers.device(request, { changes: true }),
    params: sessionParams.extend({ template: z.string() }),
    responses: { 200: templateTokenSchema },
    errors: [...DEVICE_ERRORS, 'resource_not_found', 'signed_out', 'user_banned', 'template_not_found'],
    async handle({ guest: { device, origin }, params }) {
      return { status: 200, body: { jwt: await sessions.templateToken(device, params.id, params.template, origin) } };
    },
  });
}

function jwks(deps: DeviceTokenRoutesDeps): Route {
  const summary = 'Get the public keys that verify session tokens and template tokens.';
  return keySetRoute(deps, { name: 'jwks', summary, path: '/.well-known/jwks.json' });
}

function backendJwks(deps: DeviceTokenRoutesDeps): Route {
  const summary = "Get the same key set where Clerk's backend library looks for it. Any secret key is accepted.";
  return keySetRoute(deps, { name: 'backendJwks', summary, path: '/v1/jwks' });
}

function keySetRoute(
  { tokens }: DeviceTokenRoutesDeps,
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
