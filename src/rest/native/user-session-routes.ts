/** User sessions over REST, as a backend sees them: opened, listed, revoked; and the tickets users sign in with. */
import { z } from 'zod';
import type { Entrance } from '../../identity/entrance.js';
import type { Organizations } from '../../identity/organizations.js';
import type { Tickets } from '../../identity/tickets.js';
import type { UserSessions } from '../../identity/user-sessions.js';
import type { Users } from '../../identity/users.js';
import { Failure } from '../../protocol/failure.js';
import type { Clock } from '../../ports/clock.js';
import { USER_SESSION_STATUSES, type UserSession } from '../../ports/user-session-store.js';
import * as field from '../fields.js';
import { defineRoute, type Route } from '../route.js';
import { limitSchema, storeCursorSchema } from './paging.js';
import { reportSchema, viewFinished } from './report.js';

export interface UserSessionRoutesDeps {
  readonly sessions: Pick<UserSessions, 'get' | 'list' | 'device' | 'finish' | 'finishAllOf'>;
  readonly users: Pick<Users, 'existing'>;
  readonly entrance: Pick<Entrance, 'open'>;
  readonly tickets: Pick<Tickets, 'issue'>;
  readonly organizations: Pick<Organizations, 'activeOf'>;
  readonly clock: Clock;
}

const { unixMs } = field;

const sessionSchema = z
  .object({
    id: z.string(),
    user_id: z.string(),
    client_id: z.string().nullable(),
    kind: z.enum(['client', 'login']),
    status: z.enum(USER_SESSION_STATUSES),
    created_at: unixMs,
    updated_at: unixMs,
    last_active_at: unixMs,
    expire_at: unixMs,
    abandon_at: unixMs,
    last_active_organization_id: z
      .string()
      .nullable()
      .describe('null when the organization is gone or the user has left it.'),
    effective_user_id: z.string().describe('The user that a login session acts as.'),
    actor_id: z.string().nullable().describe('The user who acts through the session in place of its own user.'),
    ip_address: z.string().nullable(),
  })
  .meta({ id: 'UserSession' });

const DEFAULT_TICKET_TTL_S = 3600;
const MAX_TICKET_TTL_S = 2_592_000;

const ticketBody = z
  .strictObject({
    user_id: field.directoryUserId,
    expires_in_s: z.int().min(1).max(MAX_TICKET_TTL_S).default(DEFAULT_TICKET_TTL_S),
    actor: z
      .strictObject({ sub: field.directoryUserId })
      .optional()
      .describe(
        'The user who signs in with the ticket, to act as the other user. Shown as `actor` of the session, `act` of its tokens.',
      ),
  })
  .refine(({ user_id, actor }) => actor?.sub !== user_id, { path: ['actor', 'sub'], error: 'the user itself' });

const ticketSchema = z
  .object({
    id: z.string(),
    user_id: z.string(),
    actor: z
      .object({ sub: z.string() })
      .nullable()
      .describe('The user who signs in with the ticket; null for its own user.'),
    token: z.string().describe('The ticket, good for one sign-in. Only this answer shows it.'),
    expires_at: unixMs,
  })
  .meta({ id: 'SignInToken' });

const params = z.object({ id: field.userSessionId });

export function userSessionRoutes(deps: UserSessionRoutesDeps): readonly Route[] {
  return [
    openSession(deps),
    listSessions(deps),
    getSession(deps),
    revokeSession(deps),
    revokeSessionsOf(deps),
    createTicket(deps),
  ];
}

function openSession({ sessions, entrance, organizations }: UserSessionRoutesDeps): Route {
  return defineRoute({
    name: 'createUserSession',
    summary: 'Open a session for a user, on the named client if there is one.',
    method: 'POST',
    path: '/v1/sessions',
    scope: 'sessions',
    refusedWhileDraining: true,
    body: z.strictObject({
      user_id: field.directoryUserId,
      client_id: field.deviceId.optional(),
      actor_id: field.userId
        .optional()
        .meta({ description: 'The user who acts through this session: the `act` of its tokens.' }),
    }),
    responses: { 201: sessionSchema },
    errors: ['user_not_found', 'client_not_found', 'user_banned', 'user_blocked', 'too_many_sessions'],
    async handle({ body: { user_id: userId, client_id: deviceId = null, actor_id: actorId = null } }) {
      if (deviceId !== null && (await sessions.device(deviceId)) === null) throw new Failure('client_not_found');
      const session = await entrance.open({ userId, deviceId, kind: 'client', actorId });
      return { status: 201, body: await viewUserSession(organizations, session) };
    },
  });
}

function listSessions({ sessions, organizations }: UserSessionRoutesDeps): Route {
  return defineRoute({
    name: 'listUserSessions',
    summary: 'List user sessions, newest first; all of them, or those of a user or with a status.',
    method: 'GET',
    path: '/v1/sessions',
    scope: 'sessions',
    query: z.object({
      user_id: field.directoryUserId.optional(),
      status: z.enum(USER_SESSION_STATUSES).optional(),
      limit: limitSchema,
      cursor: storeCursorSchema.optional(),
    }),
    responses: {
      200: z
        .object({ sessions: z.array(sessionSchema), next_cursor: z.string().nullable() })
        .meta({ id: 'UserSessionList' }),
    },
    async handle({ query: { user_id: userId, status, limit, cursor } }) {
      const page = await sessions.list({ userId, status, limit, cursor });
      const shown = await Promise.all(page.sessions.map((session) => viewUserSession(organizations, session)));
      return { status: 200, body: { sessions: shown, next_cursor: page.nextCursor } };
    },
  });
}

function getSession({ sessions, organizations }: UserSessionRoutesDeps): Route {
  return defineRoute({
    name: 'getUserSession',
    summary: 'Get a user session. An ended session stays for at least an hour.',
    method: 'GET',
    path: '/v1/sessions/{id}',
    scope: 'sessions',
    params,
    notFound: 'user_session_not_found',
    responses: { 200: sessionSchema },
    errors: ['user_session_not_found'],
    async handle({ params: { id } }) {
      const session = await sessions.get(id);
      if (session === null) throw new Failure('user_session_not_found');
      return { status: 200, body: await viewUserSession(organizations, session) };
    },
  });
}

function revokeSession({ sessions, clock }: UserSessionRoutesDeps): Route {
  return defineRoute({
    name: 'revokeUserSession',
    summary: 'Revoke a user session: its tokens become invalid and its sockets close. An ended session stays as it is.',
    method: 'POST',
    path: '/v1/sessions/{id}/revoke',
    scope: 'sessions',
    params,
    notFound: 'user_session_not_found',
    responses: { 200: reportSchema },
    errors: ['user_session_not_found'],
    async handle({ params: { id } }) {
      const startedMs = clock.monotonicMs();
      const ended = await sessions.finish(id, 'revoked');
      if (ended === null) throw new Failure('user_session_not_found');
      return { status: 200, body: viewFinished(ended, startedMs, clock) };
    },
  });
}

function revokeSessionsOf({ sessions, users, clock }: UserSessionRoutesDeps): Route {
  return defineRoute({
    name: 'revokeSessionsOfUser',
    summary: 'Revoke all sessions of a user.',
    method: 'POST',
    path: '/v1/users/{id}/sessions/revoke',
    scope: 'sessions',
    params: z.object({ id: field.directoryUserId }),
    notFound: 'user_not_found',
    responses: { 200: reportSchema },
    errors: ['user_not_found'],
    async handle({ params: { id } }) {
      const startedMs = clock.monotonicMs();
      await users.existing(id);
      return { status: 200, body: viewFinished(await sessions.finishAllOf(id, 'revoked'), startedMs, clock) };
    },
  });
}

function createTicket({ tickets }: UserSessionRoutesDeps): Route {
  return defineRoute({
    name: 'createSignInToken',
    summary: 'Create a ticket: it signs its user in once without a password, or another user who acts as them.',
    method: 'POST',
    path: '/v1/sign_in_tokens',
    scope: 'sessions',
    refusedWhileDraining: true,
    body: ticketBody,
    responses: { 201: ticketSchema },
    errors: ['user_not_found', 'user_banned', 'user_blocked'],
    async handle({ caller, body: { user_id, expires_in_s, actor = null } }) {
      const { id, text, expiresAtMs } = await tickets.issue({
        userId: user_id,
        actorId: actor?.sub ?? null,
        ttlMs: expires_in_s * 1000,
        keyId: caller.id,
      });
      return { status: 201, body: { id, user_id, actor, token: text, expires_at: expiresAtMs } };
    },
  });
}

/** Asks which organization the session may name. */
async function viewUserSession(
  organizations: Pick<Organizations, 'activeOf'>,
  session: UserSession,
): Promise<z.output<typeof sessionSchema>> {
  return {
    id: session.id,
    user_id: session.userId,
    client_id: session.deviceId,
    kind: session.kind,
    status: session.status,
    created_at: session.createdAtMs,
    updated_at: session.updatedAtMs,
    last_active_at: session.lastActiveAtMs,
    expire_at: session.expireAtMs,
    abandon_at: session.abandonAtMs,
    last_active_organization_id: await organizations.activeOf(session),
    effective_user_id: session.effectiveUserId,
    actor_id: session.actorId,
    ip_address: session.address,
  };
}
