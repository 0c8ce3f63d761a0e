/** The device itself: signing in, looking at it, signing out of everything. */
import { z } from 'zod';
import type { DeviceSessions } from '../../identity/device-sessions.js';
import type { IssuedDeviceToken } from '../../identity/devices.js';
import type { SignedIn, SignInPlace, SignIns } from '../../identity/sign-ins.js';
import { randomBase62 } from '../../lib/base62.js';
import type { Crypto } from '../../ports/crypto.js';
import { defineGuardedRoute, defineOpenRoute, type ReplyHeaders, type Route } from '../route.js';
import type { DeviceAnswers } from './device-answers.js';
import { COOKIE_NAME, type DeviceCallers } from './device-callers.js';
import { DEVICE_ERRORS } from './device-session-routes.js';
import { deviceAnswerSchema, deviceSchema } from './device-view.js';

export interface DeviceRoutesDeps {
  readonly sessions: DeviceSessions;
  readonly signIns: SignIns;
  readonly callers: DeviceCallers;
  readonly answers: DeviceAnswers;
  readonly crypto: Crypto;
  /** Whether browsers reach this server over TLS. */
  readonly isSecure: boolean;
}

const ID_LETTERS = 27;
const MAX_IDENTIFIER_LENGTH = 320;
const MAX_SECRET_LENGTH = 1024;

const signInBody = z.discriminatedUnion('strategy', [
  z.object({
    strategy: z.literal('password'),
    identifier: z.string().min(1).max(MAX_IDENTIFIER_LENGTH),
    password: z.string().min(1).max(MAX_SECRET_LENGTH),
  }),
  z.object({ strategy: z.literal('ticket'), ticket: z.string().min(1).max(MAX_SECRET_LENGTH) }),
]);

const signInAnswerSchema = z
  .object({
    response: z.object({
      object: z.literal('sign_in_attempt'),
      id: z.string(),
      status: z.literal('complete'),
      identifier: z
        .string()
        .nullable()
        .describe('The identifier as given; after a ticket, the first identifier that the user has.'),
      created_session_id: z.string(),
    }),
    client: deviceSchema,
  })
  .meta({ id: 'SignInAnswer' });

export function deviceRoutes(deps: DeviceRoutesDeps): readonly Route[] {
  return [getDevice(deps), removeSessions(deps), signIn(deps)];
}

function getDevice({ callers, answers }: DeviceRoutesDeps): Route {
  return defineGuardedRoute({
    name: 'getClient',
    summary: 'Get the client with its sessions.',
    method: 'GET',
    path: '/v1/client',
    guardName: 'client',
    guard: ({ request }) => callers.device(request, { changes: false }),
    responses: { 200: deviceAnswerSchema },
    errors: DEVICE_ERRORS,
    async handle({ guest }) {
      return { status: 200, body: await answers.device(guest.device) };
    },
  });
}

function removeSessions({ sessions, callers, answers }: DeviceRoutesDeps): Route {
  return defineGuardedRoute({
    name: 'removeClientSessions',
    summary: 'Sign out of all sessions of the client.',
    method: 'DELETE',
    path: '/v1/client/sessions',
    guardName: 'client',
    guard: ({ request }) => callers.device(request, { changes: true }),
    responses: { 200: deviceAnswerSchema },
    errors: DEVICE_ERRORS,
    async handle({ guest }) {
      return { status: 200, body: await answers.device(await sessions.removeAll(guest.device)) };
    },
  });
}

function signIn(deps: DeviceRoutesDeps): Route {
  const { signIns, callers, answers, crypto } = deps;
  return defineOpenRoute({
    name: 'signIn',
    summary:
      'Sign in by password or by ticket. The answer carries a new client token: in a cookie, for native apps in a header.',
    method: 'POST',
    path: '/v1/client/sign_ins',
    refusedWhileDraining: true,
    body: signInBody,
    bodyForm: 'form',
    responses: { 200: signInAnswerSchema },
    errors: [
      'origin_authorization_headers_conflict',
      'origin_not_allowed',
      'session_exists',
      'form_password_incorrect',
      'ticket_invalid_code',
      'user_banned',
      'too_many_sessions',
      'too_many_requests',
      'store_unavailable',
    ],
    async handle({ body, request }) {
      const asking = await callers.anybody(request, { changes: true });
      const signedIn = await signInBy(signIns, { device: asking.device, address: request.remoteAddress }, body);
      const id = `sia_${randomBase62(crypto, ID_LETTERS)}`;
      const device = await answers.deviceView(signedIn.device);
      const created = device.sessions.find((session) => session.id === signedIn.session.id);
      const ownName = created?.public_user_data?.identifier ?? null;
      const identifier = body.strategy === 'password' ? body.identifier : ownName;
      const response = { object: 'sign_in_attempt', id, status: 'complete', identifier } as const;
      return {
        status: 200,
        body: { response: { ...response, created_session_id: signedIn.session.id }, client: device },
        headers: tokenHeaders(signedIn.token, asking.wantsHeader, deps.isSecure),
      };
    },
  });
}

function signInBy(signIns: SignIns, place: SignInPlace, body: z.output<typeof signInBody>): Promise<SignedIn> {
  switch (body.strategy) {
    case 'password':
      return signIns.byPassword(place, body.identifier, body.password);
    case 'ticket':
      return signIns.byTicket(place, body.ticket);
  }
}

function tokenHeaders(token: IssuedDeviceToken, wantsHeader: boolean, isSecure: boolean): ReplyHeaders {
  const maxAgeS = Math.floor(token.lifetimeMs / 1000);
  const attributes = `Path=/; Max-Age=${maxAgeS}; HttpOnly; SameSite=Lax${isSecure ? '; Secure' : ''}`;
  return {
    'Set-Cookie': `${COOKIE_NAME}=${token.text}; ${attributes}`,
    ...(wantsHeader ? { Authorization: token.text } : {}),
  };
}
