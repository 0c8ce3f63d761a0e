import type { SessionId, UserId } from '../protocol/ids.js';

/** What a relay credential says once its signature and times hold. */
export interface RelayClaims {
  readonly sessionId: SessionId;
  readonly userId: UserId;
  readonly generation: number;
  readonly asHost: boolean;
}

/** Signs and verifies relay credentials (JWTs of ours). */
export interface RelayCredentials {
  /** Lives `ttlS` seconds from now. */
  sign(claims: RelayClaims, ttlS: number): Promise<{ readonly token: string; readonly expiresAtMs: number }>;
  /** null for anything that is not exactly one of ours, unexpired; it never says why. Never rejects. */
  verify(token: string): Promise<RelayClaims | null>;
}
