/** The login surface, whole. */
import type { Route } from '../route.js';
import { authenticateRoutes, type AuthenticateRoutesDeps } from './authenticate.js';
import { effectiveRoutes, type EffectiveRoutesDeps } from './effective.js';
import { passwordRoutes, type PasswordRoutesDeps } from './passwords.js';
import { loginSessionRoutes, type LoginSessionRoutesDeps } from './sessions.js';

export type LoginSurfaceDeps = AuthenticateRoutesDeps &
  EffectiveRoutesDeps &
  PasswordRoutesDeps &
  LoginSessionRoutesDeps;

export function loginRoutes(deps: LoginSurfaceDeps): readonly Route[] {
  return [...authenticateRoutes(deps), ...loginSessionRoutes(deps), ...effectiveRoutes(deps), ...passwordRoutes(deps)];
}
