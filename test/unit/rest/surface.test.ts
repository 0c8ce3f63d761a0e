import { expect, it } from 'vitest';
import { z } from 'zod';
import { noKey } from '../../../src/rest/auth.js';
import { buildOpenApi } from '../../../src/rest/openapi.js';
import { defineGuardedRoute, defineOpenRoute } from '../../../src/rest/route.js';
import { serve, type Surface } from '../../../src/rest/surface.js';

const ping = defineOpenRoute({
  name: 'ping',
  summary: 'Answers.',
  method: 'GET',
  path: '/ping',
  responses: { 200: 'empty' },
  handle: async () => ({ status: 200 }),
});

const guarded = defineGuardedRoute({
  name: 'guarded',
  summary: 'Answers guests.',
  method: 'GET',
  path: '/guarded',
  guardName: 'invitation',
  guard: async () => ({ callerId: 'guest' }),
  responses: { 200: 'empty' },
  handle: async () => ({ status: 200 }),
});

/** A surface that the program does not have, under a name that it has. */
const PARTY: Surface<readonly (typeof ping)[]> = {
  name: 'native',
  title: 'Parties.',
  routes: (routes) => routes,
  carrier: noKey,
  errorBody: { schema: z.object({ oops: z.string() }).meta({ id: 'Oops' }), write: ({ code }) => ({ oops: code }) },
  challenge: null,
  cors: [],
  methodOverride: null,
  securitySchemes: { invitation: { type: 'http', scheme: 'bearer' } },
};

it('HT18 the document describes a surface by its value alone', () => {
  const document = buildOpenApi([serve(PARTY, [ping, guarded])], '0.0.0');
  expect(document['tags']).toEqual([{ name: 'native', description: 'Parties.' }]);
  expect(document['components']).toMatchObject({
    schemas: { Oops: { properties: { oops: { type: 'string' } } } },
    securitySchemes: PARTY.securitySchemes,
  });
  expect(Object.keys(document['paths'] ?? {})).toEqual(['/ping', '/guarded']);
});

it('HT18 a security scheme that no surface describes is a mistake', () => {
  const silent = { ...PARTY, securitySchemes: {} };
  expect(() => buildOpenApi([serve(silent, [guarded])], '0.0.0')).toThrow('invitation');
  expect(() => buildOpenApi([serve(silent, [ping])], '0.0.0')).not.toThrow();
});
