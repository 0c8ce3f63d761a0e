import type { SessionId, UserId, UserSessionId } from '../protocol/ids.js';

/** What a relay credential says once its signature and times hold. */
export interface RelayClaims {
  readonly sessionId: SessionId;
  readonly userId: UserId;
  readonly generation: number;
  readonly asHost: boolean;
  /** The user session that the credential, and what it opens, lives and dies with; null: none. */
  readonly userSessionId: UserSessionId | null;
}

/** The `alg` in the header of every relay credential: no other token of ours has it. */
export const RELAY_CREDENTIAL_ALGORITHM = 'EdDSA';

/** Signs and verifies relay credentials (JWTs of ours). */
export interface RelayCredentials {
  /** Lives `ttlS` seconds from now. */
  sign(claims: RelayClaims, ttlS: number): Promise<{ readonly token: string; readonly expiresAtMs: number }>;
  /** As `sign`, for a wallet that was taken into a group session: it is the bearer of the group calls as well. */
  signForGroup(claims: RelayClaims, ttlS: number): Promise<{ readonly token: string; readonly expiresAtMs: number }>;
  /** null for anything that is not exactly one of ours, unexpired; it never says why. Never rejects. */
  verify(token: string): Promise<RelayClaims | null>;
  /** As `verify`, and null for what `signForGroup` has not made. */
  verifyForGroup(token: string): Promise<RelayClaims | null>;
}
