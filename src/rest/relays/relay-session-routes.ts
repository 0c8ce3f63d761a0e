/** Edgegap's relay sessions: create, list, get, delete. */
import { z } from 'zod';
import type { RelaySessions } from '../../relay/sessions/relay-sessions.js';
import * as field from '../fields.js';
import { list } from '../list-field.js';
import { defineRoute, type Route } from '../route.js';
import { listQuery, paginationSchema, viewPagination } from './list.js';
import { sessionSchema, viewSession, type Nodes } from './relay-session-view.js';

export interface RelaySessionRoutesDeps {
  readonly sessions: Pick<RelaySessions, 'create' | 'get' | 'list' | 'end'>;
  readonly nodes: Nodes;
}

const MAX_FILTERS = 16;
const MAX_FILTER_VALUES = 64;

const filter = z
  .object({
    field: z.string().min(1).max(64),
    values: list(z.string().max(128), { min: 1, max: MAX_FILTER_VALUES }),
    filter_type: z.enum(['any', 'all', 'not']),
  })
  .transform(({ field: label, values, filter_type }) => ({ field: label, values, filterType: filter_type }));

const createBody = z.object({
  users: list(z.strictObject({ ip: field.ipAddress }), { min: 1 }),
  filters: list(filter, { max: MAX_FILTERS }).nullish(),
  webhook_url: field.webhookUrl.nullish(),
  join_url: field.joinUrl.nullish(),
  metadata: field.metadata.optional(),
  max_users: field.maxUsers.optional(),
  expires_in_s: field.expiresInS.optional(),
  resume_window_ms: field.resumeWindowMs.optional(),
  flush_ms: field.flushMs.optional(),
  durability: z
    .enum(['memory', 'redis'])
    .optional()
    .describe(
      'redis: a reliable frame is stored before it is delivered and acknowledged, so it survives the death of its node. memory (default): it does not, and is faster.',
    ),
  enforce_ip: z.boolean().optional(),
});

const params = z.object({ session_id: field.sessionId });

export function relaySessionRoutes(deps: RelaySessionRoutesDeps): readonly Route[] {
  return [createSession(deps), listSessions(deps), getSession(deps), deleteSession(deps)];
}

function createSession({ sessions, nodes }: RelaySessionRoutesDeps): Route {
  return defineRoute({
    name: 'createRelaySession',
    summary: 'Create a relay session with users.',
    method: 'POST',
    path: '/v1/relays/sessions',
    scope: 'relays',
    refusedWhileDraining: true,
    body: createBody,
    responses: { 200: sessionSchema },
    async handle({ caller, body }) {
      const created = await sessions.create({
        projectId: caller.projectId,
        addresses: body.users.map((user) => user.ip),
        filters: body.filters ?? [],
        webhookUrl: body.webhook_url ?? null,
        joinUrl: body.join_url ?? null,
        metadata: body.metadata,
        maxUsers: body.max_users,
        ttlMs: body.expires_in_s === undefined ? undefined : body.expires_in_s * 1000,
        resumeWindowMs: body.resume_window_ms,
        flushMs: body.flush_ms,
        durability: body.durability,
        enforceIp: body.enforce_ip,
      });
      return { status: 200, body: viewSession(nodes, created) };
    },
  });
}

function listSessions({ sessions, nodes }: RelaySessionRoutesDeps): Route {
  return defineRoute({
    name: 'listRelaySessions',
    summary: 'List the relay sessions, newest first.',
    method: 'GET',
    path: '/v1/relays/sessions',
    scope: 'relays',
    query: listQuery,
    responses: {
      200: z
        .object({
          sessions: z.array(sessionSchema),
          total_count: field.quantity,
          pagination: paginationSchema,
          next_cursor: z.string().nullable().describe('Continues after this answer, at any depth; null at the end.'),
        })
        .meta({ id: 'RelaySessionList' }),
    },
    async handle({ caller, query }) {
      const { limit, cursor, page = 1 } = query;
      const from = cursor === undefined ? { offset: (page - 1) * limit } : { cursor };
      const found = await sessions.list({ scope: caller.sees, from, limit });
      return {
        status: 200,
        body: {
          sessions: found.sessions.map((each) => viewSession(nodes, each)),
          total_count: found.totalCount,
          pagination: viewPagination(query, found),
          next_cursor: found.nextCursor,
        },
      };
    },
  });
}

function getSession({ sessions, nodes }: RelaySessionRoutesDeps): Route {
  return defineRoute({
    name: 'getRelaySession',
    summary: 'Retrieve a relay session.',
    method: 'GET',
    path: '/v1/relays/sessions/{session_id}',
    scope: 'relays',
    params,
    notFound: 'session_not_found',
    responses: { 200: sessionSchema },
    errors: ['session_not_found'],
    async handle({ caller, params: { session_id } }) {
      return { status: 200, body: viewSession(nodes, await sessions.get(caller.sees, session_id)) };
    },
  });
}

function deleteSession({ sessions }: RelaySessionRoutesDeps): Route {
  return defineRoute({
    name: 'deleteRelaySession',
    summary: 'Delete a relay session. Its sockets close before the answer.',
    method: 'DELETE',
    path: '/v1/relays/sessions/{session_id}',
    scope: 'relays',
    params,
    notFound: 'session_not_found',
    responses: { 204: 'empty' },
    errors: ['session_not_found'],
    async handle({ caller, params: { session_id } }) {
      await sessions.end(caller.sees, session_id);
      return { status: 204 };
    },
  });
}
