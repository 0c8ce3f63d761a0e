/** Logging in, and blocking users: `/authenticate/...`. */
import { z } from 'zod';
import type { Block, Blocks } from '../../identity/blocks.js';
import type { Logins } from '../../identity/logins.js';
import { Failure } from '../../protocol/failure.js';
import type { Clock } from '../../ports/clock.js';
import { defineGuardedRoute, defineOpenRoute, type Route } from '../route.js';
import * as field from './login-fields.js';
import { callerGuard, type GuardDeps } from './guard.js';
import { loginSessionSchema, viewLogin } from './login-session-view.js';

export interface AuthenticateRoutesDeps extends GuardDeps {
  readonly logins: Pick<Logins, 'organizationsOf' | 'authenticate'>;
  readonly blocks: Pick<Blocks, 'of' | 'block' | 'lift'>;
  readonly clock: Clock;
}

const BLOCK_PATH = '/authenticate/block/{username}';
const params = z.object({ username: field.usernameOfPath });

const blockSchema = z
  .object({
    username: z.string(),
    blocked: z.boolean(),
    until: z
      .int()
      .min(0)
      .nullable()
      .describe('Unix milliseconds; null when the block has no end, or there is no block.'),
  })
  .meta({ id: 'LoginBlock' });

export function authenticateRoutes(deps: AuthenticateRoutesDeps): readonly Route[] {
  return [authenticate(deps), getBlock(deps), block(deps), unblock(deps)];
}

function authenticate({ logins }: AuthenticateRoutesDeps): Route {
  return defineOpenRoute({
    name: 'authenticate',
    summary: 'Log in. The answer holds the LSID, and no other answer does.',
    method: 'POST',
    path: '/authenticate/{username}',
    refusedWhileDraining: true,
    params,
    body: z
      .object({ password: field.sentPassword.optional(), passwordHash: field.sentPassword.optional() })
      .refine(({ password, passwordHash }) => (password === undefined) !== (passwordHash === undefined), {
        message: 'password or passwordHash is required',
      }),
    bodyForm: 'form',
    responses: { 200: loginSessionSchema },
    errors: ['login_failed', 'user_blocked', 'too_many_sessions', 'too_many_requests', 'store_unavailable'],
    async handle({ params: { username }, body, request }) {
      const password = body.password ?? body.passwordHash ?? '';
      const opened = await logins.authenticate({ username, password, address: request.remoteAddress });
      return { status: 200, body: await viewLogin(logins, opened, opened.lsid) };
    },
  });
}

function getBlock({ blocks, ...guardDeps }: AuthenticateRoutesDeps): Route {
  return defineGuardedRoute({
    name: 'getLoginBlock',
    summary: 'Get whether a user is blocked. For the users themselves and admins; an unknown name is not blocked.',
    method: 'GET',
    path: BLOCK_PATH,
    ...callerGuard(guardDeps),
    params,
    responses: { 200: blockSchema },
    errors: ['login_session_invalid', 'not_allowed'],
    async handle({ guest, params: { username } }) {
      return { status: 200, body: viewBlock(await blocks.of(guest.caller, username)) };
    },
  });
}

function block({ blocks, clock, ...guardDeps }: AuthenticateRoutesDeps): Route {
  return defineGuardedRoute({
    name: 'blockUser',
    summary: 'Block a user until a time, or until unblocked: their sessions end and they cannot sign in.',
    method: 'POST',
    path: BLOCK_PATH,
    ...callerGuard(guardDeps),
    params,
    body: z.object({ until: field.unixMs.optional() }),
    bodyForm: 'form',
    responses: { 200: blockSchema },
    errors: ['login_session_invalid', 'not_allowed', 'user_not_found', 'changed_meanwhile'],
    async handle({ guest, params: { username }, body: { until } }) {
      if (until !== undefined && until <= clock.nowMs()) {
        throw new Failure('invalid_request', { message: 'until: must be in the future' });
      }
      return { status: 200, body: viewBlock(await blocks.block(guest.caller, username, until ?? null)) };
    },
  });
}

function unblock({ blocks, ...guardDeps }: AuthenticateRoutesDeps): Route {
  return defineGuardedRoute({
    name: 'unblockUser',
    summary: 'Unblock a user.',
    method: 'DELETE',
    path: BLOCK_PATH,
    ...callerGuard(guardDeps),
    params,
    responses: { 200: blockSchema },
    errors: ['login_session_invalid', 'not_allowed', 'user_not_found', 'changed_meanwhile'],
    async handle({ guest, params: { username } }) {
      return { status: 200, body: viewBlock(await blocks.lift(guest.caller, username)) };
    },
  });
}

function viewBlock({ username, isBlocked, untilMs }: Block): z.output<typeof blockSchema> {
  return { username, blocked: isBlocked, until: untilMs };
}
