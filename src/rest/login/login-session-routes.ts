/** Reading, copying and ending login sessions: `/session/{sessionId}`, where the id is the LSID. */
import { z } from 'zod';
import type { Logins } from '../../identity/logins.js';
import { parseDirectoryUserId } from '../../protocol/ids.js';
import { parsed } from '../fields.js';
import { defineGuardedRoute, type Route } from '../route.js';
import { callerGuard, sessionGuard, type GuardDeps } from './guard.js';
import {
  loginSessionSchema,
  loginTokenSchema,
  SESSION_PARAMS,
  terminatedSchema,
  viewLogin,
} from './login-session-view.js';

export interface LoginSessionRoutesDeps extends GuardDeps {
  readonly logins: Pick<Logins, 'organizationsOf' | 'token' | 'clone' | 'end' | 'endAll' | 'logOut'>;
}

export function loginSessionRoutes(deps: LoginSessionRoutesDeps): readonly Route[] {
  return [getSession(deps), createToken(deps), endSession(deps), cloneSession(deps), logOutUser(deps)];
}

function getSession({ logins, ...guardDeps }: LoginSessionRoutesDeps): Route {
  return defineGuardedRoute({
    name: 'getLoginSession',
    summary: 'Get a login session. The call counts as access to it.',
    method: 'GET',
    path: '/session/{sessionId}',
    ...sessionGuard(guardDeps),
    params: SESSION_PARAMS,
    responses: { 200: loginSessionSchema },
    errors: ['login_session_not_found'],
    async handle({ guest: { holder, lsid } }) {
      return { status: 200, body: await viewLogin(logins, holder, lsid) };
    },
  });
}

function createToken({ logins, ...guardDeps }: LoginSessionRoutesDeps): Route {
  return defineGuardedRoute({
    name: 'createLoginSessionToken',
    summary: 'Create a session token of a login session. Its subject is the effective user; `act` names the real user.',
    method: 'POST',
    path: '/session/{sessionId}/token',
    ...sessionGuard(guardDeps),
    params: SESSION_PARAMS,
    responses: { 200: loginTokenSchema },
    errors: ['login_session_not_found', 'user_not_found'],
    async handle({ guest: { holder } }) {
      return { status: 200, body: { token: await logins.token(holder) } };
    },
  });
}

function endSession({ logins, ...guardDeps }: LoginSessionRoutesDeps): Route {
  return defineGuardedRoute({
    name: 'endLoginSession',
    summary: 'End a login session; with the body `true`, all sessions of its user on every surface.',
    method: 'DELETE',
    path: '/session/{sessionId}',
    ...sessionGuard(guardDeps),
    params: SESSION_PARAMS,
    body: z.boolean().optional(),
    bodyForm: 'optional_json',
    responses: { 200: terminatedSchema },
    errors: ['login_session_not_found'],
    async handle({ guest: { caller, holder }, body: isForAll = false }) {
      const terminated = await (isForAll ? logins.endAll(caller, holder) : logins.end(caller, holder));
      return { status: 200, body: { terminated } };
    },
  });
}

function cloneSession({ logins, ...guardDeps }: LoginSessionRoutesDeps): Route {
  return defineGuardedRoute({
    name: 'cloneLoginSession',
    summary: 'Open a second session like this one, with its own LSID and lifetime.',
    method: 'POST',
    path: '/session/{sessionId}/clone',
    refusedWhileDraining: true,
    ...sessionGuard(guardDeps),
    params: SESSION_PARAMS,
    responses: { 201: loginSessionSchema },
    errors: ['login_session_not_found', 'too_many_sessions'],
    async handle({ guest: { caller, holder }, request }) {
      const opened = await logins.clone(caller, holder, request.remoteAddress);
      return { status: 201, body: await viewLogin(logins, opened, opened.lsid) };
    },
  });
}

function logOutUser({ logins, ...guardDeps }: LoginSessionRoutesDeps): Route {
  return defineGuardedRoute({
    name: 'logOutUser',
    summary: 'End all sessions of a user on every surface. For the users themselves and admins.',
    method: 'DELETE',
    path: '/session/user/{userId}',
    ...callerGuard(guardDeps),
    params: z.object({ userId: parsed(parseDirectoryUserId, 'not a user id') }),
    notFound: 'user_not_found',
    responses: { 200: terminatedSchema },
    errors: ['login_session_invalid', 'not_allowed', 'user_not_found'],
    async handle({ guest: { caller }, params: { userId } }) {
      return { status: 200, body: { terminated: await logins.logOut(caller, userId) } };
    },
  });
}
