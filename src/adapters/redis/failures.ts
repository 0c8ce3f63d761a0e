import { Failure } from '../../protocol/failure.js';

/** Replies that say the server can't serve now, whatever was asked. Before Redis 7 a script's error wraps them. */
const NOT_NOW =
  /^(?:ERR Error running script.*-)?(?:READONLY|LOADING|OOM|CLUSTERDOWN|MASTERDOWN|TRYAGAIN|MOVED|ASK|BUSY|NOREPLICAS|MISCONF|NOAUTH|LATE)\b/;

/** Names what was thrown by a call: Redis is not there, or not able (503), or we sent something wrong (500). */
export function toFailure(thrown: unknown): Failure {
  if (thrown instanceof Failure) return thrown;
  const isReply = thrown instanceof Error && thrown.name === 'ReplyError';
  const isOurs = thrown instanceof TypeError || thrown instanceof RangeError;
  if (isOurs || (isReply && !NOT_NOW.test(thrown.message))) return new Failure('internal', { cause: thrown });
  return unavailable(thrown);
}

export function unavailable(cause: unknown): Failure {
  return new Failure('store_unavailable', { retryAfterS: 1, cause });
}

export function isReplyOf(thrown: unknown, prefix: 'NOSCRIPT' | 'LATE' | 'READONLY'): boolean {
  return thrown instanceof Error && thrown.message.startsWith(prefix);
}
