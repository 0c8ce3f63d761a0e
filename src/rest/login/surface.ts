/** The login surface: login sessions, for their users and for systems. */
import { z } from 'zod';
import type { Surface } from '../surface.js';
import { keyInQuery } from './api-key.js';
import { authenticateRoutes, type AuthenticateRoutesDeps } from './authenticate.js';
import { effectiveRoutes, type EffectiveRoutesDeps } from './effective.js';
import { passwordRoutes, type PasswordRoutesDeps } from './password-routes.js';
import { loginSessionRoutes, type LoginSessionRoutesDeps } from './login-session-routes.js';

export type LoginSurfaceDeps = AuthenticateRoutesDeps &
  EffectiveRoutesDeps &
  PasswordRoutesDeps &
  LoginSessionRoutesDeps;

export const LOGIN_SURFACE: Surface<LoginSurfaceDeps> = {
  name: 'login',
  title: 'Login sessions.',
  routes: (deps) => [
    ...authenticateRoutes(deps),
    ...loginSessionRoutes(deps),
    ...effectiveRoutes(deps),
    ...passwordRoutes(deps),
  ],
  carrier: keyInQuery,
  errorBody: {
    schema: z.object({ error: z.string(), message: z.string() }).meta({ id: 'LoginError' }),
    write: ({ code, message }) => ({ error: code, message }),
  },
  challenge: null,
  cors: [],
  methodOverride: null,
  securitySchemes: {
    login: {
      type: 'apiKey',
      in: 'query',
      name: 'apiKey',
      description:
        'For a system, an API key of scope auth; `api_key` as well. For a user, in place of it, the matrix parameter `;lsid=<LSID>` in any segment of the path; where the path holds an LSID, that is enough.',
    },
  },
};
