/** Changes of an existing relay session. */
import { z } from 'zod';
import type { RelaySession, RelaySessionSettings } from '../../ports/relay-session.js';
import type { RelaySessions } from '../../relay/sessions/relay-sessions.js';
import * as field from '../fields.js';
import { sessionSchema, viewSession, type Nodes } from '../relays/relay-session-view.js';
import { defineRoute, type Route } from '../route.js';

export interface RelaySettingsRoutesDeps {
  readonly sessions: Pick<RelaySessions, 'get' | 'update'>;
  readonly nodes: Nodes;
}

const changeBody = z
  .strictObject({
    metadata: field.metadata.optional(),
    max_users: field.maxUsers.optional(),
    expires_in_s: field.expiresInS.optional(),
    resume_window_ms: field.resumeWindowMs.optional(),
    flush_ms: field.flushMs.optional(),
    enforce_ip: z.boolean().optional(),
    locked: z.boolean().optional(),
    webhook_url: field.webhookUrl.nullable().optional(),
    join_url: field.joinUrl.nullable().optional(),
  })
  .refine((change) => Object.values(change).some((value) => value !== undefined), 'at least one member');

const { unixMs } = field;

const settingsSchema = z.object({
  project_id: z.string(),
  metadata: z.unknown(),
  max_users: field.maxUsers,
  created_at: unixMs,
  expires_at: unixMs,
  resume_window_ms: field.resumeWindowMs,
  flush_ms: field.flushMs,
  durability: z.enum(['memory', 'redis']),
  enforce_ip: z.boolean(),
  locked: z.boolean(),
  join_url: z.string().nullable(),
  host: z.object({ index: field.shownIndex.nullable(), term: z.int().min(0) }),
});

const detailedSessionSchema = sessionSchema.extend(settingsSchema.shape).meta({ id: 'DetailedRelaySession' });

export function relaySettingsRoutes({ sessions, nodes }: RelaySettingsRoutesDeps): readonly Route[] {
  return [
    defineRoute({
      name: 'updateRelaySession',
      summary: 'Change settings of a relay session. Its members are told. expires_in_s counts from now.',
      method: 'PATCH',
      path: '/v1/relays/sessions/{session_id}',
      scope: 'relays',
      params: z.object({ session_id: field.sessionId }),
      notFound: 'session_not_found',
      body: changeBody,
      responses: { 200: detailedSessionSchema },
      errors: ['session_not_found'],
      async handle({ caller, params, body }) {
        const session = await sessions.update(caller.sees, params.session_id, changeOf(body));
        const { seats } = await sessions.get(caller.sees, params.session_id);
        return { status: 200, body: { ...viewSession(nodes, { session, seats }), ...viewSettings(session) } };
      },
    }),
  ];
}

type Change = Partial<RelaySessionSettings> & { readonly ttlMs?: number };

/** Takes only the members that the caller sent: the others stay as they are. */
function changeOf(body: z.output<typeof changeBody>): Change {
  return {
    ...(body.metadata === undefined ? {} : { metadata: body.metadata }),
    ...(body.max_users === undefined ? {} : { maxUsers: body.max_users }),
    ...(body.expires_in_s === undefined ? {} : { ttlMs: body.expires_in_s * 1000 }),
    ...(body.resume_window_ms === undefined ? {} : { resumeWindowMs: body.resume_window_ms }),
    ...(body.flush_ms === undefined ? {} : { flushMs: body.flush_ms }),
    ...(body.enforce_ip === undefined ? {} : { enforceIp: body.enforce_ip }),
    ...(body.locked === undefined ? {} : { locked: body.locked }),
    ...(body.webhook_url === undefined ? {} : { webhookUrl: body.webhook_url }),
    ...(body.join_url === undefined ? {} : { joinUrl: body.join_url }),
  };
}

function viewSettings(session: RelaySession): z.output<typeof settingsSchema> {
  return {
    project_id: session.projectId,
    metadata: session.metadata,
    max_users: session.maxUsers,
    created_at: session.createdAtMs,
    expires_at: session.expiresAtMs,
    resume_window_ms: session.resumeWindowMs,
    flush_ms: session.flushMs,
    durability: session.durability,
    enforce_ip: session.enforceIp,
    locked: session.locked,
    join_url: session.joinUrl,
    host: { index: session.host.index, term: session.host.term },
  };
}
