/** Sets and resets the user and the organization that a login session acts for. */
import type { Logins } from '../../identity/logins.js';
import { Failure } from '../../protocol/failure.js';
import { parseDirectoryUserId, parseOrganizationId } from '../../protocol/ids.js';
import { defineGuardedRoute, type Route } from '../route.js';
import { bareOrMember } from './login-fields.js';
import { sessionGuard, type GuardDeps } from './guard.js';
import { loginSessionSchema, SESSION_PARAMS, viewLogin } from './login-session-view.js';

export interface EffectiveRoutesDeps extends GuardDeps {
  readonly logins: Pick<Logins, 'organizationsOf' | 'assume' | 'resetIdentity' | 'setOrganization'>;
}

export function effectiveRoutes(deps: EffectiveRoutesDeps): readonly Route[] {
  return [setEffectiveUser(deps), resetAssumedIdentity(deps), setEffectiveOrg(deps)];
}

function setEffectiveUser({ logins, ...guardDeps }: EffectiveRoutesDeps): Route {
  return defineGuardedRoute({
    name: 'setEffectiveUser',
    summary: 'Let the session act as another user, in the home organization of that user. For admins.',
    method: 'POST',
    path: '/session/{sessionId}/setEffectiveUser',
    ...sessionGuard(guardDeps),
    params: SESSION_PARAMS,
    body: bareOrMember('userId'),
    responses: { 200: loginSessionSchema },
    errors: ['login_session_not_found', 'user_not_found'],
    async handle({ guest: { caller, holder, lsid }, body }) {
      const targetId = parseDirectoryUserId(body);
      if (targetId === null) throw new Failure('user_not_found');
      return { status: 200, body: await viewLogin(logins, await logins.assume(caller, holder, targetId), lsid) };
    },
  });
}

function resetAssumedIdentity({ logins, ...guardDeps }: EffectiveRoutesDeps): Route {
  return defineGuardedRoute({
    name: 'resetAssumedIdentity',
    summary: 'Let the session act as its own user again, in the home organization.',
    method: 'DELETE',
    path: '/session/{sessionId}/assumedIdentity',
    ...sessionGuard(guardDeps),
    params: SESSION_PARAMS,
    responses: { 200: loginSessionSchema },
    errors: ['login_session_not_found'],
    async handle({ guest: { caller, holder, lsid } }) {
      return { status: 200, body: await viewLogin(logins, await logins.resetIdentity(caller, holder), lsid) };
    },
  });
}

function setEffectiveOrg({ logins, ...guardDeps }: EffectiveRoutesDeps): Route {
  return defineGuardedRoute({
    name: 'setEffectiveOrg',
    summary: 'Let the session act in another organization of the user it acts as; an admin may choose any.',
    method: 'POST',
    path: '/session/{sessionId}/setEffectiveOrg',
    ...sessionGuard(guardDeps),
    params: SESSION_PARAMS,
    body: bareOrMember('orgId'),
    responses: { 200: loginSessionSchema },
    errors: ['login_session_not_found', 'organization_not_found'],
    async handle({ guest: { holder, lsid }, body }) {
      const organizationId = parseOrganizationId(body);
      if (organizationId === null) throw new Failure('organization_not_found');
      return { status: 200, body: await viewLogin(logins, await logins.setOrganization(holder, organizationId), lsid) };
    },
  });
}
