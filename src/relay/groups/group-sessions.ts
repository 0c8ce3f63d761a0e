/**
 * Group sessions: relay sessions that wallets create and join over REST. A wallet that is taken in holds a seat and gets a
 * relay credential, which opens the seat on a socket and is the bearer of the calls about the session it is in.
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
  /** What the creator shows itself as; null: a pseudonym, and its wallet. */
  readonly name: string | null;
  readonly chainAddress: WalletAddress | null;
  readonly password: string | null;
  readonly whitelist: readonly WalletAddress[];
  readonly onlyWhitelisted: boolean;
  readonly maxUsers?: number | undefined;
  readonly ttlMs?: number | undefined;
}

export interface JoinGroupRequest {
  /** As it was sent: what is no session's id is no session. */
  readonly sessionId: string;
  readonly wallet: WalletAddress;
  readonly password: string | null;
  /** Of the peer, canonical. */
  readonly remoteAddress: string;
}

/** A group session, and who asks. */
export interface GroupView extends SessionWithSeats {
  readonly group: GroupPart;
  readonly you: Seat;
  /** null when nobody holds a seat. */
  readonly hostId: UserId | null;
}

export interface Entered extends GroupView {
  /** The relay credential: good while its user has the seat. */
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
/** The seat decides how long a credential counts. One that ended before a session that is prolonged would leave its member
 *  outside: without a credential, and `already_member` for who asks for another. */
const CREDENTIAL_TTL_S = 365 * 86_400;

export class GroupSessions {
  constructor(private readonly deps: GroupSessionsDeps) {}

  async create(request: CreateGroupRequest): Promise<Entered> {
    const { sessions, passwords } = this.deps;
    const { projectId, wallet, password, whitelist, onlyWhitelisted, maxUsers, ttlMs } = request;
    const creator = this.newSeat(wallet, request.name, request.chainAddress);
    const passwordHash = password === null ? null : await passwords.hash(password);
    const part = { creatorId: creator.userId, passwordHash, whitelist, onlyWhitelisted };
    const nothingElse = { addresses: [], filters: [], webhookUrl: null };
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

  /** Who a bearer says it is; null for none of ours. Whether that still counts is seen when it asks for something. */
  bearer(token: string): Promise<RelayClaims | null> {
    return this.deps.credentials.verifyForGroup(token);
  }

  /** Rejects with `group_session_not_found` when it is over, `credential_invalid` for who is not in it any more. */
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
   * The caller leaves, and its credential is dead. Rejects with `credential_invalid` when it was so already. With the store
   * away its socket on this node is closed all the same, and the call rejects with `store_unavailable`.
   */
  async disconnect(claims: RelayClaims): Promise<void> {
    const { sessionId, userId } = claims;
    try {
      await this.current(claims).catch(unlessStoreUnavailable);
      await overIsGone(this.deps.authorizations.withdraw(sessionId, userId));
    } catch (error) {
      // Of a session that is over every credential is dead.
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

  /** null when it is not a group session. */
  private viewFor(found: SessionWithSeats, userId: UserId): GroupView | null {
    const { group } = found.session;
    if (group === null) return null;
    // A user id of a wallet is used once, so a seat of that name is the one that the credential was made for.
    const you = found.seats.find((seat) => seat.userId === userId && seat.group !== null);
    if (you === undefined) throw new Failure('credential_invalid');
    return { ...found, group, you, hostId: groupHost(found) };
  }

  private async entered(found: SessionWithSeats, userId: UserId): Promise<Entered> {
    const view = this.viewFor(found, userId);
    if (view === null) throw new Error('a wallet was taken in by a session without a group');
    const { id, generation } = found.session;
    // The host role of the creator is the store's rule: a credential that takes it would take it back as well.
    const claims = { sessionId: id, userId, generation, asHost: false, userSessionId: null };
    const { token } = await this.deps.credentials.signForGroup(claims, CREDENTIAL_TTL_S);
    return { ...view, token };
  }

  /** Perhaps only the reply was lost: a seat that nobody has a credential for would shut its wallet out. */
  private giveBack(id: SessionId, userId: UserId): void {
    // Whatever comes of it: the caller was told that it did not join, and the session's end takes the seat away.
    this.deps.authorizations.withdraw(id, userId).catch(() => undefined);
  }

  private newSeat(wallet: WalletAddress, name: string | null, chainAddress: WalletAddress | null): NewGroupSeat {
    const { crypto } = this.deps;
    const pseudonym = `guest-${randomBase62(crypto, PSEUDONYM_LETTERS)}`;
    const group = { wallet: wallet.toLowerCase(), address: chainAddress ?? wallet, name, pseudonym };
    return { userId: newUserId(crypto), group };
  }
}

/** Lets the next step find out, which knows what to do then. */
function unlessStoreUnavailable(error: unknown): void {
  if (!Failure.is(error, 'store_unavailable')) throw error;
}

/** The session went while it was asked about. */
async function overIsGone(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (Failure.is(error, 'session_not_found')) throw new Failure('group_session_not_found');
    throw error;
  }
}
