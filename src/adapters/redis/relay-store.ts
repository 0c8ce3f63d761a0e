import type { HomeClaim, HomeState, Restoration } from '../../ports/relay-home.js';
import type { JoinRequest, JoinResult, LeaveReason, LeaveResult, SeatHold } from '../../ports/relay-join.js';
import type {
  AuthorizeResult,
  EnrolResult,
  KickRequest,
  KickResult,
  ListRequest,
  MintResult,
  NewGroupSeat,
  NewSeat,
  RevokeResult,
  SessionPage,
  SessionWithSeats,
} from '../../ports/relay-seat.js';
import type {
  HomeHold,
  Host,
  NewRelaySession,
  ProjectScope,
  RelaySession,
  RelaySessionSettings,
} from '../../ports/relay-session.js';
import { OVER_KEPT_MS, type HomeNow, type RelayStore } from '../../ports/relay-store.js';
import { Failure } from '../../protocol/failure.js';
import { parseProjectId } from '../../protocol/ids.js';
import type { AuthorizationToken, MemberIndex, NodeId, SessionId, UserId } from '../../protocol/ids.js';
import { decodeInspection, decodeVerdict, encodeRestoration } from './home-codec.js';
import { decodeJoin, encodeJoin } from './join-codec.js';
import type { Keys } from './keys.js';
import type { Argument, RedisLink } from './link.js';
import { asHost, asIndexOrNull, asInteger, asList, asText, asUserId, known } from './replies.js';
import type { Script, Scripts } from './script.js';
import { decodeSeat, decodeSession, decodeSnapshot, encodeSeat } from './session-codec.js';
import { decodeCreate, encodeCreate } from './session-create.js';
import { ReadCache } from './read-cache.js';
import { encodeFields } from './session-fields.js';
import type { DueSession, SessionIndex } from './session-index.js';

/** Relay sessions in Redis. Each transition is one script over the session's own keys. */
export class RedisRelayStore implements RelayStore {
  readonly #link: RedisLink;
  readonly #keys: Keys;
  readonly #scripts: Scripts;
  readonly #index: SessionIndex;
  readonly #snapshots = new ReadCache<SessionWithSeats>();

  constructor(link: RedisLink, keys: Keys, scripts: Scripts, index: SessionIndex) {
    this.#link = link;
    this.#keys = keys;
    this.#scripts = scripts;
    this.#index = index;
  }

  async create(session: NewRelaySession, seats: readonly (NewSeat | NewGroupSeat)[]): Promise<SessionWithSeats> {
    const { id, projectId, ttlMs } = session;
    const args = encodeCreate(session, seats);
    const keys = [...this.#keys.session(id), ...this.#keys.sessionEvents(id)];
    const created = this.#link.runOnce('relay.create', this.#scripts.create, keys, args);
    // A single server gets both calls at once and runs them in this order. A cluster gets them one after the other.
    if (this.#link.isCluster) refuseClash((await created).reply);
    const [made, indexed] = await Promise.allSettled([created, this.#index.add(id, projectId, ttlMs)]);
    if (made.status === 'rejected') throw made.reason;
    const { reply, isRepeat } = made.value;
    refuseClash(reply);
    if (indexed.status === 'rejected') throw indexed.reason;
    // The first try may have placed the session on another node.
    const kept = isRepeat ? await this.get(id, 'all') : null;
    return kept ?? decodeCreate(reply, session, seats);
  }

  async get(id: SessionId, scope: ProjectScope): Promise<SessionWithSeats | null> {
    const reply = await this.#run('get', this.#scripts.get, id, [encodeScope(scope)]);
    return reply === null ? null : this.#snapshots.get(id, reply, (text) => decodeSnapshot(id, text));
  }

  async list({ scope, from, limit }: ListRequest): Promise<SessionPage> {
    const { ids, totalCount, nextCursor } = await this.#index.list(scope, from, limit);
    const found = await Promise.all(ids.map((id) => this.get(id, scope)));
    return { sessions: found.filter((session) => session !== null), totalCount, nextCursor };
  }

  async end(id: SessionId, scope: ProjectScope): Promise<boolean> {
    const reply = await this.#runWithLog('end', this.#scripts.end, id, [encodeScope(scope), OVER_KEPT_MS]);
    if (reply === null) return false;
    // The session has ended. A stale index entry does not change the answer, and the sweeper removes it (keys.ts).
    const projectId = known(parseProjectId(asText(reply)), 'a project id');
    await this.#index.remove([{ id, projectId }]).catch(() => undefined);
    return true;
  }

  async update(
    id: SessionId,
    scope: ProjectScope,
    change: Partial<RelaySessionSettings> & { readonly ttlMs?: number },
  ): Promise<RelaySession | null> {
    const args = [encodeScope(scope), change.ttlMs ?? '', ...encodeFields(change)];
    const reply = await this.#runWithLog('update', this.#scripts.update, id, args);
    if (reply === null) return null;
    const [expiredBefore, facts] = asList(reply);
    const session = decodeSession(id, facts);
    if (session.expiresAtMs < asInteger(expiredBefore)) {
      await this.#index.dueEarlier(id, session.projectId, session.expiresAtMs).catch(() => undefined);
    }
    return session;
  }

  async authorize(id: SessionId, scope: ProjectScope, seat: NewSeat): Promise<AuthorizeResult> {
    const args = [encodeScope(scope), seat.userId, encodeSeat(seat)];
    const reply = await this.#run('authorize', this.#scripts.authorize, id, args);
    switch (reply) {
      case 'session_not_found':
      case 'address_already_authorized':
      case 'session_full':
      case 'token_taken':
        return { outcome: reply };
      default: {
        refuseClash(reply);
        const [facts, text] = asList(reply);
        return { outcome: 'authorized', session: decodeSession(id, facts), seat: decodeSeat(seat.userId, text) };
      }
    }
  }

  async enrol(id: SessionId, seat: NewGroupSeat): Promise<EnrolResult> {
    const reply = await this.#run('enrol', this.#scripts.enrol, id, [seat.userId, encodeSeat(seat)]);
    switch (reply) {
      case 'session_not_found':
      case 'banned':
      case 'already_member':
      case 'session_locked':
      case 'session_full':
        return { outcome: reply };
      default: {
        refuseClash(reply);
        const [facts, text] = asList(reply);
        return { outcome: 'enrolled', session: decodeSession(id, facts), seat: decodeSeat(seat.userId, text) };
      }
    }
  }

  async revoke(id: SessionId, scope: ProjectScope, token: AuthorizationToken): Promise<RevokeResult> {
    const reply = await this.#run('revoke', this.#scripts.revoke, id, [encodeScope(scope), token]);
    switch (reply) {
      case 'session_not_found':
      case 'revoked_before':
      case 'token_not_found':
        return { outcome: reply };
      default: {
        const [user, index, snapshot] = asList(reply);
        const { session, seats } = decodeSnapshot(id, snapshot);
        const removed = { userId: asUserId(user), index: asIndexOrNull(index), host: session.host };
        return { outcome: 'revoked', removed, session, seats };
      }
    }
  }

  async kick({ sessionId, scope, selector, ban, isOwnWish = false }: KickRequest): Promise<KickResult> {
    const { by } = selector;
    const name = by === 'index' ? selector.index : by === 'token' ? selector.token : selector.userId;
    const args = [encodeScope(scope), by, name, ban ? '1' : '0', isOwnWish ? 'left' : 'kicked'];
    const reply = await this.#run('kick', this.#scripts.kick, sessionId, args);
    if (reply === 'session_not_found' || reply === 'no_match') return { outcome: reply };
    const [user, index, host, term] = asList(reply);
    const removed = { userId: asUserId(user), index: asIndexOrNull(index), host: asHost(host, term) };
    return { outcome: 'kicked', removed };
  }

  async mint(id: SessionId, scope: ProjectScope, userId: UserId): Promise<MintResult> {
    const reply = await this.#run('mint', this.#scripts.mint, id, [encodeScope(scope), userId]);
    if (reply === 'session_not_found' || reply === 'banned') return { outcome: reply };
    const [generation, expires] = asList(reply);
    return { outcome: 'mintable', generation: asInteger(generation), expiresAtMs: asInteger(expires) };
  }

  async join(request: JoinRequest): Promise<JoinResult> {
    return decodeJoin(await this.#run('join', this.#scripts.join, request.sessionId, encodeJoin(request)));
  }

  async away({ sessionId, nodeId, homeEpoch, index, connection }: SeatHold): Promise<boolean> {
    const args = [nodeId, homeEpoch, index, connection];
    return asInteger(await this.#run('away', this.#scripts.away, sessionId, args)) === 1;
  }

  async leave(hold: SeatHold, reason: LeaveReason): Promise<LeaveResult> {
    const { sessionId, nodeId, homeEpoch, index, connection } = hold;
    const args = [nodeId, homeEpoch, index, connection, reason];
    const reply = await this.#run('leave', this.#scripts.leave, sessionId, args);
    if (reply === null) return { outcome: 'outdated' };
    const [host, term] = asList(reply);
    return { outcome: 'left', host: asHost(host, term) };
  }

  async handOverHost(id: SessionId, home: HomeHold, from: Host, to: MemberIndex): Promise<Host | null> {
    if (from.index === null) return null;
    const args = [home.nodeId, home.homeEpoch, from.index, from.term, to];
    const reply = await this.#run('hand_over_host', this.#scripts.handOverHost, id, args);
    if (reply === null) return null;
    const [host, term] = asList(reply);
    return asHost(host, term);
  }

  async claimHome(id: SessionId, from: HomeNow, to: NodeId): Promise<SessionWithSeats | null> {
    const args = [from.homeNodeId ?? '', from.homeEpoch, to];
    const reply = await this.#run('claim_home', this.#scripts.claimHome, id, args);
    return reply === null ? null : decodeSnapshot(id, reply);
  }

  async check(home: NodeId, claims: readonly HomeClaim[]): Promise<readonly HomeState[]> {
    // The link sends all calls of one turn in one write.
    return Promise.all(claims.map((claim) => this.#check(home, claim)));
  }

  async #check(home: NodeId, { sessionId, homeEpoch, revision, members }: HomeClaim): Promise<HomeState> {
    const [fields = '', , , indexes = ''] = this.#keys.session(sessionId);
    const args = [home, homeEpoch, revision ?? '', members];
    const verdict = decodeVerdict(await this.#link.run('relay.check', this.#scripts.check, [fields, indexes], args));
    if (verdict.state !== 'changed') return verdict;
    const reply = await this.#run('check', this.#scripts.inspect, sessionId, []);
    return decodeInspection(sessionId, reply);
  }

  async restore(lost: Restoration): Promise<boolean> {
    const { id, projectId } = lost.session;
    if (asInteger(await this.#run('restore', this.#scripts.restore, id, encodeRestoration(lost))) === 0) return false;
    await this.#index.add(id, projectId, lost.leftMs);
    return true;
  }

  async sweepExpired(limit: number): Promise<readonly SessionId[]> {
    for (;;) {
      const due = await this.#index.claimDue(limit);
      const over = await Promise.all(due.map((session) => this.#isOver(session)));
      const swept = await this.#index.remove(due.filter((_session, n) => over[n]));
      // Sessions that live longer than their hints say may fill a whole claim, with expired ones behind them.
      if (swept.length > 0 || due.length < limit) return swept.map(({ id }) => id);
    }
  }

  /** Removes the session if it has expired; puts its hint back if it has not. */
  async #isOver(due: DueSession): Promise<boolean> {
    const expires = await this.#runWithLog('sweep', this.#scripts.expire, due.id, [OVER_KEPT_MS]);
    if (expires !== null) await this.#index.putBack(due, asInteger(expires));
    return expires === null;
  }

  #run(operation: string, script: Script, id: SessionId, args: readonly Argument[]): Promise<unknown> {
    const keys = this.#keys.session(id);
    const all = script.effect === 'read' ? keys : [...keys, ...this.#keys.sessionEvents(id)];
    return this.#link.run(`relay.${operation}`, script, all, args);
  }

  /** For scripts that act on all that a session has. */
  #runWithLog(operation: string, script: Script, id: SessionId, args: readonly Argument[]): Promise<unknown> {
    const all = [...this.#keys.session(id), this.#keys.sessionLog(id), ...this.#keys.sessionEvents(id)];
    return this.#link.run(`relay.${operation}`, script, all, args);
  }
}

/** Project ids are never empty. */
function encodeScope(scope: ProjectScope): string {
  return scope === 'all' ? '' : scope;
}

function refuseClash(reply: unknown): void {
  if (reply === 'taken') throw new Failure('internal', { cause: new Error('session id is taken') });
  if (reply === 'reused') {
    throw new Failure('internal', { cause: new Error('a user id or token is used twice in one session') });
  }
}
