/** The group surface: Quick Sync's group sessions, opened by API key and wallet, used with a member's token. */
import { z } from 'zod';
import { shareWithAllowed } from '../shared-paths.js';
import type { Surface } from '../surface.js';
import { groupKey, MEMBER_BEARER, WALLET_BEARER } from './guards.js';
import { groupSessionRoutes, type GroupSessionRoutesDeps } from './group-session-routes.js';

export const GROUP_SURFACE: Surface<GroupSessionRoutesDeps> = {
  name: 'group',
  title: 'Group sessions.',
  routes: groupSessionRoutes,
  carrier: groupKey,
  errorBody: {
    schema: z.object({ code: z.string(), message: z.string() }).meta({ id: 'GroupError' }),
    write: ({ code, message }) => ({ code, message }),
  },
  challenge: 'Bearer realm="sallyport"',
  // Players' pages call these with the tokens of their wallets and seats.
  cors: [
    {
      matches: (path) => /^(?:v1\/)?session(?:$|\/)/.test(path),
      preflight: {
        'Access-Control-Allow-Methods': 'GET, POST, DELETE',
        'Access-Control-Allow-Headers': 'Authorization, Content-Type, Idempotency-Key, X-API-KEY',
      },
      shareWith: shareWithAllowed,
    },
  ],
  methodOverride: null,
  securitySchemes: {
    group: { type: 'apiKey', in: 'header', name: 'X-API-KEY', description: 'An API key of scope relays.' },
    [WALLET_BEARER]: { type: 'http', scheme: 'bearer', description: 'The token of `POST /v1/wallet-proof/verify`.' },
    [MEMBER_BEARER]: { type: 'http', scheme: 'bearer', description: '`credentials.token` of create or join.' },
  },
};
