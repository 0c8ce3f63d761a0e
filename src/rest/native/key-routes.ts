/** API keys over REST: created, listed and removed. Only the answer to a create shows the secret. */
import { z } from 'zod';
import type { ApiKeys } from '../../identity/api-keys.js';
import { parseKeyId, parseProjectId } from '../../protocol/ids.js';
import { SCOPES, type ApiKeyRecord } from '../../ports/key-store.js';
import * as field from '../fields.js';
import { list } from '../list-field.js';
import { defineRoute, type Route } from '../route.js';
import { cursorSchema, limitSchema, pageOf } from './paging.js';

export interface KeyRoutesDeps {
  readonly keys: Pick<ApiKeys, 'create' | 'list' | 'remove'>;
}

const keySchema = z
  .object({
    id: z.string(),
    name: z.string(),
    scopes: z.array(z.enum(SCOPES)),
    project_id: z.string(),
    created_at: field.unixMs,
    last_used_at: z
      .int()
      .min(0)
      .nullable()
      .describe('Unix milliseconds, to about a minute; null when nobody used the key yet.'),
  })
  .meta({ id: 'ApiKey' });

const newKeySchema = keySchema
  .extend({ secret: z.string().describe('The whole key. Only this answer shows it.') })
  .meta({ id: 'NewApiKey' });

const createBody = z.strictObject({
  name: z.string().min(1).max(128),
  scopes: list(z.enum(SCOPES), { min: 1, max: SCOPES.length }),
  project_id: field.parsed(parseProjectId, '1 to 64 letters, digits, _ or -').optional(),
});

export function keyRoutes(deps: KeyRoutesDeps): readonly Route[] {
  return [createKey(deps), listKeys(deps), deleteKey(deps)];
}

function createKey({ keys }: KeyRoutesDeps): Route {
  return defineRoute({
    name: 'createKey',
    summary: 'Create an API key. Without a project_id, a key that the root key creates starts a new project.',
    method: 'POST',
    path: '/v1/keys',
    scope: 'admin',
    refusedWhileDraining: true,
    body: createBody,
    responses: { 201: newKeySchema },
    async handle({ caller, body: { name, scopes, project_id } }) {
      const { key, text } = await keys.create(caller, { name, scopes, projectId: project_id });
      return { status: 201, body: { ...viewKey(key), secret: text } };
    },
  });
}

function listKeys({ keys }: KeyRoutesDeps): Route {
  return defineRoute({
    name: 'listKeys',
    summary: 'List the API keys of the project, oldest first.',
    method: 'GET',
    path: '/v1/keys',
    scope: 'admin',
    query: z.object({ limit: limitSchema, cursor: cursorSchema.optional() }),
    responses: {
      200: z.object({ keys: z.array(keySchema), next_cursor: z.string().nullable() }).meta({ id: 'ApiKeyList' }),
    },
    async handle({ caller, query }) {
      const page = pageOf(await keys.list(caller), query.limit, query.cursor);
      return { status: 200, body: { keys: page.items.map(viewKey), next_cursor: page.nextCursor } };
    },
  });
}

function deleteKey({ keys }: KeyRoutesDeps): Route {
  return defineRoute({
    name: 'deleteKey',
    summary: 'Remove an API key. This node refuses it at once, every other node within a second.',
    method: 'DELETE',
    path: '/v1/keys/{id}',
    scope: 'admin',
    params: z.object({ id: field.parsed(parseKeyId, 'not a key id') }),
    notFound: 'key_not_found',
    responses: { 204: 'empty' },
    errors: ['key_not_found'],
    async handle({ caller, params }) {
      await keys.remove(caller, params.id);
      return { status: 204 };
    },
  });
}

function viewKey({ id, name, scopes, projectId, ...times }: ApiKeyRecord): z.output<typeof keySchema> {
  const shown = { id, name, scopes: [...scopes], project_id: projectId };
  return { ...shown, created_at: times.createdAtMs, last_used_at: times.lastUsedAtMs };
}
