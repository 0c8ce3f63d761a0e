/** Members of a relay session over REST: listed and kicked. */
import { z } from 'zod';
import type { Log } from '../../ports/log.js';
import type { UserSelector } from '../../ports/relay-seat.js';
import type { Authorizations } from '../../relay/sessions/authorizations.js';
import type { LiveSessions, MembersReport } from '../../relay/sessions/live-sessions.js';
import type { MemberStatus } from '../../relay/room/member.js';
import * as field from '../fields.js';
import { defineRoute, type Route } from '../route.js';
import { reportSchema, viewReport } from './report.js';

export interface RelayMemberRoutesDeps {
  readonly live: Pick<LiveSessions, 'members'>;
  readonly authorizations: Pick<Authorizations, 'kick'>;
  readonly log: Log;
}

const params = z.object({ session_id: field.sessionId });

const memberSchema = z
  .object({
    index: field.shownIndex,
    user_id: z.string(),
    role: z.enum(['host', 'client']),
    connected: z.boolean(),
    state: z.unknown().describe('The presence state that the member sent last; null before the first.'),
    joined_at: field.unixMs,
    dropped: z
      .int()
      .min(0)
      .nullable()
      .describe(
        'Volatile entries that the home dropped because the member did not keep up; null when the home was not asked.',
      ),
    metadata: z
      .unknown()
      .describe(
        'The metadata that the join_url answered for the member; null when it answered none, or when the home was not asked.',
      ),
  })
  .meta({ id: 'Member' });

const kickBody = z
  .strictObject({
    index: field.memberIndex.optional(),
    user_id: field.userId.optional(),
    authorization_token: field.authorizationToken.optional(),
    reason: z.string().max(256).optional(),
    ban: z.boolean().default(false),
  })
  .transform(({ index, user_id, authorization_token, reason, ban }, context) => {
    const named: UserSelector[] = [];
    if (index !== undefined) named.push({ by: 'index', index });
    if (user_id !== undefined) named.push({ by: 'user_id', userId: user_id });
    if (authorization_token !== undefined) named.push({ by: 'token', token: authorization_token });
    const [selector] = named;
    if (selector !== undefined && named.length === 1) return { selector, reason, ban };
    context.addIssue('exactly one of index, user_id and authorization_token is required');
    return z.NEVER;
  });

export function relayMemberRoutes(deps: RelayMemberRoutesDeps): readonly Route[] {
  return [listMembers(deps), kickMember(deps)];
}

function listMembers({ live }: RelayMemberRoutesDeps): Route {
  return defineRoute({
    name: 'listRelayMembers',
    summary: 'List the members of a relay session, and say how old the answer may be.',
    method: 'GET',
    path: '/v1/relays/sessions/{session_id}/members',
    scope: 'relays',
    params,
    notFound: 'session_not_found',
    responses: {
      200: z
        .object({ members: z.array(memberSchema), as_of: field.unixMs, max_staleness_ms: field.quantity })
        .meta({ id: 'MemberList' }),
    },
    errors: ['session_not_found', 'home_unreachable'],
    async handle({ caller, params: { session_id } }) {
      const report = await live.members(caller.sees, session_id);
      return { status: 200, json: encodeMembers(report) };
    },
  });
}

function kickMember({ authorizations, log }: RelayMemberRoutesDeps): Route {
  return defineRoute({
    name: 'kickRelayMember',
    summary: 'Kick a user: before the answer, their credentials are revoked and their sockets closed on every node.',
    method: 'POST',
    path: '/v1/relays/sessions/{session_id}/kick',
    scope: 'relays',
    params,
    notFound: 'session_not_found',
    body: kickBody,
    responses: { 200: reportSchema },
    errors: ['session_not_found'],
    async handle({ caller, params: { session_id }, body: { selector, reason, ban } }) {
      const report = await authorizations.kick({ sessionId: session_id, scope: caller.sees, selector, ban });
      log.info('kicked', { session_id, caller: caller.id, by: selector.by, ban, matched: report.matched, reason });
      return { status: 200, body: viewReport(report) };
    },
  });
}

function encodeMembers({ members, asOfMs, maxStalenessMs }: MembersReport): string {
  const list = members.map(encodeMember).join(',');
  return `{"members":[${list}],"as_of":${String(asOfMs)},"max_staleness_ms":${String(maxStalenessMs)}}`;
}

/** Copies the presence state as its member sent it, and the metadata, without parsing them again. */
function encodeMember(member: MemberStatus): string {
  const { index, role, connected, state, dropped, metadata } = member;
  const before = JSON.stringify({ index, user_id: member.userId, role, connected }).slice(0, -1);
  const behind = JSON.stringify({ joined_at: member.joinedAtMs, dropped }).slice(1);
  return `${before},"state":${state},"metadata":${metadata ?? 'null'},${behind}`;
}
