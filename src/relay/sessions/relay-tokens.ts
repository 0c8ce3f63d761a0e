/** Makes the ids and tokens of relay sessions. All are random, and none can be guessed. */
import { randomBase62 } from '../../lib/base62.js';
import type { AuthorizationToken, SessionId, UserId } from '../../protocol/ids.js';
import type { Crypto } from '../../ports/crypto.js';

/** 48 random bits in Edgegap's shape. A create with an id that is taken fails; it never overwrites. */
export function newSessionId(crypto: Crypto): SessionId {
  return `${Buffer.from(crypto.randomBytes(6)).toString('hex')}-S` as SessionId;
}

/** 32 random bits, as Edgegap's clients read them. Never 0. */
export function newAuthorizationToken(crypto: Crypto): AuthorizationToken {
  for (;;) {
    const bytes = crypto.randomBytes(4);
    const token = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0);
    if (token > 0) return token as AuthorizationToken;
  }
}

/** Tokens of one session, all different. Among 65,000 draws of 32 bits, two are equal in two of five cases. */
export function newAuthorizationTokens(crypto: Crypto, count: number): readonly AuthorizationToken[] {
  const drawn = new Set<AuthorizationToken>();
  while (drawn.size < count) drawn.add(newAuthorizationToken(crypto));
  return [...drawn];
}

/** Names a listed user to the other members, without telling the user's address or token. */
export function newUserId(crypto: Crypto): UserId {
  return `usr_${randomBase62(crypto, 16)}` as UserId;
}
