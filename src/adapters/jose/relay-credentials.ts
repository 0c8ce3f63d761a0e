/** Relay credentials: JWTs signed with Ed25519. Every node derives the key from the server secret. */
import { randomUUID } from 'node:crypto';
import { jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';
import { parseSessionId, parseUserId, parseUserSessionId } from '../../protocol/ids.js';
import type { Clock } from '../../ports/clock.js';
import { RELAY_CREDENTIAL_ALGORITHM, type RelayClaims, type RelayCredentials } from '../../ports/relay-credentials.js';
import { headerOf } from './compact.js';
import { deriveEd25519 } from './ed25519.js';

const ISSUER = 'sallyport';
const AUDIENCE = 'sallyport.relay';
const TYPE = 'sallyport-relay+jwt';

const claimsSchema = z.object({
  sub: z.string(),
  ses: z.string(),
  gen: z.int().min(0),
  host: z.boolean(),
  sid: z.string().optional(),
  grp: z.literal(true).optional(),
  exp: z.number(),
  jti: z.string(),
});

interface Verified {
  readonly claims: RelayClaims;
  readonly isForGroup: boolean;
}

export function createRelayCredentials(secret: string, clock: Clock): RelayCredentials {
  const { privateKey, publicKey } = deriveEd25519(secret, 'relay-credentials/ed25519/1');

  async function sign(claims: RelayClaims, ttlS: number, own: { readonly grp?: true }) {
    const issuedS = Math.floor(clock.nowMs() / 1000);
    const { sessionId, generation, asHost, userSessionId } = claims;
    const binding = userSessionId === null ? {} : { sid: userSessionId };
    const token = await new SignJWT({ ses: sessionId, gen: generation, host: asHost, ...binding, ...own })
      .setProtectedHeader({ alg: RELAY_CREDENTIAL_ALGORITHM, typ: TYPE })
      .setIssuer(ISSUER)
      .setAudience(AUDIENCE)
      .setSubject(claims.userId)
      .setIssuedAt(issuedS)
      .setExpirationTime(issuedS + ttlS)
      .setJti(randomUUID())
      .sign(privateKey);
    return { token, expiresAtMs: (issuedS + ttlS) * 1000 };
  }

  async function verify(token: string): Promise<Verified | null> {
    if (headerOf(token) === null) return null;
    try {
      const { payload } = await jwtVerify(token, publicKey, {
        algorithms: [RELAY_CREDENTIAL_ALGORITHM],
        issuer: ISSUER,
        audience: AUDIENCE,
        typ: TYPE,
        currentDate: new Date(clock.nowMs()),
      });
      return parseClaims(payload);
    } catch {
      // All failures look the same: the caller must not learn which check failed.
      return null;
    }
  }

  return {
    sign: (claims, ttlS) => sign(claims, ttlS, {}),
    signForGroup: (claims, ttlS) => sign(claims, ttlS, { grp: true }),
    verify: async (token) => (await verify(token))?.claims ?? null,
    async verifyForGroup(token) {
      const verified = await verify(token);
      return verified?.isForGroup === true ? verified.claims : null;
    },
  };
}

function parseClaims(payload: unknown): Verified | null {
  const parsed = claimsSchema.safeParse(payload);
  if (!parsed.success) return null;
  const sessionId = parseSessionId(parsed.data.ses);
  const userId = parseUserId(parsed.data.sub);
  const userSessionId = parsed.data.sid === undefined ? null : parseUserSessionId(parsed.data.sid);
  const isUnbound = parsed.data.sid === undefined;
  if (sessionId === null || userId === null || (userSessionId === null && !isUnbound)) return null;
  const { gen: generation, host: asHost, grp } = parsed.data;
  return { claims: { sessionId, userId, generation, asHost, userSessionId }, isForGroup: grp === true };
}
