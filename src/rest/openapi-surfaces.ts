/** What differs between the surfaces in the OpenAPI document: titles, how a key is carried, what an error looks like. */
import { z } from 'zod';
import type { Surface } from '../protocol/errors.js';

export const SURFACE_TITLES: Readonly<Record<Surface, string>> = {
  relays: 'Relay sessions, in the shapes of the Edgegap API.',
  client: "Client sessions, in the shapes of Clerk's frontend API.",
  login: 'Login sessions.',
  group: 'Group sessions.',
  native: 'The native management API.',
};

interface SecurityScheme {
  readonly type: 'apiKey' | 'http';
  readonly [member: string]: string;
}

/** By name: a surface's own name stands for an API key in its carrier, others are what guarded routes ask for. */
export const SECURITY_SCHEMES: Readonly<Record<string, SecurityScheme>> = {
  relays: {
    type: 'apiKey',
    in: 'header',
    name: 'Authorization',
    description: 'An API key after the word token: `Authorization: token <key>`.',
  },
  native: { type: 'http', scheme: 'bearer', description: 'An API key: `Authorization: Bearer <key>`.' },
  client: {
    type: 'apiKey',
    in: 'cookie',
    name: '__client',
    description:
      'The client token that a sign-in sets. Programs send it as `Authorization: <client token>` with the query `_is_native=1`; in development it may be the query `__dev_session`.',
  },
  login: {
    type: 'apiKey',
    in: 'query',
    name: 'apiKey',
    description:
      'For a system, an API key of scope auth; `api_key` as well. For a user, in place of it, the matrix parameter `;lsid=<LSID>` in any segment of the path; where the path holds an LSID, that is enough.',
  },
  group: { type: 'apiKey', in: 'header', name: 'X-API-KEY', description: 'An API key of scope relays.' },
  wallet: { type: 'http', scheme: 'bearer', description: 'The token of `POST /v1/wallet-proof/verify`.' },
  group_member: { type: 'http', scheme: 'bearer', description: '`credentials.token` of create or join.' },
};

export const ERROR_SCHEMAS: Readonly<Record<Surface, z.ZodType>> = {
  relays: z.object({ message: z.string() }).meta({ id: 'RelaysError' }),
  native: z
    .object({
      code: z.string(),
      message: z.string(),
      details: z.unknown().optional().describe('Of invalid_request: a list of {path, message}.'),
    })
    .meta({ id: 'NativeError' }),
  client: z
    .object({
      errors: z.array(
        z.object({
          message: z.string(),
          long_message: z.string(),
          code: z.string(),
          meta: z.object({ param_name: z.string().optional().describe('The member that is out of shape.') }),
        }),
      ),
      clerk_trace_id: z.string(),
    })
    .meta({ id: 'ClientError' }),
  login: z.object({ error: z.string(), message: z.string() }).meta({ id: 'LoginError' }),
  group: z.object({ code: z.string(), message: z.string() }).meta({ id: 'GroupError' }),
};
