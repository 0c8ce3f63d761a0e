/** One relay session as this process keeps it: the mutable state, and the frozen views that leave it. */
import { deepFreeze } from '../../lib/deep-freeze.js';
import type { AuthorizationToken, MemberIndex, UserId, UserSessionId } from '../../protocol/ids.js';
import type {
  GroupSeat,
  Host,
  NewGroupSeat,
  NewRelaySession,
  NewSeat,
  ProjectScope,
  RelaySession,
  Seat,
  SessionWithSeats,
} from '../../ports/relay-store.js';
import type { RemovalReason } from '../../ports/enforcer.js';
import { IndexPool } from './index-pool.js';

export interface MemberState {
  readonly index: MemberIndex;
  readonly joinedAtMs: number;
  connection: number;
  awayUntilMs: number | null;
  /** The hash handed out last. */
  resume: string;
  /** The hash that the current socket came with; null when it came with something else. */
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
  /** Replaced whole at each change, and frozen: it is what callers are given. `host` lives beside it. */
  facts: Omit<RelaySession, 'host' | 'generation'>;
  host: Host;
  generation: number;
  /** How many seats have `held`. */
  held: number;
  readonly seats: Map<UserId, SeatState>;
  /** null: revoked. */
  readonly tokens: Map<AuthorizationToken, UserId | null>;
  /** Who was taken in by its wallet. */
  readonly wallets: Map<string, UserId>;
  /** Members in the order they joined: the first is the one with the longest membership. */
  readonly members: Map<MemberIndex, SeatState>;
  readonly indexes: IndexPool;
  /** What of users who were removed outlives it: the generation that their minted credentials must have at least, and why. */
  readonly removed: Map<UserId, { readonly generation: number; readonly reason: RemovalReason | null }>;
  /** The generation that everybody else's must have at least: 0 until the session was put back. */
  floor: number;
  /** Counts the changes that are not a socket's. */
  revision: number;
  readonly banned: Set<UserId>;
  readonly bannedWallets: Set<string>;
  /** Rises with each session created: the order of listings. */
  readonly position: number;
}

export function newSession(created: NewRelaySession, position: number, nowMs: number): SessionState {
  const { ttlMs, ...given } = structuredClone(created);
  return {
    facts: deepFreeze({
      createdAtMs: nowMs,
      expiresAtMs: nowMs + ttlMs,
      homeEpoch: given.homeNodeId === null ? 0 : 1,
      ...given,
    }),
    host: { index: null, term: 0 },
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
  };
}

/** Gives a user its authorization and its seat. null when the user id or the token was used before. */
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

/** Gives a wallet its seat. null when the user id or the wallet is there already. */
export function addWallet(session: SessionState, { userId, group }: NewGroupSeat): SeatState | null {
  if (session.seats.has(userId) || session.wallets.has(group.wallet)) return null;
  const place = { token: null, address: null, latitude: null, longitude: null, member: null };
  const added: SeatState = { userId, ...place, held: true, group: deepFreeze(structuredClone(group)) };
  session.seats.set(userId, added);
  session.wallets.set(group.wallet, userId);
  session.held += 1;
  return added;
}

/** Whether the seat outlives its member: somebody was authorized, or taken in, without a socket. */
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
