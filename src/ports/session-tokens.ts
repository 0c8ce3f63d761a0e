/** Session tokens (RS256 JWTs, signed with a rotating key) and client tokens (in cookies). */
import type { DeviceId, UserId, UserSessionId } from '../protocol/ids.js';
import type { Json } from '../lib/json.js';

export interface SessionTokenClaims {
  readonly userId: UserId;
  readonly sessionId: UserSessionId;
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
}

export interface DeviceTokenClaims {
  readonly deviceId: DeviceId;
  /** The token is valid only while this equals `Device.rotation`. */
  readonly rotation: number;
}

/** The `alg` in the header of every session token. */
export const SESSION_TOKEN_ALGORITHM = 'RS256';

export interface SessionTokens {
  /**
   * Signs the given claims and adds `iss`, `iat`, `nbf`, `exp` and `jti`. `lifetimeS` counts from now; `nbf` lies
   * `clockSkewS` before now. Rejects with `store_unavailable` while the keys cannot be read.
   */
  sign(claims: Readonly<Record<string, Json>>, lifetimeS: number, clockSkewS: number): Promise<string>;
  /**
   * The claims of a valid session token (a token of ours with a `sid`); null otherwise, without a reason. Rejects with
   * `store_unavailable` when the keys were never read and cannot be read now, so a valid token is not refused.
   */
  verify(token: string): Promise<SessionTokenClaims | null>;
  /** The published JSON Web Key Set: public halves of all keys whose tokens may still be valid. */
  jwks(): Promise<{ readonly keys: readonly Readonly<Record<string, Json>>[] }>;
}

/** The token in the `__client` cookie. It is signed, so forged tokens cause no store call. */
export interface DeviceTokens {
  sign(claims: DeviceTokenClaims, lifetimeMs: number): Promise<string>;
  /** null for an invalid token. Never rejects. */
  verify(token: string): Promise<DeviceTokenClaims | null>;
}
