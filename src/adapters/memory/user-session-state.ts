/** One user session as this process keeps it, and how it ends. */
import type { NewUserSession, SessionChange, UserSession, UserSessionStatus } from '../../ports/user-session-store.js';

/** How long a session that is over can still be read. */
const KEPT_MS = 24 * 3_600_000;

export interface UserSessionState {
  /** Replaced whole at each change, and frozen: it is what callers are given. */
  session: UserSession;
  /** null while it is active. */
  endedAtMs: number | null;
  /** Whether a caller was told of its end. */
  named: boolean;
  /** Rises with each session opened: the order of listings. */
  readonly position: number;
}

export function openState(opened: NewUserSession, position: number, nowMs: number): UserSessionState {
  const { lifetimeMs, inactivityMs, ...given } = opened;
  const session = {
    status: 'active',
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
    lastActiveAtMs: nowMs,
    expireAtMs: nowMs + lifetimeMs,
    abandonAtMs: nowMs + inactivityMs,
    ...given,
  } as const;
  return { session: Object.freeze(session), endedAtMs: null, named: false, position };
}

export function isActive({ session }: UserSessionState): boolean {
  return session.status === 'active';
}

/** When its time is up unless it is touched. */
export function dueOf({ session }: UserSessionState): number {
  return Math.min(session.expireAtMs, session.abandonAtMs);
}

/** Makes a session whose time is up what it is; called before anything reads it. */
export function settle(state: UserSessionState, nowMs: number): void {
  const { status, expireAtMs, abandonAtMs } = state.session;
  const dueMs = dueOf(state);
  if (status === 'active' && dueMs <= nowMs) end(state, expireAtMs <= abandonAtMs ? 'expired' : 'abandoned', dueMs);
}

export function end(state: UserSessionState, status: UserSessionStatus, atMs: number): void {
  state.session = Object.freeze({ ...state.session, status, updatedAtMs: atMs });
  state.endedAtMs = atMs;
}

export function applyChange(state: UserSessionState, change: SessionChange, nowMs: number): void {
  const { touch, organizationId, effectiveUserId } = change;
  const { session } = state;
  state.session = Object.freeze({
    ...session,
    updatedAtMs: nowMs,
    lastActiveAtMs: touch === undefined ? session.lastActiveAtMs : nowMs,
    abandonAtMs: touch === undefined ? session.abandonAtMs : nowMs + touch.inactivityMs,
    organizationId: organizationId === undefined ? session.organizationId : organizationId,
    effectiveUserId: effectiveUserId ?? session.effectiveUserId,
  });
}

/** null while it is active. */
export function forgottenAt({ endedAtMs }: UserSessionState): number | null {
  return endedAtMs === null ? null : endedAtMs + KEPT_MS;
}
