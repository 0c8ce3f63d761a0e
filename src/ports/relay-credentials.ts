import type { SessionId, UserId, UserSessionId } from '../protocol/ids.js';

/** The content of a relay credential after its signature and times have been verified. */
export interface RelayClaims {
  readonly sessionId: SessionId;
  readonly userId: UserId;
  readonly generation: number;
  readonly asHost: boolean;
  /** The user session that the credential and its member are bound to; null: none. */
  readonly userSessionId: UserSessionId | null;
}

/** The `alg` header of every relay credential. No other token of the gateway uses it. */
export const RELAY_CREDENTIAL_ALGORITHM = 'EdDSA';

/** Signs and verifies relay credentials: JWTs issued by the gateway. */
export interface RelayCredentials {
  /** The token expires `ttlS` seconds from now. */
  sign(claims: RelayClaims, ttlS: number): Promise<{ readonly token: string; readonly expiresAtMs: number }>;
  /** As `sign`, for a wallet that joined a group session. The token also authorizes the group calls. */
  signForGroup(claims: RelayClaims, ttlS: number): Promise<{ readonly token: string; readonly expiresAtMs: number }>;
  /** null unless the token is a valid, unexpired relay credential. Gives no reason. Never rejects. */
  verify(token: string): Promise<RelayClaims | null>;
  /** As `verify`, and null for tokens that `signForGroup` did not make. */
  verifyForGroup(token: string): Promise<RelayClaims | null>;
}
