/** The schemas of events: one for each type. Answers, streams and webhooks have them in common. */
import { z } from 'zod';
import type { EventType } from '../../ports/event.js';
import { USER_SESSION_STATUSES } from '../../ports/user-session-store.js';
import * as field from '../fields.js';

const { unixMs } = field;

const sessionShape = {
  project_id: z.string(),
  status: z.enum(['Initializing', 'Linked', 'Error']),
  ready: z.boolean(),
  error: z.string().nullable(),
  metadata: z.unknown(),
  max_users: field.maxUsers,
  user_count: field.quantity.describe('How many users are authorized.'),
  member_count: field.quantity.describe('How many of them have joined and not left.'),
  locked: z.boolean(),
  created_at: unixMs,
  expires_at: unixMs,
  home: z.string().nullable().describe('The node that carries the session; null while there is none.'),
};
const session = z
  .object(sessionShape)
  .meta({ id: 'EventSession', description: 'The relay session, as the change left it.' });
const endedSession = z
  .object({
    ...sessionShape,
    why: z.enum(['ended', 'expired']).describe('`ended`: a backend or the host ended it. `expired`: its time ran out.'),
  })
  .meta({ id: 'EventEndedSession', description: 'The relay session, as it was before its end.' });

const memberShape = { user_id: z.string(), index: field.shownIndex };
const member = z
  .object({
    ...memberShape,
    user_session_id: z.string().nullable().describe('The user session that the member is bound to.'),
  })
  .meta({ id: 'EventMember' });
const awayMember = z
  .object({
    ...memberShape,
    why: z
      .enum(['socket_lost', 'home_lost'])
      .describe('`home_lost`: the node that held the socket died or gave the session up.'),
  })
  .meta({ id: 'EventAwayMember' });
const leftMember = z
  .object({
    ...memberShape,
    why: z.enum(['left', 'kicked', 'revoked', 'timeout', 'ended', 'banned']).describe('Why the member left.'),
  })
  .meta({ id: 'EventLeftMember' });
const host = z
  .object({
    index: field.shownIndex.nullable().describe('The new host; null when nobody is host.'),
    user_id: z.string().nullable().describe('The user of the new host; null when nobody is host.'),
    term: z.int().min(0),
  })
  .meta({ id: 'EventHost' });
const user = z.object({ user_id: z.string() }).meta({ id: 'EventUser' });
const authorizedUser = z
  .object({
    user_id: z.string(),
    ip_address: z.string().nullable(),
    wallet: z
      .string()
      .nullable()
      .describe('The wallet that holds the seat of a group session; null in other sessions.'),
  })
  .meta({ id: 'EventAuthorizedUser' });
const userSession = z
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
    last_active_organization_id: z.string().nullable(),
    effective_user_id: z.string().describe('The user that a login session acts as.'),
    actor_id: z.string().nullable().describe('The user who acts through the session in place of its own user.'),
    ip_address: z.string().nullable(),
  })
  .meta({ id: 'EventUserSession', description: 'The user session, as the change left it.' });
const node = z.object({ node_id: z.string().describe('A node, as in GET /v1/nodes.') }).meta({ id: 'EventNode' });

/** The meaning of each type, for the document. */
export const EVENT_MEANINGS: Readonly<Record<EventType, string>> = {
  'session.ready': 'A relay session has a node: users can connect.',
  'session.failed': 'No node fits a relay session.',
  'session.updated': 'Settings of a relay session have changed.',
  'session.ended': 'A relay session is over.',
  'member.joined': 'A user has joined a relay session.',
  'member.left': 'A member has left for good.',
  'member.away': 'A member has lost its socket; its seat is kept for the resume window.',
  'member.back': 'A member that was away has a socket again.',
  'host.changed': 'Another member is host, or nobody is.',
  'user.authorized': 'A user may join a relay session.',
  'user.revoked': 'A user may not join a relay session any more.',
  'user.banned': 'A user is banned from a relay session; without a session, a user of the directory is banned.',
  'user_session.created': 'A user has signed in.',
  'user_session.touched': 'A user session was used, or has another active organization.',
  'user_session.ended': 'A user session has ended.',
  'user_session.removed': 'A user session was removed from its client.',
  'user_session.revoked': 'A backend or a ban has revoked a user session.',
  'user_session.expired': 'The time of a user session is up, or it was abandoned.',
  'node.joined': 'A node has started.',
  'node.drained': 'A node has given up its work.',
  'node.lost': 'A node has died.',
};

const eventId = z.string().describe('Names the event for ever; a repeat has the same.');
const sequence = z
  .int()
  .min(0)
  .nullable()
  .describe(
    'The number of the event in the log that is read, from 1. In the log of a session, and in a webhook, it counts the events ' +
      'of the session; in a webhook about no relay session it is null.',
  );
const sessionSequence = z
  .int()
  .min(1)
  .optional()
  .describe('In GET /v1/events: the number of the event in the log of its session.');

const DATA_WORDS = 'What the event says, by its type.';

function event<const T extends EventType, D extends z.ZodType>(type: T, data: D) {
  return z
    .object({
      id: eventId,
      type: z.literal(type).describe(EVENT_MEANINGS[type]),
      sequence,
      created_at: unixMs,
      session_id: z.string().optional().describe('The relay session; absent in events about none.'),
      session_sequence: sessionSequence,
      data: data.describe(DATA_WORDS),
    })
    .meta({ id: schemaName(type), description: EVENT_MEANINGS[type] });
}

/** Such as `MemberJoinedEvent`. */
function schemaName(type: EventType): string {
  const words = type.split(/[._]/).map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  return `${words.join('')}Event`;
}

export const EVENT_SCHEMAS = {
  'session.ready': event('session.ready', session),
  'session.failed': event('session.failed', session),
  'session.updated': event('session.updated', session),
  'session.ended': event('session.ended', endedSession),
  'member.joined': event('member.joined', member),
  'member.left': event('member.left', leftMember),
  'member.away': event('member.away', awayMember),
  'member.back': event('member.back', member),
  'host.changed': event('host.changed', host),
  'user.authorized': event('user.authorized', authorizedUser),
  'user.revoked': event('user.revoked', user),
  'user.banned': event('user.banned', user),
  'user_session.created': event('user_session.created', userSession),
  'user_session.touched': event('user_session.touched', userSession),
  'user_session.ended': event('user_session.ended', userSession),
  'user_session.removed': event('user_session.removed', userSession),
  'user_session.revoked': event('user_session.revoked', userSession),
  'user_session.expired': event('user_session.expired', userSession),
  'node.joined': event('node.joined', node),
  'node.drained': event('node.drained', node),
  'node.lost': event('node.lost', node),
} as const satisfies Readonly<Record<EventType, z.ZodType>>;

export const eventSchema = z.discriminatedUnion('type', [
  EVENT_SCHEMAS['session.ready'],
  EVENT_SCHEMAS['session.failed'],
  EVENT_SCHEMAS['session.updated'],
  EVENT_SCHEMAS['session.ended'],
  EVENT_SCHEMAS['member.joined'],
  EVENT_SCHEMAS['member.left'],
  EVENT_SCHEMAS['member.away'],
  EVENT_SCHEMAS['member.back'],
  EVENT_SCHEMAS['host.changed'],
  EVENT_SCHEMAS['user.authorized'],
  EVENT_SCHEMAS['user.revoked'],
  EVENT_SCHEMAS['user.banned'],
  EVENT_SCHEMAS['user_session.created'],
  EVENT_SCHEMAS['user_session.touched'],
  EVENT_SCHEMAS['user_session.ended'],
  EVENT_SCHEMAS['user_session.removed'],
  EVENT_SCHEMAS['user_session.revoked'],
  EVENT_SCHEMAS['user_session.expired'],
  EVENT_SCHEMAS['node.joined'],
  EVENT_SCHEMAS['node.drained'],
  EVENT_SCHEMAS['node.lost'],
]);
