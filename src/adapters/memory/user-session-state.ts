/** One user session in memory, and how it ends. */
import type { NewUserSession, SessionChange, UserSession, UserSessionStatus } from '../../ports/user-session-store.js';

/** How long an ended session can still be read. */
const KEPT_MS = 24 * 3_600_000;

export interface UserSessionState {
  /** Frozen, and replaced at each change, because callers get it. */
  session: UserSession;
  /** null while active. */
  endedAtMs: number | null;
  /** Whether a caller was told of the end. */
  named: boolean;
  /** Rises with each opened session; lists are ordered by it. */
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

/** When the session ends unless touched. */
export function dueOf({ session }: UserSessionState): number {
  return Math.min(session.expireAtMs, session.abandonAtMs);
}

/** Marks a due session as expired or abandoned. Call it before reading the state. */
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

/** null while active. */
export function forgottenAt({ endedAtMs }: UserSessionState): number | null {
  return endedAtMs === null ? null : endedAtMs + KEPT_MS;
}
