/**
 * Relay credentials as JWTs signed with Ed25519. The key is derived from the server's secret (HKDF-SHA-256), so every
 * node that has the secret signs and verifies alike, without a look-up.
 */
import { createPrivateKey, createPublicKey, hkdfSync, randomUUID, type KeyObject } from 'node:crypto';
import { jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';
import { parseSessionId, parseUserId } from '../../protocol/ids.js';
import type { Clock } from '../../ports/clock.js';
import type { RelayClaims, RelayCredentials } from '../../ports/relay-credentials.js';

const ISSUER = 'sallyport';
const AUDIENCE = 'sallyport.relay';
const TYPE = 'sallyport-relay+jwt';
/** RFC 8410: the fixed head of an Ed25519 private key in PKCS #8, before the 32 bytes of seed. */
const ED25519_PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex');

const claimsSchema = z.object({
  sub: z.string(),
  ses: z.string(),
  gen: z.int().min(0),
  host: z.boolean(),
  exp: z.number(),
  jti: z.string(),
});

export function createRelayCredentials(secret: string, clock: Clock): RelayCredentials {
  const { privateKey, publicKey } = deriveKeys(secret);
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

function deriveKeys(secret: string): { readonly privateKey: KeyObject; readonly publicKey: KeyObject } {
  const seed = Buffer.from(hkdfSync('sha256', secret, 'sallyport', 'relay-credentials/ed25519/1', 32));
  const der = Buffer.concat([ED25519_PKCS8_HEAD, seed]);
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  return { privateKey, publicKey: createPublicKey(privateKey) };
}
