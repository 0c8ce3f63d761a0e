/** Makes the ids and tokens of relay sessions: all random, none guessable. */
import { randomBase62 } from '../../lib/base62.js';
import type { AuthorizationToken, SessionId, UserId } from '../../protocol/ids.js';
import type { Crypto } from '../../ports/crypto.js';

/** 48 random bits in Edgegap's shape; a create that meets a taken id fails, it never overwrites. */
export function newSessionId(crypto: Crypto): SessionId {
  return `${Buffer.from(crypto.randomBytes(6)).toString('hex')}-S` as SessionId;
}

/** 53 random bits, so that the number survives JSON; never 0. */
export function newAuthorizationToken(crypto: Crypto): AuthorizationToken {
  for (;;) {
    const bytes = crypto.randomBytes(8);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const token = (view.getUint32(0) & 0x1f_ffff) * 2 ** 32 + view.getUint32(4);
    if (token > 0) return token as AuthorizationToken;
  }
}

/** Names a listed user to the other members: it says nothing of its address or its token. */
export function newUserId(crypto: Crypto): UserId {
  return `usr_${randomBase62(crypto, 16)}` as UserId;
}
