/** The relays surface: relay sessions in the shapes of the Edgegap API. */
import { z } from 'zod';
import { keyAfterScheme } from '../auth.js';
import type { Surface } from '../surface.js';
import { relaySessionRoutes, type RelaySessionRoutesDeps } from './relay-session-routes.js';
import { relayUserRoutes, type RelayUserRoutesDeps } from './relay-user-routes.js';

export type RelaysSurfaceDeps = RelaySessionRoutesDeps & RelayUserRoutesDeps;

export const RELAYS_SURFACE: Surface<RelaysSurfaceDeps> = {
  name: 'relays',
  title: 'Relay sessions, in the shapes of the Edgegap API.',
  routes: (deps) => [...relaySessionRoutes(deps), ...relayUserRoutes(deps)],
  carrier: keyAfterScheme('token'),
  errorBody: {
    schema: z.object({ message: z.string() }).meta({ id: 'RelaysError' }),
    write: ({ message }) => ({ message }),
  },
  challenge: 'token realm="sallyport"',
  cors: [],
  methodOverride: null,
  securitySchemes: {
    relays: {
      type: 'apiKey',
      in: 'header',
      name: 'Authorization',
      description: 'An API key after the word token: `Authorization: token <key>`.',
    },
  },
};
