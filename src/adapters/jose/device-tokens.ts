/** Device tokens: JWTs signed with Ed25519. Every node derives the key from the server secret. */
import { jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';
import { parseDeviceId } from '../../protocol/ids.js';
import type { Clock } from '../../ports/clock.js';
import type { DeviceTokenClaims, DeviceTokens } from '../../ports/session-tokens.js';
import { headerOf } from './compact.js';
import { deriveEd25519 } from './ed25519.js';
import { ProvenTokens } from './proven-tokens.js';

const ISSUER = 'sallyport';
const AUDIENCE = 'sallyport.client';
const TYPE = 'sallyport-client+jwt';

const claimsSchema = z.object({ sub: z.string(), rot: z.int().min(0), exp: z.number() });

export function createDeviceTokens(secret: string, clock: Clock): DeviceTokens {
  const { privateKey, publicKey } = deriveEd25519(secret, 'client-tokens/ed25519/1');
  const proven = new ProvenTokens(clock);
  return {
    async sign({ deviceId, rotation }, lifetimeMs) {
      const issuedS = Math.floor(clock.nowMs() / 1000);
      return new SignJWT({ rot: rotation })
        .setProtectedHeader({ alg: 'EdDSA', typ: TYPE })
        .setIssuer(ISSUER)
        .setAudience(AUDIENCE)
        .setSubject(deviceId)
        .setIssuedAt(issuedS)
        .setExpirationTime(issuedS + Math.floor(lifetimeMs / 1000))
        .sign(privateKey);
    },

    async verify(token) {
      const known = proven.find(token);
      if (known !== null) return known;
      if (headerOf(token) === null) return null;
      try {
        const { payload } = await jwtVerify(token, publicKey, {
          algorithms: ['EdDSA'],
          issuer: ISSUER,
          audience: AUDIENCE,
          typ: TYPE,
          currentDate: new Date(clock.nowMs()),
        });
        const claims = parseClaims(payload);
        if (claims !== null) proven.add(token, claims, (payload.exp ?? 0) * 1000);
        return claims;
      } catch {
        // All failures look the same: the caller must not learn which check failed.
        return null;
      }
    },
  };
}

function parseClaims(payload: unknown): DeviceTokenClaims | null {
  const parsed = claimsSchema.safeParse(payload);
  const deviceId = parsed.success ? parseDeviceId(parsed.data.sub) : null;
  return parsed.success && deviceId !== null ? { deviceId, rotation: parsed.data.rot } : null;
}
