/**
 * Devices and the user sessions on them. A login session is a user session with a secret. Every method is one atomic
 * transition (on Redis: one round trip per named record), in the store's own time. Rejects with
 * `Failure('store_unavailable')` when the store does not answer.
 *
 * From the moment its time is up, every method treats a session as expired (or as abandoned, if that came first), swept
 * or not.
 */
import type { DeviceId, OrganizationId, UserId, UserSessionId } from '../protocol/ids.js';

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

/** The ways a caller can end a session. Only time causes `expired` and `abandoned`. */
export type FinishStatus = Extract<UserSessionStatus, 'ended' | 'removed' | 'replaced' | 'revoked'>;

export interface UserSession {
  readonly id: UserSessionId;
  readonly userId: UserId;
  /** null for login sessions and for sessions that a backend opened without a device. */
  readonly deviceId: DeviceId | null;
  readonly kind: 'client' | 'login';
  readonly status: UserSessionStatus;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly lastActiveAtMs: number;
  /** The session ends at this time at the latest. */
  readonly expireAtMs: number;
  /** The session ends at this time unless it is touched; each touch moves it. */
  readonly abandonAtMs: number;
  /** The active organization; for a login session, the effective one. */
  readonly organizationId: OrganizationId | null;
  /** The user that the session acts as: its own user, unless a login session assumed another identity. */
  readonly effectiveUserId: UserId;
  /** The actor, when another user acts through this session (impersonation by a backend); the `act` claim. */
  readonly actorId: UserId | null;
  /** SHA-256 of a login session's secret, base64url; null for other sessions. */
  readonly secretHash: string | null;
  /** Canonical form; null when unknown. */
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
  /** Most active sessions per user; 0: no limit. */
  readonly max: number;
  /** `replace_old` ends the session with the oldest activity, with status `replaced`. */
  readonly whenFull: 'reject_new' | 'replace_old';
}

export type OpenResult =
  | { readonly outcome: 'opened'; readonly session: UserSession; readonly replaced: readonly UserSession[] }
  | { readonly outcome: 'too_many_sessions' };

export interface SessionChange {
  /** Sets `lastActiveAtMs` to now and `abandonAtMs` to now plus `inactivityMs`. */
  readonly touch?: { readonly inactivityMs: number };
  readonly organizationId?: OrganizationId | null;
  readonly effectiveUserId?: UserId;
}

export type ChangeResult =
  | { readonly outcome: 'changed'; readonly session: UserSession }
  /** The session is not active; nothing changed. */
  | { readonly outcome: 'not_active'; readonly session: UserSession }
  | { readonly outcome: 'not_found' };

export interface Device {
  readonly id: DeviceId;
  /** Rises with each sign-in and so invalidates the device's older tokens. */
  readonly rotation: number;
  readonly lastActiveSessionId: UserSessionId | null;
  readonly lastStrategy: string | null;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  /** When the device and its cookie expire. */
  readonly expireAtMs: number;
}

export interface DeviceWithSessions {
  readonly device: Device;
  /** Oldest first, with current statuses; without removed sessions. */
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
   * Opens a session. The limit holds exactly, whatever runs concurrently. When the device exists, it lists the session
   * and makes it the active one. The device's rotation does not change here: `changeDevice` raises it.
   */
  open(session: NewUserSession, limit: SessionLimit): Promise<OpenResult>;
  /** Ended sessions are kept for 24 h after their end, so callers can tell them from unknown ones. */
  get(id: UserSessionId): Promise<UserSession | null>;
  change(id: UserSessionId, change: SessionChange): Promise<ChangeResult>;
  /**
   * Ends an active session: exactly one caller gets `changed`. `removed` also changes the status of a session that is
   * already over; the answer is then `not_active`.
   */
  finish(id: UserSessionId, status: FinishStatus): Promise<ChangeResult>;
  /**
   * Ends all active sessions of a user (of one kind or any), except `kept`, in one step. Returns the sessions that it
   * ended.
   */
  finishAllOf(
    userId: UserId,
    status: FinishStatus,
    kind: UserSession['kind'] | 'any',
    kept?: UserSessionId | null,
  ): Promise<readonly UserSession[]>;
  /**
   * The active sessions of other users that this user acts through (`actorId`). May also name some that are over, and
   * includes each session from before its `open` resolves.
   */
  actedBy(actorId: UserId): Promise<readonly UserSessionId[]>;
  /** Newest first. A page may be short or empty although more follow: only `nextCursor` tells. */
  list(query: SessionQuery): Promise<{ readonly sessions: readonly UserSession[]; readonly nextCursor: string | null }>;

  /** The device is removed when its lifetime ends, or earlier: 24 h after its last listed session was removed. */
  createDevice(id: DeviceId, lifetimeMs: number): Promise<Device>;
  device(id: DeviceId): Promise<DeviceWithSessions | null>;
  /**
   * Absent fields stay unchanged. null when the device does not exist, or has another rotation than `rotate` expects.
   */
  changeDevice(
    id: DeviceId,
    change: {
      readonly lastActiveSessionId?: UserSessionId | null;
      readonly lastStrategy?: string;
      /**
       * true: raises the rotation. A number: raises it only from that value, so one of several concurrent callers
       * succeeds.
       */
      readonly rotate?: true | number;
    },
  ): Promise<Device | null>;

  /**
   * Marks up to `limit` due sessions as `expired` or `abandoned` and returns them; each goes to one caller only.
   * Includes due sessions that were removed since. Returns none only when nothing is due. Call it at least every second.
   */
  sweepDue(limit: number): Promise<readonly UserSession[]>;
}
