/** Wallet bearers: JWTs signed with Ed25519. Every node derives the key from the server secret. */
import { jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';
import { parseWalletAddress } from '../../protocol/ids.js';
import type { Clock } from '../../ports/clock.js';
import type { WalletTokens } from '../../ports/wallet-tokens.js';
import { headerOf } from './compact.js';
import { deriveEd25519 } from './ed25519.js';

const ISSUER = 'sallyport';
const AUDIENCE = 'sallyport.wallet';
const TYPE = 'sallyport-wallet+jwt';

const claimsSchema = z.object({ sub: z.string(), exp: z.number() });

export function createWalletTokens(secret: string, clock: Clock): WalletTokens {
  const { privateKey, publicKey } = deriveEd25519(secret, 'wallet-tokens/ed25519/1');
  return {
    async sign(address, ttlS) {
      const issuedS = Math.floor(clock.nowMs() / 1000);
      return new SignJWT({})
        .setProtectedHeader({ alg: 'EdDSA', typ: TYPE })
        .setIssuer(ISSUER)
        .setAudience(AUDIENCE)
        .setSubject(address)
        .setIssuedAt(issuedS)
        .setExpirationTime(issuedS + ttlS)
        .sign(privateKey);
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
        const parsed = claimsSchema.safeParse(payload);
        return parsed.success ? parseWalletAddress(parsed.data.sub) : null;
      } catch {
        // All failures look the same: the caller must not learn which check failed.
        return null;
      }
    },
  };
}
