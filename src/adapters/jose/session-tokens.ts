/** Session tokens: RS256 JWTs, verified by jose, signed on dedicated threads. */
import { randomUUID } from 'node:crypto';
import { jwtVerify } from 'jose';
import { z } from 'zod';
import { parseDirectoryUserId, parseUserSessionId } from '../../protocol/ids.js';
import type { Clock } from '../../ports/clock.js';
import type { SessionTokenClaims, SessionTokens } from '../../ports/session-tokens.js';
import { parseJwtHeader } from '../../lib/jwt.js';
import { encodeJson, headerOf } from './compact.js';
import type { Rs256Signer } from './rs256-signer.js';
import type { SigningKeys } from './signing-keys.js';

export interface SessionTokensDeps {
  readonly signer: Pick<Rs256Signer, 'sign'>;
  readonly keys: Pick<SigningKeys, 'signer' | 'find' | 'list'>;
  readonly clock: Clock;
  /** Called at each use: a node learns its own address only after it listens. */
  readonly issuer: () => string;
}

const ALGORITHM = 'RS256';
const TYPE = 'JWT';
const claimsSchema = z.object({ sub: z.string(), sid: z.string(), iat: z.int(), nbf: z.int(), exp: z.int() });
const headerSchema = z.strictObject({
  alg: z.literal(ALGORITHM),
  typ: z.literal(TYPE),
  kid: z.string().min(1).max(64),
});

export function createSessionTokens({ keys, signer, clock, issuer }: SessionTokensDeps): SessionTokens {
  return {
    async sign(claims, lifetimeS, clockSkewS) {
      const iat = Math.floor(clock.nowMs() / 1000);
      const exp = iat + lifetimeS;
      const { header, privateKey } = await keys.signer(exp * 1000);
      const automatic = { iss: issuer(), iat, nbf: iat - clockSkewS, exp, jti: randomUUID() };
      const input = `${header}.${encodeJson(Object.assign({}, claims, automatic))}`;
      return `${input}.${await signer.sign(input, privateKey)}`;
    },

    async verify(token) {
      const header = headerOf(token);
      const kid = header === null ? null : keyIdOf(header);
      if (header === null || kid === null) return null;
      const key = await keys.find(header, kid);
      if (key === null) return null;
      try {
        const { payload } = await jwtVerify(token, key.publicKey, {
          algorithms: [ALGORITHM],
          issuer: issuer(),
          typ: TYPE,
          currentDate: new Date(clock.nowMs()),
        });
        return parseClaims(payload);
      } catch {
        // All failures look the same: the caller must not learn which check failed.
        return null;
      }
    },

    async jwks() {
      const listed = await keys.list();
      return { keys: listed.map(({ jwk }) => jwk) };
    },
  };
}

/**
 * null unless the header has exactly the members that the gateway writes; a header that carries its own key or an
 * extension is not from the gateway.
 */
function keyIdOf(header: string): string | null {
  const parsed = headerSchema.safeParse(parseJwtHeader(header));
  return parsed.success && encodeJson(parsed.data) === header ? parsed.data.kid : null;
}

function parseClaims(payload: unknown): SessionTokenClaims | null {
  const parsed = claimsSchema.safeParse(payload);
  if (!parsed.success) return null;
  const userId = parseDirectoryUserId(parsed.data.sub);
  const sessionId = parseUserSessionId(parsed.data.sid);
  if (userId === null || sessionId === null) return null;
  return { userId, sessionId, issuedAtMs: parsed.data.iat * 1000, expiresAtMs: parsed.data.exp * 1000 };
}
