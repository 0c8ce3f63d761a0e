/**
 * Group sessions: relay sessions that wallets create and join over REST. A wallet that joins holds a seat and gets a
 * relay credential. The credential opens the seat on a socket, and is the bearer token of the calls about the
 * session.
 */
import { randomBase62 } from '../../lib/base62.js';
import { Failure } from '../../protocol/failure.js';
import { parseSessionId, type ProjectId, type SessionId, type UserId, type WalletAddress } from '../../protocol/ids.js';
import type { Crypto } from '../../ports/crypto.js';
import type { RelayClaims, RelayCredentials } from '../../ports/relay-credentials.js';
import type { NewGroupSeat, Seat, SessionWithSeats } from '../../ports/relay-seat.js';
import type { GroupPart } from '../../ports/relay-session.js';
import type { RelayStore } from '../../ports/relay-store.js';
import type { Authorizations } from '../sessions/authorizations.js';
import { groupHost } from './group-host.js';
import type { GroupPasswords } from './group-passwords.js';
import type { RelaySessions } from '../sessions/relay-sessions.js';
import type { SharedReads } from './shared-reads.js';
import { newUserId } from '../sessions/relay-tokens.js';

export interface CreateGroupRequest {
  readonly projectId: ProjectId;
  readonly wallet: WalletAddress;
  /** The name that the creator shows; null: a pseudonym and the wallet's address. */
  readonly name: string | null;
  readonly chainAddress: WalletAddress | null;
  readonly password: string | null;
  readonly whitelist: readonly WalletAddress[];
  readonly onlyWhitelisted: boolean;
  readonly maxUsers?: number | undefined;
  readonly ttlMs?: number | undefined;
}

export interface JoinGroupRequest {
  /** As the caller sent it: text that is no session id names no session. */
  readonly sessionId: string;
  readonly wallet: WalletAddress;
  readonly password: string | null;
  /** The peer's address in canonical form. */
  readonly remoteAddress: string;
}

/** A group session, and the caller who asks about it. */
export interface GroupView extends SessionWithSeats {
  readonly group: GroupPart;
  readonly you: Seat;
  /** null when nobody holds a seat. */
  readonly hostId: UserId | null;
}

export interface Entered extends GroupView {
  /** The relay credential. It is valid while its user has the seat. */
  readonly token: string;
}

export interface GroupSessionsDeps {
  readonly store: Pick<RelayStore, 'enrol'>;
  readonly reads: SharedReads;
  readonly sessions: Pick<RelaySessions, 'create' | 'end'>;
  readonly authorizations: Pick<Authorizations, 'kick' | 'withdraw'>;
  readonly credentials: RelayCredentials;
  readonly passwords: GroupPasswords;
  readonly crypto: Crypto;
}

const PSEUDONYM_LETTERS = 6;
/**
 * The seat decides how long a credential is valid, so the credential itself lives long. If it expired before an
 * extended session, its member could neither connect nor join again (`already_member`).
 */
const CREDENTIAL_TTL_S = 365 * 86_400;

export class GroupSessions {
  constructor(private readonly deps: GroupSessionsDeps) {}

  async create(request: CreateGroupRequest): Promise<Entered> {
    const { sessions, passwords } = this.deps;
    const { projectId, wallet, password, whitelist, onlyWhitelisted, maxUsers, ttlMs } = request;
    const creator = this.newSeat(wallet, request.name, request.chainAddress);
    const passwordHash = password === null ? null : await passwords.hash(password);
    const part = { creatorId: creator.userId, passwordHash, whitelist, onlyWhitelisted };
    const nothingElse = { addresses: [], filters: [], webhookUrl: null, joinUrl: null };
    const created = await sessions.create({ projectId, ...nothingElse, maxUsers, ttlMs, group: { part, creator } });
    return this.entered(created, creator.userId);
  }

  /**
   * Rejects with `group_session_not_found`, `not_whitelisted`, `group_password_wrong`, `too_many_requests`,
   * `banned`, `already_member`, `session_locked` or `session_full`.
   */
  async join({ sessionId, wallet, password, remoteAddress }: JoinGroupRequest): Promise<Entered> {
    const { store, reads, passwords } = this.deps;
    const id = parseSessionId(sessionId);
    const group = id === null ? null : (await reads.read(id))?.session.group;
    if (id === null || group === null || group === undefined) throw new Failure('group_session_not_found');
    if (group.onlyWhitelisted && !group.whitelist.includes(wallet)) throw new Failure('not_whitelisted');
    if (group.passwordHash !== null) await passwords.check(id, group.passwordHash, password, remoteAddress);
    const seat = this.newSeat(wallet, null, null);
    const result = await store.enrol(id, seat).catch((error: unknown) => {
      this.giveBack(id, seat.userId);
      throw error;
    });
    switch (result.outcome) {
      case 'enrolled': {
        const found = await reads.read(id);
        if (found === null) throw new Failure('group_session_not_found');
        return this.entered(found, seat.userId);
      }
      case 'session_not_found':
        throw new Failure('group_session_not_found');
      default:
        throw new Failure(result.outcome);
    }
  }

  /**
   * The user that a bearer token names; null when the token is not ours. A call checks later whether the user still
   * has the seat.
   */
  bearer(token: string): Promise<RelayClaims | null> {
    return this.deps.credentials.verifyForGroup(token);
  }

  /**
   * Rejects with `group_session_not_found` when the session is over, and with `credential_invalid` when the user is
   * no longer in it.
   */
  async current({ sessionId, userId }: RelayClaims): Promise<GroupView> {
    const found = await this.deps.reads.read(sessionId);
    const view = found === null ? null : this.viewFor(found, userId);
    if (view === null) throw new Failure('group_session_not_found');
    return view;
  }

  /** Host only. Rejects as `current` does, and with `not_host`, `cannot_kick_self` or `user_not_found`. */
  async kick(claims: RelayClaims, userId: UserId): Promise<void> {
    const { seats } = await this.currentAsHost(claims);
    if (userId === claims.userId) throw new Failure('cannot_kick_self');
    if (!seats.some((seat) => seat.userId === userId)) throw new Failure('user_not_found');
    const selector = { by: 'user_id', userId } as const;
    const { sessionId } = claims;
    await overIsGone(this.deps.authorizations.kick({ sessionId, scope: 'all', selector, ban: false }));
  }

  /**
   * The caller leaves, and its credential becomes invalid. Rejects with `credential_invalid` if it already was. While
   * the store is unavailable, the caller's socket on this node is closed all the same, and the call rejects with
   * `store_unavailable`.
   */
  async disconnect(claims: RelayClaims): Promise<void> {
    const { sessionId, userId } = claims;
    try {
      await this.current(claims).catch(unlessStoreUnavailable);
      await overIsGone(this.deps.authorizations.withdraw(sessionId, userId));
    } catch (error) {
      // Every credential of a session that is over is invalid.
      if (Failure.is(error, 'group_session_not_found')) throw new Failure('credential_invalid');
      throw error;
    }
  }

  /** Host only: ends the session for everybody. Rejects as `current` does, and with `not_host`. */
  async end(claims: RelayClaims): Promise<void> {
    await this.currentAsHost(claims);
    await overIsGone(this.deps.sessions.end('all', claims.sessionId));
  }

  private async currentAsHost(claims: RelayClaims): Promise<GroupView> {
    const view = await this.current(claims);
    if (view.hostId !== claims.userId) throw new Failure('not_host');
    return view;
  }

  /** null when the session is no group session. */
  private viewFor(found: SessionWithSeats, userId: UserId): GroupView | null {
    const { group } = found.session;
    if (group === null) return null;
    // A wallet's user id is used once, so a seat with that id is the one that the credential was made for.
    const you = found.seats.find((seat) => seat.userId === userId && seat.group !== null);
    if (you === undefined) throw new Failure('credential_invalid');
    return { ...found, group, you, hostId: groupHost(found) };
  }

  private async entered(found: SessionWithSeats, userId: UserId): Promise<Entered> {
    const view = this.viewFor(found, userId);
    if (view === null) throw new Error('a wallet was taken in by a session without a group');
    const { id, generation } = found.session;
    // The store makes the creator host. A credential that takes the role would also take it back after a hand-over.
    const claims = { sessionId: id, userId, generation, asHost: false, userSessionId: null };
    const { token } = await this.deps.credentials.signForGroup(claims, CREDENTIAL_TTL_S);
    return { ...view, token };
  }

  /**
   * The join may have succeeded although its reply was lost. A seat whose credential nobody has would lock its wallet
   * out.
   */
  private giveBack(id: SessionId, userId: UserId): void {
    // A failure here is ignored: the caller learned that it did not join, and the seat goes when the session ends.
    this.deps.authorizations.withdraw(id, userId).catch(() => undefined);
  }

  private newSeat(wallet: WalletAddress, name: string | null, chainAddress: WalletAddress | null): NewGroupSeat {
    const { crypto } = this.deps;
    const pseudonym = `guest-${randomBase62(crypto, PSEUDONYM_LETTERS)}`;
    const group = { wallet: wallet.toLowerCase(), address: chainAddress ?? wallet, name, pseudonym };
    return { userId: newUserId(crypto), group };
  }
}

/** Ignores an unavailable store: the next step meets the same failure and knows what to do. */
function unlessStoreUnavailable(error: unknown): void {
  if (!Failure.is(error, 'store_unavailable')) throw error;
}

/** The session ended while the call asked about it. */
async function overIsGone(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (Failure.is(error, 'session_not_found')) throw new Failure('group_session_not_found');
    throw error;
  }
}
