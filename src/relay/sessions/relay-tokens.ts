/** Makes the ids and tokens of relay sessions. All are random, and none can be guessed. */
import { randomBase62 } from '../../lib/base62.js';
import type { AuthorizationToken, SessionId, UserId } from '../../protocol/ids.js';
import type { Crypto } from '../../ports/crypto.js';

/** 48 random bits in Edgegap's shape. A create with an id that is taken fails; it never overwrites. */
export function newSessionId(crypto: Crypto): SessionId {
  return `${Buffer.from(crypto.randomBytes(6)).toString('hex')}-S` as SessionId;
}

/** 53 random bits, so that the number survives JSON. Never 0. */
export function newAuthorizationToken(crypto: Crypto): AuthorizationToken {
  for (;;) {
    const bytes = crypto.randomBytes(8);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const token = (view.getUint32(0) & 0x1f_ffff) * 2 ** 32 + view.getUint32(4);
    if (token > 0) return token as AuthorizationToken;
  }
}

/** Names a listed user to the other members, without telling the user's address or token. */
export function newUserId(crypto: Crypto): UserId {
  return `usr_${randomBase62(crypto, 16)}` as UserId;
}
