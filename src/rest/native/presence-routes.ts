/** Presence over REST: where users are, over all nodes. */
import { z } from 'zod';
import type { Caller } from '../../identity/api-keys.js';
import type { Presence, PresenceScope } from '../../relay/presence/presence-view.js';
import type { Freshness, UserPresence } from '../../relay/presence/user-presence.js';
import * as field from '../fields.js';
import { defineRoute, type Route } from '../route.js';

export interface PresenceRoutesDeps {
  readonly presence: Pick<UserPresence, 'ofUser' | 'ofUsers'>;
}

/** Each user costs every node a look-up, and the answer its space. */
const MAX_USERS = 100;

const nodeId = z.string().describe('A node, as in GET /v1/nodes.');

const userShape = {
  user_id: z.string(),
  relay_sessions: z
    .array(
      z.object({
        session_id: z.string(),
        index: field.shownIndex,
        role: z.enum(['host', 'client']),
        connected: z.boolean().describe('false: away, its resume window runs.'),
        home: nodeId,
        node: nodeId
          .nullable()
          .describe(
            "The node that holds the member's socket; null without a socket, or when that node did not answer.",
          ),
      }),
    )
    .describe('The relay sessions that the user is a member of. An API key sees those of its project.'),
  user_sessions: z
    .array(z.object({ id: z.string(), sockets: field.quantity, nodes: z.array(nodeId) }))
    .nullable()
    .describe('The user sessions with an open session socket; null for a key without the scope `sessions`.'),
  nodes: z.array(nodeId).describe('The nodes that hold a socket of these sessions.'),
  sockets: field.quantity.describe('The open sockets of these sessions.'),
};

const freshness = {
  as_of: field.unixMs,
  max_staleness_ms: field.quantity.describe('How much older than `as_of` a part of the answer may be.'),
  nodes_timed_out: z
    .array(nodeId)
    .describe('Live nodes that did not answer within a second: the answer lacks what they hold.'),
};

const userSchema = z.object(userShape).meta({ id: 'UserPresence' });
const answerSchema = z.object({ ...userShape, ...freshness }).meta({ id: 'UserPresenceAnswer' });
const batchSchema = z.object({ users: z.array(userSchema), ...freshness }).meta({ id: 'UserPresenceBatch' });

export function presenceRoutes(deps: PresenceRoutesDeps): readonly Route[] {
  return [getPresence(deps), getPresences(deps)];
}

function getPresence({ presence }: PresenceRoutesDeps): Route {
  return defineRoute({
    name: 'getUserPresence',
    summary: 'Where a user is: relay sessions, user sessions with sockets, and nodes. An unknown user is nowhere.',
    method: 'GET',
    path: '/v1/presence/users/{id}',
    scope: 'relays',
    params: z.object({ id: field.userId }),
    notFound: 'user_not_found',
    responses: { 200: answerSchema },
    errors: ['user_not_found'],
    async handle({ caller, params: { id } }) {
      const found = await presence.ofUser(scopeOf(caller), id);
      return { status: 200, body: { ...viewPresence(found.user), ...viewFreshness(found) } };
    },
  });
}

function getPresences({ presence }: PresenceRoutesDeps): Route {
  return defineRoute({
    name: 'batchGetUserPresence',
    summary: `Where up to ${MAX_USERS} users are, in the order of the question. Each node is asked once.`,
    method: 'POST',
    path: '/v1/presence/users:batch-get',
    scope: 'relays',
    body: z.strictObject({ user_ids: z.array(field.userId).min(1).max(MAX_USERS) }),
    responses: { 200: batchSchema },
    async handle({ caller, body: { user_ids } }) {
      const found = await presence.ofUsers(scopeOf(caller), user_ids);
      return { status: 200, body: { users: found.users.map(viewPresence), ...viewFreshness(found) } };
    },
  });
}

function scopeOf({ sees, scopes }: Caller): PresenceScope {
  return { project: sees, userSessions: scopes.includes('sessions') };
}

function viewFreshness({ asOfMs, maxStalenessMs, nodesTimedOut }: Freshness) {
  return { as_of: asOfMs, max_staleness_ms: maxStalenessMs, nodes_timed_out: [...nodesTimedOut] };
}

function viewPresence({ userId, relaySessions, userSessions, nodes, sockets }: Presence): z.output<typeof userSchema> {
  return {
    user_id: userId,
    relay_sessions: relaySessions.map(({ sessionId, ...member }) => ({ session_id: sessionId, ...member })),
    user_sessions: userSessions?.map((session) => ({ ...session, nodes: [...session.nodes] })) ?? null,
    nodes: [...nodes],
    sockets,
  };
}
