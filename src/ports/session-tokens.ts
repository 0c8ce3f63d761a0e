/** Session tokens: RS256 JWTs with a key that rotates, and the client tokens of cookies. */
import type { ClientId, UserId, UserSessionId } from '../protocol/ids.js';
import type { Json } from '../protocol/server-control.js';

export interface SessionTokenClaims {
  readonly userId: UserId;
  readonly sessionId: UserSessionId;
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
}

export interface ClientTokenClaims {
  readonly clientId: ClientId;
  /** Counts only while it is the client's own (`Client.rotation`). */
  readonly rotation: number;
}

/** The `alg` in the header of every session token. */
export const SESSION_TOKEN_ALGORITHM = 'RS256';

export interface SessionTokens {
  /**
   * Signs the claims as they are, with `iss`, `iat`, `nbf`, `exp` and `jti` added. `lifetimeS` counts from now,
   * `clockSkewS` is what `nbf` lies before it. Rejects with `store_unavailable` while the keys cannot be read.
   */
  sign(claims: Readonly<Record<string, Json>>, lifetimeS: number, clockSkewS: number): Promise<string>;
  /**
   * A session token (one with a `sid`) of ours that has not ended; null for anything else, and never why. Rejects with
   * `store_unavailable` when the keys were never read and cannot be now: a good token is not refused for that.
   */
  verify(token: string): Promise<SessionTokenClaims | null>;
  /** The JSON Web Key Set as it is served: public halves of all keys whose tokens may still be around. */
  jwks(): Promise<{ readonly keys: readonly Readonly<Record<string, Json>>[] }>;
}

/** The token in the `__client` cookie: our own, signed so that a store is not asked for a made-up one. */
export interface ClientTokens {
  sign(claims: ClientTokenClaims, lifetimeMs: number): Promise<string>;
  /** null for anything else. Never rejects. */
  verify(token: string): Promise<ClientTokenClaims | null>;
}
