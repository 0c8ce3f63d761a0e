/**
 * Clients and the user sessions on them; login sessions are user sessions with a secret. Every method is one atomic
 * transition (on Redis: one round trip per record it names), in the store's own time. Rejects with
 * `Failure('store_unavailable')` when the store does not answer.
 *
 * A session whose time is up counts as expired (or abandoned, when that came first) for every method from that moment,
 * swept or not.
 */
import type { ClientId, OrganizationId, UserId, UserSessionId } from '../protocol/ids.js';

export const USER_SESSION_STATUSES = [
  'active',
  'pending',
  'ended',
  'removed',
  'expired',
  'abandoned',
  'replaced',
  'revoked',
] as const;
export type UserSessionStatus = (typeof USER_SESSION_STATUSES)[number];

/** How a caller ends a session; `expired` and `abandoned` come of time alone. */
export type FinishStatus = Extract<UserSessionStatus, 'ended' | 'removed' | 'replaced' | 'revoked'>;

export interface UserSession {
  readonly id: UserSessionId;
  readonly userId: UserId;
  /** null for login sessions and those a backend opened without a client. */
  readonly clientId: ClientId | null;
  readonly kind: 'client' | 'login';
  readonly status: UserSessionStatus;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly lastActiveAtMs: number;
  /** The end of its life, whatever happens. */
  readonly expireAtMs: number;
  /** The end of its life without activity; each touch moves it. */
  readonly abandonAtMs: number;
  /** The active organization, of a login session the effective one. */
  readonly organizationId: OrganizationId | null;
  /** Whom the session acts as; the user itself unless a login session assumed another. */
  readonly effectiveUserId: UserId;
  /** Who acts through this session when it is not its user (impersonation by a backend); the `act` claim. */
  readonly actorId: UserId | null;
  /** SHA-256 of a login session's secret, base64url; null without one. */
  readonly secretHash: string | null;
  /** Canonical; null when unknown. */
  readonly address: string | null;
}

export interface NewUserSession extends Omit<
  UserSession,
  'status' | 'createdAtMs' | 'updatedAtMs' | 'lastActiveAtMs' | 'expireAtMs' | 'abandonAtMs'
> {
  readonly lifetimeMs: number;
  readonly inactivityMs: number;
}

export interface SessionLimit {
  /** Sessions of one user that are active at once; 0: no limit. */
  readonly max: number;
  /** `replace_old`: the one that was active least lately goes, as `replaced`. */
  readonly whenFull: 'reject_new' | 'replace_old';
}

export type OpenResult =
  | { readonly outcome: 'opened'; readonly session: UserSession; readonly replaced: readonly UserSession[] }
  | { readonly outcome: 'too_many_sessions' };

export interface SessionChange {
  /** Slides `lastActiveAtMs` to now and `abandonAtMs` to this much later. */
  readonly touch?: { readonly inactivityMs: number };
  readonly organizationId?: OrganizationId | null;
  readonly effectiveUserId?: UserId;
}

export type ChangeResult =
  | { readonly outcome: 'changed'; readonly session: UserSession }
  /** It is not active (any more), and stays as it was. */
  | { readonly outcome: 'not_active'; readonly session: UserSession }
  | { readonly outcome: 'not_found' };

export interface Client {
  readonly id: ClientId;
  /** Outdates the client's older tokens: it rises with each sign-in. */
  readonly rotation: number;
  readonly lastActiveSessionId: UserSessionId | null;
  readonly lastStrategy: string | null;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  /** When the client and its cookie end. */
  readonly expireAtMs: number;
}

export interface ClientWithSessions {
  readonly client: Client;
  /** Oldest first, with their true statuses; removed ones are left out. */
  readonly sessions: readonly UserSession[];
}

export interface SessionQuery {
  readonly userId?: UserId | undefined;
  readonly status?: UserSessionStatus | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

export interface UserSessionStore {
  /**
   * Opens a session, exactly within the limit whatever runs at once. With a client the session is listed by it and
   * becomes its active one; a client that is not there lists nothing. Its rotation stays: `changeClient` raises it.
   */
  open(session: NewUserSession, limit: SessionLimit): Promise<OpenResult>;
  /** Sessions that are over are kept for 24 h from their end, so that they can be told from unknown ones. */
  get(id: UserSessionId): Promise<UserSession | null>;
  change(id: UserSessionId, change: SessionChange): Promise<ChangeResult>;
  /**
   * Ends an active session: `changed`, to exactly one caller. `removed` is also given to one that is over already,
   * and answers `not_active` then.
   */
  finish(id: UserSessionId, status: FinishStatus): Promise<ChangeResult>;
  /** Ends all active sessions of a user, or those of one kind, but `kept`, all at one moment; names those it ended. */
  finishAllOf(
    userId: UserId,
    status: FinishStatus,
    kind: UserSession['kind'] | 'any',
    kept?: UserSessionId | null,
  ): Promise<readonly UserSession[]>;
  /** Newest first. A page may be short, or empty, though more follows: `nextCursor` is what tells. */
  list(query: SessionQuery): Promise<{ readonly sessions: readonly UserSession[]; readonly nextCursor: string | null }>;

  /** It is gone when its time is up, and before that 24 h after the last session that it lists was forgotten. */
  createClient(id: ClientId, lifetimeMs: number): Promise<Client>;
  client(id: ClientId): Promise<ClientWithSessions | null>;
  /** Absent members stay. null when there is no such client, or when it has another rotation than was asked for. */
  changeClient(
    id: ClientId,
    change: {
      readonly lastActiveSessionId?: UserSessionId | null;
      readonly lastStrategy?: string;
      /** Raises the rotation; a number: only from that one, which one of many callers at once does. */
      readonly rotate?: true | number;
    },
  ): Promise<Client | null>;

  /**
   * Sets up to `limit` sessions whose time is up to `expired` or `abandoned` and names them; each is named to one
   * caller only, and those removed since among them. To be called at least every second.
   */
  sweepDue(limit: number): Promise<readonly UserSession[]>;
}
