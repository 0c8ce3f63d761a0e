/** Fixtures of the relay store rules. */
import { randomBytes, randomInt } from 'node:crypto';
import { afterEach, beforeEach } from 'vitest';
import type { JoinCredential, Joined, JoinRequest, JoinResult, SeatHold } from '../../../src/ports/relay-join.js';
import type { NewSeat, Seat } from '../../../src/ports/relay-seat.js';
import type { HomeHold, NewRelaySession } from '../../../src/ports/relay-session.js';
import type { HomeNow, RelayStore } from '../../../src/ports/relay-store.js';
import {
  parseAuthorizationToken,
  parseKeyId,
  parseMemberIndex,
  parseNodeId,
  parseProjectId,
  parseSessionId,
  parseUserId,
  type AuthorizationToken,
  type KeyId,
  type MemberIndex,
  type NodeId,
  type ProjectId,
  type SessionId,
  type UserId,
  type UserSessionId,
} from '../../../src/protocol/ids.js';
import type { ManualClock } from '../../support/manual-clock.js';
import type { OpenedStore, OpenStore } from '../../support/stores.js';

export const WINDOW_MS = 30_000;
export const TTL_MS = 3_600_000;

export function sure<T>(value: T | null | undefined): T {
  if (value === null || value === undefined) throw new Error('the fixture is wrong: nothing there');
  return value;
}

export const sessionId = (): SessionId => sure(parseSessionId(`${randomBytes(6).toString('hex')}-S`));
export const userId = (text = `u-${randomBytes(6).toString('hex')}`): UserId => sure(parseUserId(text));
export const token = (): AuthorizationToken => sure(parseAuthorizationToken(randomInt(1, 2 ** 32)));
export const index = (value: number): MemberIndex => sure(parseMemberIndex(value));
export const nodeId = (letter: string): NodeId => sure(parseNodeId(`node_${letter.repeat(16)}`));
export const keyId = (letter: string): KeyId => sure(parseKeyId(`key_${letter.repeat(16)}`));
export const project = (text: string): ProjectId => sure(parseProjectId(text));

export const HERE = nodeId('a');
export const ELSEWHERE = nodeId('b');
export const ACME = project('acme');
export const OTHER = project('other');
export const ADDRESS = '203.0.113.7';

export function newSession(change: Partial<NewRelaySession> = {}): NewRelaySession {
  return {
    id: sessionId(),
    projectId: ACME,
    authorizationToken: token(),
    ttlMs: TTL_MS,
    durability: 'memory',
    filters: [],
    homeNodeId: HERE,
    error: null,
    group: null,
    metadata: null,
    maxUsers: 10,
    resumeWindowMs: WINDOW_MS,
    flushMs: 'auto',
    enforceIp: false,
    locked: false,
    webhookUrl: null,
    joinUrl: null,
    ...change,
  };
}

export function newSeat(change: Partial<NewSeat> = {}): NewSeat {
  const address = [198, 51, randomInt(256), randomInt(256)].join('.');
  return { userId: userId(), token: token(), address, latitude: null, longitude: null, ...change };
}

export function joinRequest(id: SessionId, credential: JoinCredential, change: Partial<JoinRequest> = {}): JoinRequest {
  const resumeHash = randomBytes(32).toString('base64url');
  return { sessionId: id, nodeId: HERE, credential, address: ADDRESS, resumeHash, dryRun: false, ...change };
}

export function pair(session: NewRelaySession, seat: { readonly token: AuthorizationToken }): JoinCredential {
  return { kind: 'pair', sessionToken: session.authorizationToken, userToken: seat.token };
}

export function minted(
  user: UserId,
  change: { generation?: number; asHost?: boolean; userSessionId?: UserSessionId | null } = {},
): JoinCredential {
  return { kind: 'minted', userId: user, generation: 1_000_000, asHost: false, userSessionId: null, ...change };
}

export function resume(memberIndex: MemberIndex, secretHash: string): JoinCredential {
  return { kind: 'resume', index: memberIndex, secretHash };
}

export function joinedOf(result: JoinResult): Joined {
  if (result.outcome !== 'joined') throw new Error(`expected to join, was ${JSON.stringify(result)}`);
  return result;
}

export async function joinMinted(relay: RelayStore, id: SessionId, user = userId(), asHost = false): Promise<Joined> {
  return joinedOf(await relay.join(joinRequest(id, minted(user, { asHost }))));
}

export async function joinPair(relay: RelayStore, session: NewRelaySession, seat: NewSeat): Promise<Joined> {
  return joinedOf(await relay.join(joinRequest(session.id, pair(session, seat))));
}

export async function seatOf(relay: RelayStore, id: SessionId, user: UserId): Promise<Seat | undefined> {
  const found = await relay.get(id, 'all');
  return found?.seats.find((seat) => seat.userId === user);
}

/** The home of a new session, and of one that this node has claimed. */
export const HOME: HomeHold = { nodeId: HERE, homeEpoch: 1 };

/** The home that the store has recorded; by default that of a new session. */
export function homeNow(homeNodeId: NodeId | null, homeEpoch = homeNodeId === null ? 0 : 1): HomeNow {
  return { homeNodeId, homeEpoch };
}

export function holdOf(id: SessionId, member: Joined): SeatHold {
  return { sessionId: id, ...HOME, index: member.index, connection: member.connection };
}

export const refused = (code: string): { outcome: 'refused'; code: string } => ({ outcome: 'refused', code });

/** Opens a store for each test and closes it after. */
export function useStore(open: OpenStore): {
  readonly relay: RelayStore;
  readonly clock: ManualClock;
  readonly all: OpenedStore;
} {
  let opened: OpenedStore | null = null;
  beforeEach(async () => {
    opened = await open();
  });
  afterEach(async () => {
    await opened?.close();
    opened = null;
  });
  return {
    get relay() {
      return sure(opened).store.relay;
    },
    get clock() {
      return sure(opened).clock;
    },
    get all() {
      return sure(opened);
    },
  };
}
