import { describe, expect, test } from 'vitest';
import {
  parseMemberIndex,
  parseProjectId,
  parseSessionId,
  parseUserId,
  parseUserSessionId,
} from '../../../../src/protocol/ids.js';
import { newNodeId } from '../../../../src/cluster/node-id.js';
import { systemCrypto } from '../../../../src/adapters/system/crypto.js';
import type { HeldMember, Holdings } from '../../../../src/relay/presence/presence-call.js';
import { presenceOf } from '../../../../src/relay/presence/presence-view.js';

function parsed<T>(value: T | null): T {
  if (value === null) throw new Error('not parsed');
  return value;
}

const [HOME, SATELLITE] = [newNodeId(systemCrypto()), newNodeId(systemCrypto())];
const [ADA, BOB] = [parsed(parseUserId('ada')), parsed(parseUserId('bob'))];
const [OURS, THEIRS] = [parsed(parseProjectId('ours')), parsed(parseProjectId('theirs'))];
const [ROOM, OTHER] = [parsed(parseSessionId('0123456789ab-S')), parsed(parseSessionId('ba9876543210-S'))];
const LOGIN = parsed(parseUserSessionId(`sess_${'a'.repeat(27)}`));
const EVERYTHING = { project: 'all', userSessions: true } as const;
const NOTHING: Holdings = { members: [], sockets: [] };

const member = (change: Partial<HeldMember> = {}): HeldMember => ({
  ...{ userId: ADA, sessionId: ROOM, projectId: OURS, homeEpoch: 1, index: parsed(parseMemberIndex(3)) },
  ...{ role: 'client', connected: true, ...change },
});
const seat = (sessionId = ROOM, userId = ADA) => ({ userId, seatName: `${sessionId} 3` });
const login = { userId: ADA, seatName: null, userSessionId: LOGIN };

describe('the presence of a user', () => {
  test('PR1 a member of one node with its socket at another is one socket, at that node', () => {
    const all = new Map([
      [HOME, { members: [member()], sockets: [] }],
      [SATELLITE, { members: [], sockets: [seat()] }],
    ]);
    const where = { sessionId: ROOM, index: 3, role: 'client', connected: true, home: HOME, node: SATELLITE };
    const presence = { userId: ADA, relaySessions: [where], userSessions: [], nodes: [SATELLITE], sockets: 1 };
    expect(presenceOf(ADA, EVERYTHING, all)).toEqual(presence);
  });

  test('PR1 a member that is away has no node and counts as no socket', () => {
    const all = new Map([[HOME, { members: [member({ connected: false })], sockets: [] }]]);
    const found = presenceOf(ADA, EVERYTHING, all);
    expect(found).toMatchObject({ relaySessions: [{ connected: false, node: null }], nodes: [], sockets: 0 });
  });

  test('PR1 the sockets of a user session are counted over all nodes', () => {
    const all = new Map([
      [HOME, { members: [], sockets: [login, login] }],
      [SATELLITE, { members: [], sockets: [login] }],
    ]);
    const nodes = [HOME, SATELLITE].toSorted();
    expect(presenceOf(ADA, EVERYTHING, all)).toMatchObject({
      ...{ userSessions: [{ id: LOGIN, sockets: 3, nodes }], nodes, sockets: 3 },
    });
  });

  test('PR3 a connected member whose socket is at a silent node counts, without that node', () => {
    const all = new Map([[HOME, { members: [member()], sockets: [] }]]);
    const found = presenceOf(ADA, EVERYTHING, all);
    expect(found).toMatchObject({ relaySessions: [{ connected: true, node: null }], nodes: [], sockets: 1 });
  });

  test('PR2 of two nodes that claim a member, the one with the newer epoch is believed, in any order', () => {
    const stale = [HOME, { members: [member({ homeEpoch: 1 })], sockets: [seat()] }] as const;
    const newer = [SATELLITE, { members: [member({ homeEpoch: 2, connected: false })], sockets: [] }] as const;
    for (const all of [
      new Map<typeof HOME, Holdings>([stale, newer]),
      new Map<typeof HOME, Holdings>([newer, stale]),
    ]) {
      const found = presenceOf(ADA, EVERYTHING, all);
      expect(found).toMatchObject({ relaySessions: [{ home: SATELLITE, connected: false }], sockets: 0 });
    }
  });

  test('PR5 a project sees no session of another one, nor its node; a key without `sessions` no user session', () => {
    const theirs = member({ sessionId: OTHER, projectId: THEIRS });
    const all = new Map([
      [HOME, { members: [member()], sockets: [seat()] }],
      [SATELLITE, { members: [theirs], sockets: [seat(OTHER), login] }],
    ]);
    const found = presenceOf(ADA, { project: OURS, userSessions: false }, all);
    expect(found).toMatchObject({
      relaySessions: [{ sessionId: ROOM }],
      userSessions: null,
      nodes: [HOME],
      sockets: 1,
    });
    expect(presenceOf(ADA, EVERYTHING, all)).toMatchObject({ sockets: 3 });
  });

  test('PR4 what belongs to another user of the batch is left out', () => {
    const all = new Map([
      [HOME, { members: [member(), member({ userId: BOB })], sockets: [seat(ROOM, BOB), login] }],
      [SATELLITE, NOTHING],
    ]);
    const found = presenceOf(BOB, EVERYTHING, all);
    expect(found).toMatchObject({ userId: BOB, relaySessions: [{ node: HOME }], userSessions: [], sockets: 1 });
  });
});
