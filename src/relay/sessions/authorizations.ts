/**
 * Decides who may be in a relay session: authorize, revoke, kick, mint. The store changes first, which makes the
 * credential invalid everywhere; the sockets follow.
 */
import { elapsedMs } from '../../lib/stopwatch.js';
import { Failure } from '../../protocol/failure.js';
import type { AuthorizationToken, SessionId, UserId, UserSessionId } from '../../protocol/ids.js';
import type { Clock } from '../../ports/clock.js';
import type { Crypto } from '../../ports/crypto.js';
import type { Enforcer, Removal, RemovalReason } from '../../ports/enforcer.js';
import type { RelayCredentials } from '../../ports/relay-credentials.js';
import type { KickRequest, NewSeat, Seat, SessionWithSeats, UserSelector } from '../../ports/relay-seat.js';
import type { ProjectScope, RelaySession } from '../../ports/relay-session.js';
import type { RelayStore } from '../../ports/relay-store.js';
import type { EnforcementReport } from './relay-sessions.js';
import { newAuthorizationToken } from './relay-tokens.js';

export interface MintRequest {
  readonly userId: UserId;
  /** Take the host role when the user joins. */
  readonly asHost: boolean;
  /** Never longer than the session lives. */
  readonly ttlS: number;
  /** An active user session of this user that the credential lives and dies with; null: none. */
  readonly userSessionId: UserSessionId | null;
}

/** The rest of the session; null when the last user went or the token was already revoked. */
export interface Revocation {
  readonly left: SessionWithSeats | null;
  readonly report: EnforcementReport;
}

export interface AuthorizationsDeps {
  readonly store: RelayStore;
  readonly enforcer: Enforcer;
  readonly credentials: RelayCredentials;
  readonly crypto: Crypto;
  readonly clock: Clock;
}

/** Even in a session of 65,534 users, one draw in 65,000 is taken. */
const MAX_DRAWS = 8;

const NOTHING_REACHED = { matched: 0, closed: 0, nodesAcked: 1, nodesTimedOut: 0 } as const;

export class Authorizations {
  constructor(private readonly deps: AuthorizationsDeps) {}

  /**
   * Draws another token when the session knows the seat's. Rejects with `session_not_found`, `address_already_authorized`
   * or `session_full`.
   */
  async authorize(
    scope: ProjectScope,
    id: SessionId,
    seat: NewSeat,
  ): Promise<{ readonly session: RelaySession; readonly seat: Seat }> {
    const { store, crypto } = this.deps;
    let token = seat.token;
    for (let draw = 1; draw <= MAX_DRAWS; draw += 1) {
      const result = await store.authorize(id, scope, { ...seat, token });
      if (result.outcome === 'authorized') return result;
      if (result.outcome !== 'token_taken') throw new Failure(result.outcome);
      token = newAuthorizationToken(crypto);
    }
    throw new Failure('internal', { cause: new Error(`${MAX_DRAWS} tokens in a row were taken`) });
  }

  /** Rejects with `session_not_found` or `token_not_found`. */
  async revoke(scope: ProjectScope, id: SessionId, token: AuthorizationToken): Promise<Revocation> {
    const { store, enforcer, clock } = this.deps;
    const startedMs = clock.monotonicMs();
    const result = await this.withLocalEffect(id, { by: 'token', token }, 'revoked', () =>
      store.revoke(id, scope, token),
    );
    switch (result.outcome) {
      case 'revoked': {
        const reach = await enforcer.remove(id, result.removed, { reason: 'revoked', detail: null });
        const report = { matched: 1, ...reach, tookMs: elapsedMs(startedMs, clock.monotonicMs()) };
        const isLast = result.seats.every((seat) => seat.token === null);
        return { left: isLast ? null : { session: result.session, seats: result.seats }, report };
      }
      case 'revoked_before':
        return { left: null, report: { ...NOTHING_REACHED, tookMs: elapsedMs(startedMs, clock.monotonicMs()) } };
      case 'session_not_found':
      case 'token_not_found':
        throw new Failure(result.outcome);
    }
  }

  /**
   * Kicking a user who is not there is no error: the report says `matched: 0`. The members, the kicked one included,
   * hear `detail`; null: no detail. Rejects with `session_not_found`.
   */
  kick(request: KickRequest, detail: string | null = null): Promise<EnforcementReport> {
    return this.remove(request, { reason: 'kicked', detail });
  }

  /** Removes a user who asked for it: their socket closes with `left`. Rejects with `session_not_found`. */
  withdraw(sessionId: SessionId, userId: UserId): Promise<EnforcementReport> {
    return this.remove(
      { sessionId, scope: 'all', selector: { by: 'user_id', userId }, ban: false, isOwnWish: true },
      { reason: 'left', detail: null },
    );
  }

  /**
   * Mints a relay credential for a user, who gets a seat only when they join with it. Rejects with `session_not_found`
   * or `banned`.
   */
  async mint(
    scope: ProjectScope,
    id: SessionId,
    request: MintRequest,
  ): Promise<{ readonly token: string; readonly expiresAtMs: number }> {
    const { store, credentials, clock } = this.deps;
    const result = await store.mint(id, scope, request.userId);
    if (result.outcome !== 'mintable') throw new Failure(result.outcome);
    const sessionLeftS = Math.max(1, Math.ceil((result.expiresAtMs - clock.nowMs()) / 1000));
    const { userId, asHost, userSessionId } = request;
    return credentials.sign(
      { sessionId: id, userId, generation: result.generation, asHost, userSessionId },
      Math.min(request.ttlS, sessionLeftS),
    );
  }

  private async remove(request: KickRequest, why: Removal): Promise<EnforcementReport> {
    const { store, enforcer, clock } = this.deps;
    const startedMs = clock.monotonicMs();
    const result = await this.withLocalEffect(request.sessionId, request.selector, why.reason, () =>
      store.kick(request),
    );
    switch (result.outcome) {
      case 'kicked': {
        const reach = await enforcer.remove(request.sessionId, result.removed, why);
        return { matched: 1, ...reach, tookMs: elapsedMs(startedMs, clock.monotonicMs()) };
      }
      case 'no_match': {
        const reach = await enforcer.removeForgotten(request.sessionId, request.selector, why.detail);
        return { matched: 0, ...reach, tookMs: elapsedMs(startedMs, clock.monotonicMs()) };
      }
      case 'session_not_found':
        throw new Failure('session_not_found');
    }
  }

  /**
   * While the store is unavailable, closes the sockets of this node at once. The caller gets `store_unavailable` with
   * what was done and tries again, because the credential is still valid.
   */
  private async withLocalEffect<T>(
    id: SessionId,
    selector: UserSelector,
    reason: RemovalReason,
    decide: () => Promise<T>,
  ): Promise<T> {
    try {
      return await decide();
    } catch (error) {
      if (!Failure.is(error, 'store_unavailable')) throw error;
      const closed = this.deps.enforcer.removeUnconfirmed(id, selector, reason);
      const fate = error.code === 'outcome_unknown' ? 'may live on' : 'was not revoked';
      throw new Failure(error.code, {
        message: `The state store does not answer: sockets on this node were closed, the credential ${fate}.`,
        details: { closed },
        retryAfterS: error.retryAfterS ?? 1,
        cause: error,
      });
    }
  }
}
