/** One relay session in memory: its mutable state and the frozen views handed to callers. */
import { deepFreeze } from '../../lib/deep-freeze.js';
import type { AuthorizationToken, MemberIndex, UserId, UserSessionId } from '../../protocol/ids.js';
import type { GroupSeat, NewGroupSeat, NewSeat, Seat, SessionWithSeats } from '../../ports/relay-seat.js';
import type { Host, NewRelaySession, ProjectScope, RelaySession } from '../../ports/relay-session.js';
import type { RemovalReason } from '../../ports/enforcer.js';
import type { EventFacts } from '../../ports/event.js';
import { Failure } from '../../protocol/failure.js';
import { IndexPool } from './index-pool.js';

export interface MemberState {
  readonly index: MemberIndex;
  readonly joinedAtMs: number;
  connection: number;
  awayUntilMs: number | null;
  /** The last issued hash. */
  resume: string;
  /** The hash that the current socket came with; null when it came with another credential. */
  resumePrevious: string | null;
  userSessionId: UserSessionId | null;
}

export interface SeatState {
  readonly userId: UserId;
  readonly token: AuthorizationToken | null;
  readonly address: string | null;
  readonly latitude: number | null;
  readonly longitude: number | null;
  held: boolean;
  readonly group: GroupSeat | null;
  member: MemberState | null;
}

export interface SessionState {
  /** Frozen, and replaced at each change, because callers get it. `host` is stored beside it. */
  facts: Omit<RelaySession, 'host' | 'generation'>;
  host: Host;
  generation: number;
  /** Number of seats with `held`. */
  held: number;
  readonly seats: Map<UserId, SeatState>;
  /** null: revoked. */
  readonly tokens: Map<AuthorizationToken, UserId | null>;
  /** Users added by their wallet. */
  readonly wallets: Map<string, UserId>;
  /** Ordered by join time: the first has the longest membership. */
  readonly members: Map<MemberIndex, SeatState>;
  readonly indexes: IndexPool;
  /** Kept for removed users: the lowest generation that their minted credentials may have, and the reason. */
  readonly removed: Map<UserId, { readonly generation: number; readonly reason: RemovalReason | null }>;
  /** The lowest generation for all other users; 0 until the session was put back. */
  floor: number;
  /** Counts changes that no socket caused. */
  revision: number;
  readonly banned: Set<UserId>;
  readonly bannedWallets: Set<string>;
  /** Rises with each created session; lists are ordered by it. */
  readonly position: number;
  /** The changes of the running step so far, in the order of the events. The store empties it at the end of the step. */
  readonly changes: EventFacts[];
  /** The host that the events so far tell of. */
  toldHost: Host;
}

const NO_HOST: Host = { index: null, term: 0 };

export function newSession(created: NewRelaySession, position: number, nowMs: number): SessionState {
  const { ttlMs, ...given } = created;
  // The caller keeps these. The other members are texts and numbers, and a clone of everything costs 10 us.
  const { metadata, filters, group } = given;
  const own = { metadata: copyOf(metadata), filters: copyOf(filters), group: copyOf(group) };
  return {
    facts: deepFreeze({
      createdAtMs: nowMs,
      expiresAtMs: nowMs + ttlMs,
      homeEpoch: given.homeNodeId === null ? 0 : 1,
      ...given,
      ...own,
    }),
    host: NO_HOST,
    toldHost: NO_HOST,
    generation: 1,
    held: 0,
    seats: new Map(),
    tokens: new Map(),
    wallets: new Map(),
    members: new Map(),
    indexes: new IndexPool(),
    removed: new Map(),
    floor: 0,
    revision: 0,
    banned: new Set(),
    bannedWallets: new Set(),
    position,
    changes: [],
  };
}

/** Most of them are empty. */
function copyOf<T>(value: T): T {
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0 ? structuredClone(value) : value;
}

/** Adds a user with authorization and seat. null when the user id or the token was used before. */
export function addListed(session: SessionState, seat: NewSeat): SeatState | null {
  if (session.seats.has(seat.userId) || session.tokens.has(seat.token)) return null;
  const added: SeatState = {
    userId: seat.userId,
    token: seat.token,
    address: seat.address,
    latitude: seat.latitude,
    longitude: seat.longitude,
    held: true,
    group: null,
    member: null,
  };
  session.seats.set(seat.userId, added);
  session.tokens.set(seat.token, seat.userId);
  session.held += 1;
  return added;
}

/** Adds a seat for a wallet. null when the user id or the wallet already exists. */
export function addWallet(session: SessionState, { userId, group }: NewGroupSeat): SeatState | null {
  if (session.seats.has(userId) || session.wallets.has(group.wallet)) return null;
  const place = { token: null, address: null, latitude: null, longitude: null, member: null };
  const added: SeatState = { userId, ...place, held: true, group: deepFreeze(structuredClone(group)) };
  session.seats.set(userId, added);
  session.wallets.set(group.wallet, userId);
  session.held += 1;
  return added;
}

/** Whether the seat outlives its member: the user was authorized, or the wallet added, without a socket. */
export function isKept(seat: SeatState): boolean {
  return seat.token !== null || seat.group !== null;
}

export function inScope(session: SessionState, scope: ProjectScope): boolean {
  return scope === 'all' || session.facts.projectId === scope;
}

export function viewSession(session: SessionState): RelaySession {
  return Object.freeze({ ...session.facts, host: viewHost(session), generation: session.generation });
}

export function viewHost(session: SessionState): Host {
  return Object.freeze({ ...session.host });
}

export function viewSeat(seat: SeatState): Seat {
  const { userId, token, address, latitude, longitude, held, group, member } = seat;
  return deepFreeze({
    userId,
    token,
    address,
    latitude,
    longitude,
    held,
    group,
    member:
      member === null
        ? null
        : {
            index: member.index,
            joinedAtMs: member.joinedAtMs,
            connection: member.connection,
            awayUntilMs: member.awayUntilMs,
            userSessionId: member.userSessionId,
          },
  });
}

export function viewSeats(session: SessionState): readonly Seat[] {
  const seats = [...session.seats.values()];
  const minted = [...session.members.values()].filter((seat) => !isKept(seat));
  return Object.freeze([...seats.filter(isKept), ...minted].map(viewSeat));
}

export function viewWithSeats(session: SessionState): SessionWithSeats {
  return Object.freeze({ session: viewSession(session), seats: viewSeats(session) });
}

/** Empties `changes`. The step's change of the host comes last, and once, however often the role has moved. */
export function takeChanges(session: SessionState): readonly EventFacts[] {
  const { changes, host, toldHost } = session;
  if (host.index !== toldHost.index || host.term !== toldHost.term) {
    const userId = host.index === null ? null : (session.members.get(host.index)?.userId ?? null);
    changes.push({ type: 'host.changed', ...host, userId });
    session.toldHost = host;
  }
  return changes.splice(0);
}

export function reused(): Failure {
  return new Failure('internal', { cause: new Error('a user id or token is used twice in one session') });
}
