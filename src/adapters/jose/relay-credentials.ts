/** Relay credentials as JWTs signed with Ed25519, by a key that every node derives from the server's secret. */
import { randomUUID } from 'node:crypto';
import { jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';
import { parseSessionId, parseUserId } from '../../protocol/ids.js';
import type { Clock } from '../../ports/clock.js';
import type { RelayClaims, RelayCredentials } from '../../ports/relay-credentials.js';
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
  exp: z.number(),
  jti: z.string(),
});

export function createRelayCredentials(secret: string, clock: Clock): RelayCredentials {
  const { privateKey, publicKey } = deriveEd25519(secret, 'relay-credentials/ed25519/1');
  return {
    async sign(claims, ttlS) {
      const issuedS = Math.floor(clock.nowMs() / 1000);
      const token = await new SignJWT({ ses: claims.sessionId, gen: claims.generation, host: claims.asHost })
        .setProtectedHeader({ alg: 'EdDSA', typ: TYPE })
        .setIssuer(ISSUER)
        .setAudience(AUDIENCE)
        .setSubject(claims.userId)
        .setIssuedAt(issuedS)
        .setExpirationTime(issuedS + ttlS)
        .setJti(randomUUID())
        .sign(privateKey);
      return { token, expiresAtMs: (issuedS + ttlS) * 1000 };
    },

    async verify(token) {
      if (headerOf(token) === null) return null;
      try {
        const { payload } = await jwtVerify(token, publicKey, {
          algorithms: ['EdDSA'],
          issuer: ISSUER,
          audience: AUDIENCE,
          typ: TYPE,
          currentDate: new Date(clock.nowMs()),
        });
        return parseClaims(payload);
      } catch {
        // Every way of being wrong is the same refusal: the caller must not learn which check failed.
        return null;
      }
    },
  };
}

function parseClaims(payload: unknown): RelayClaims | null {
  const parsed = claimsSchema.safeParse(payload);
  if (!parsed.success) return null;
  const sessionId = parseSessionId(parsed.data.ses);
  const userId = parseUserId(parsed.data.sub);
  if (sessionId === null || userId === null) return null;
  return { sessionId, userId, generation: parsed.data.gen, asHost: parsed.data.host };
}
