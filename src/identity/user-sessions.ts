/**
 * User sessions: opened, touched, ended, removed, revoked, expired. The store decides first, then the sockets are told.
 * The surfaces (client, login, native) add their own shapes and rights.
 */
import { randomBase62 } from '../lib/base62.js';
import { Failure } from '../protocol/failure.js';
import {
  parseUserSessionId,
  type DeviceId,
  type OrganizationId,
  type UserId,
  type UserSessionId,
} from '../protocol/ids.js';
import type { Crypto } from '../ports/crypto.js';
import type { Reach } from '../ports/enforcer.js';
import type { Tallies } from '../ports/metrics.js';
import type { UserSessionEnforcer } from '../ports/user-session-enforcer.js';
import type {
  DeviceWithSessions,
  FinishStatus,
  SessionChange,
  SessionLimit,
  SessionQuery,
  UserSession,
  UserSessionStore,
} from '../ports/user-session-store.js';
import type { Organizations } from './organizations.js';

export interface UserSessionPolicy {
  /** At most 7 days, the lifetime of Clerk's sessions. */
  readonly lifetimeMs: number;
  readonly inactivityMs: number;
  readonly limit: SessionLimit;
}

/** Where a session that is over is counted. */
const TALLY_OF = {
  ended: 'userSessionsEnded',
  removed: 'userSessionsRemoved',
  replaced: 'userSessionsReplaced',
  revoked: 'userSessionsRevoked',
  expired: 'userSessionsExpired',
  abandoned: 'userSessionsAbandoned',
} as const;

type UserSessionTallies = Pick<Tallies, 'userSessionsCreated' | (typeof TALLY_OF)[keyof typeof TALLY_OF]>;

export interface UserSessionsDeps {
  readonly store: UserSessionStore;
  readonly enforcer: UserSessionEnforcer;
  readonly organizations: Pick<Organizations, 'activeOf'>;
  readonly crypto: Crypto;
  readonly policy: UserSessionPolicy;
  readonly tallies: UserSessionTallies;
}

export interface OpenRequest {
  readonly userId: UserId;
  readonly deviceId: DeviceId | null;
  readonly kind: UserSession['kind'];
  readonly organizationId?: OrganizationId | null;
  readonly effectiveUserId?: UserId;
  readonly actorId?: UserId | null;
  readonly secretHash?: string;
  readonly address?: string | null;
}

/** The sessions that ended, and the number of sockets and nodes reached. */
export interface FinishReport {
  readonly sessions: readonly UserSession[];
  readonly reach: Reach;
}

/** A sweep handles at most this many sessions and leaves the rest for the next one. */
const SWEEP_LIMIT = 500;
const ID_LETTERS = 27;
/** A user may act through thousands of sessions. */
const FINISHED_AT_ONCE = 100;

export class UserSessions {
  constructor(private readonly deps: UserSessionsDeps) {}

  /** The caller has already decided that the user may sign in. Rejects with `too_many_sessions`. */
  async open(request: OpenRequest): Promise<UserSession> {
    const { store, policy } = this.deps;
    const { userId, deviceId, kind, organizationId = null, effectiveUserId = userId } = request;
    const { actorId = null, secretHash = null, address = null } = request;
    const { lifetimeMs, inactivityMs, limit } = policy;
    const result = await store.open(
      {
        id: this.newId(),
        userId,
        deviceId,
        kind,
        organizationId,
        effectiveUserId,
        actorId,
        secretHash,
        address,
        lifetimeMs,
        inactivityMs,
      },
      limit,
    );
    if (result.outcome === 'too_many_sessions') throw new Failure('too_many_sessions');
    this.deps.tallies.userSessionsCreated += 1;
    await this.tellOver(result.replaced);
    return result.session;
  }

  /** The stored session, active or not; null when unknown. */
  get(id: UserSessionId): Promise<UserSession | null> {
    return this.deps.store.get(id);
  }

  /** Newest first. */
  list(query: SessionQuery): ReturnType<UserSessionStore['list']> {
    return this.deps.store.list(query);
  }

  /** null for an unknown or expired device. */
  device(id: DeviceId): Promise<DeviceWithSessions | null> {
    return this.deps.store.device(id);
  }

  /** Extends the session's activity and pushes `user_session.touched`. null when the session is not active. */
  async touch(id: UserSessionId, change: Omit<SessionChange, 'touch'> = {}): Promise<UserSession | null> {
    const { store, enforcer, policy } = this.deps;
    const result = await store.change(id, { ...change, touch: { inactivityMs: policy.inactivityMs } });
    if (result.outcome !== 'changed') return null;
    enforcer.touched(await this.shown(result.session));
    return result.session;
  }

  /** null when the session does not exist. */
  async finish(id: UserSessionId, status: FinishStatus): Promise<FinishReport | null> {
    const result = await this.deps.store.finish(id, status);
    if (result.outcome === 'not_found') return null;
    if (result.outcome === 'not_active') return { sessions: [], reach: NOBODY };
    return { sessions: [result.session], reach: await this.tellOver([result.session]) };
  }

  /**
   * Ends all active sessions of a user (of one kind or any), except `kept`, in one step, so that none can open in
   * between. Then ends, one by one, those of other users that this user acts through. A repeat finishes a call that
   * failed.
   */
  async finishAllOf(
    userId: UserId,
    status: FinishStatus,
    kind: UserSession['kind'] | 'any' = 'any',
    kept: UserSessionId | null = null,
  ): Promise<FinishReport> {
    const sessions = await this.deps.store.finishAllOf(userId, status, kind, kept);
    const own = { sessions, reach: await this.tellOver(sessions) };
    return kind === 'login' ? own : joined([own, ...(await this.finishActedBy(userId, status, kept))]);
  }

  private async finishActedBy(
    actorId: UserId,
    status: FinishStatus,
    kept: UserSessionId | null,
  ): Promise<readonly FinishReport[]> {
    const ids = (await this.deps.store.actedBy(actorId)).filter((id) => id !== kept);
    const reports: FinishReport[] = [];
    for (let at = 0; at < ids.length; at += FINISHED_AT_ONCE) {
      const some = await Promise.all(ids.slice(at, at + FINISHED_AT_ONCE).map((id) => this.finish(id, status)));
      reports.push(...some.filter((report) => report !== null));
    }
    return reports;
  }

  /** Ends sessions whose time is up; returns how many. Called about once a second. */
  async sweep(): Promise<number> {
    const due = await this.deps.store.sweepDue(SWEEP_LIMIT);
    await this.tellOver(due);
    return due.length;
  }

  private async tellOver(sessions: readonly UserSession[]): Promise<Reach> {
    for (const { status } of sessions) {
      if (status !== 'active' && status !== 'pending') this.deps.tallies[TALLY_OF[status]] += 1;
    }
    const reaches = await Promise.all(
      sessions.map(async (session) => this.deps.enforcer.over(await this.shown(session))),
    );
    return reaches.reduce(together, NOBODY);
  }

  /** The session as its sockets may see it: without an organization that is gone or that its user has left. */
  private async shown(session: UserSession): Promise<UserSession> {
    try {
      return { ...session, organizationId: await this.deps.organizations.activeOf(session) };
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      // The sockets must hear of the change. What nobody can check is not shown.
      return { ...session, organizationId: null };
    }
  }

  private newId(): UserSessionId {
    const id = parseUserSessionId(`sess_${randomBase62(this.deps.crypto, ID_LETTERS)}`);
    if (id === null) throw new Error('a random source without base62 letters');
    return id;
  }
}

const NOBODY: Reach = { closed: 0, nodesAcked: 1, nodesTimedOut: 0 };

function joined(reports: readonly FinishReport[]): FinishReport {
  return {
    sessions: reports.flatMap(({ sessions }) => sessions),
    reach: reports.map(({ reach }) => reach).reduce(together, NOBODY),
  };
}

/** Combines the reach for several sessions: socket counts add up, the nodes are the same. */
function together(a: Reach, b: Reach): Reach {
  return {
    closed: a.closed + b.closed,
    nodesAcked: Math.max(a.nodesAcked, b.nodesAcked),
    nodesTimedOut: Math.max(a.nodesTimedOut, b.nodesTimedOut),
  };
}
