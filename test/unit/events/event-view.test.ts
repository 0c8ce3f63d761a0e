import { describe, expect, it } from 'vitest';
import { parseExactJson, writeExactJson } from '../../../src/lib/exact-json.js';
import { EVENT_TYPES, eventTypesNamed } from '../../../src/events/event-types.js';
import { viewEvent, viewLogged } from '../../../src/events/event-view.js';
import type { EventFacts } from '../../../src/ports/event.js';
import type { SessionWithSeats } from '../../../src/ports/relay-seat.js';
import { EVENT_MEANINGS, EVENT_SCHEMAS } from '../../../src/rest/native/event-schemas.js';
import { eventOf, NODE, PROJECT, SESSION } from '../../support/event-source.js';

const SECRETS = [4_242_424_242, 3_535_353_535, '$argon2id$secret', '0xListed', 'https://hook.example/?token=hush'];
const SESSION_FACTS = {
  session: {
    id: SESSION,
    projectId: PROJECT,
    authorizationToken: SECRETS[0],
    createdAtMs: 1,
    expiresAtMs: 2,
    durability: 'memory',
    filters: [],
    homeNodeId: NODE,
    homeEpoch: 1,
    error: null,
    group: { creatorId: 'ada', passwordHash: SECRETS[2], whitelist: [SECRETS[3]], onlyWhitelisted: true },
    host: { index: null, term: 0 },
    generation: 1,
    metadata: parseExactJson('{"steam":76561198012345679,"one":1.0}', 'whole'),
    maxUsers: 4,
    resumeWindowMs: 1,
    flushMs: 0,
    enforceIp: false,
    locked: false,
    webhookUrl: SECRETS[4],
  },
  seats: [
    { userId: 'ada', token: SECRETS[1], address: '203.0.113.7', held: true, group: null, member: null },
    { userId: 'bob', token: null, address: null, held: true, group: null, member: { index: 0 } },
  ],
} as unknown as SessionWithSeats;
const USER = { userId: 'ada' as never };
const MEMBER = { ...USER, index: 3 as never };
const USER_SESSION = {
  ...{ id: 'sess_1', userId: 'ada', deviceId: null, kind: 'login', status: 'active', createdAtMs: 1, updatedAtMs: 1 },
  ...{ lastActiveAtMs: 1, expireAtMs: 2, abandonAtMs: 2, organizationId: null, effectiveUserId: 'ada', actorId: null },
  ...{ address: null, secretHash: SECRETS[2] },
} as never;

const FACTS: readonly EventFacts[] = EVENT_TYPES.map((type): EventFacts => {
  switch (type) {
    case 'session.ready':
    case 'session.failed':
    case 'session.updated':
      return { type, session: SESSION_FACTS };
    case 'session.ended':
      return { type, why: 'expired', session: SESSION_FACTS };
    case 'member.joined':
    case 'member.back':
      return { type, ...MEMBER, userSessionId: null };
    case 'member.away':
      return { type, ...MEMBER, why: 'home_lost' };
    case 'member.left':
      return { type, ...MEMBER, why: 'banned' };
    case 'host.changed':
      return { type, ...MEMBER, term: 2 };
    case 'user.authorized':
      return { type, ...USER, address: '203.0.113.7', wallet: null };
    case 'user.revoked':
    case 'user.banned':
      return { type, ...USER };
    case 'user_session.created':
    case 'user_session.touched':
    case 'user_session.ended':
    case 'user_session.removed':
    case 'user_session.revoked':
    case 'user_session.expired':
      return { type, session: USER_SESSION };
    case 'node.joined':
    case 'node.drained':
    case 'node.lost':
      return { type, nodeId: NODE };
  }
});

describe('events for outside programs', () => {
  it.each(FACTS)('EL10 $type has exactly the members of its documented schema, and no secret', (facts) => {
    for (const view of [viewEvent(eventOf(facts, 7)), viewLogged(eventOf(facts, 7), 70)]) {
      const parsed = EVENT_SCHEMAS[facts.type].parse(view);
      // A schema drops members that it does not name.
      expect(parsed).toEqual(view);
      const text = writeExactJson(view);
      for (const secret of SECRETS) expect(text).not.toContain(String(secret));
    }
    expect(EVENT_MEANINGS[facts.type]).toMatch(/\.$/);
  });

  it('EL10 shows numbers of metadata as they were sent, and counts users and members without naming them', () => {
    const [facts] = FACTS;
    if (facts === undefined) throw new Error('there is an event');
    const text = writeExactJson(viewEvent(eventOf(facts, 7)));
    expect(text).toContain('"metadata":{"steam":76561198012345679,"one":1.0}');
    expect(text).toContain('"user_count":2,"member_count":1');
    expect(text).not.toContain('203.0.113.7');
  });

  it('EL5 numbers an event by the log that is read, and adds the number in its session', () => {
    const event = eventOf({ type: 'user.revoked', ...USER }, 7);
    expect(viewEvent(event)).toMatchObject({ sequence: 7, session_id: SESSION });
    expect(viewEvent(event)).not.toHaveProperty('session_sequence');
    expect(viewLogged(event, 70)).toMatchObject({ sequence: 70, session_sequence: 7 });
    const ofNode = viewLogged(eventOf({ type: 'node.lost', nodeId: NODE }, 1), 5);
    expect(ofNode.sequence).toBe(5);
    expect(ofNode).not.toHaveProperty('session_id');
  });

  it('EL6 a family names its own types only', () => {
    expect(eventTypesNamed('user.*')).toEqual(['user.authorized', 'user.revoked', 'user.banned']);
    expect(eventTypesNamed('user_session.*')).toHaveLength(6);
    expect(['user', '*', '.*', 'constructor.*', 'member.'].map(eventTypesNamed)).toEqual([
      null,
      null,
      null,
      null,
      null,
    ]);
    expect(new Set(EVENT_TYPES).size).toBe(21);
  });
});
