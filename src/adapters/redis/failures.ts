import { Failure } from '../../protocol/failure.js';

/** Replies that say the server can't serve now, whatever was asked. Before Redis 7 a script's error wraps them. */
const NOT_NOW =
  /^(?:ERR Error running script.*-)?(?:READONLY|LOADING|OOM|CLUSTERDOWN|MASTERDOWN|TRYAGAIN|MOVED|ASK|BUSY|NOREPLICAS|MISCONF|NOAUTH|NOPERM|LATE|FORMAT)\b/;

/** Names what was thrown by a call: Redis is not there, or not able (503), or we sent something wrong (500). */
export function toFailure(thrown: unknown): Failure {
  if (thrown instanceof Failure) return thrown;
  const isOurs = thrown instanceof TypeError || thrown instanceof RangeError;
  if (isOurs || (isReply(thrown) && !NOT_NOW.test(thrown.message))) return new Failure('internal', { cause: thrown });
  return unavailable(thrown);
}

/** Replies that say that the server takes no writes now. */
const NO_WRITES = /^(?:ERR Error running script.*-)?(READONLY|OOM|NOREPLICAS|MISCONF|NOPERM)\b/;

/** Why the server refuses to write; null when that is not what was thrown. */
export function refusedWrites(thrown: unknown): string | null {
  return isReply(thrown) ? (NO_WRITES.exec(thrown.message)?.[1] ?? null) : null;
}

/** The server answered: nothing of the call is done, and nothing will be. */
export function isReply(thrown: unknown): thrown is Error {
  return thrown instanceof Error && thrown.name === 'ReplyError';
}

/** ioredis rejects what it has not sent with one of these sentences. */
export function wasNotSent(thrown: unknown): boolean {
  return thrown instanceof Error && /^(?:Stream isn't writeable|Cluster isn't ready)/.test(thrown.message);
}

export function unavailable(cause: unknown): Failure {
  return new Failure('store_unavailable', { retryAfterS: 1, cause });
}

/** Redis is there, but its data may not be used, for this reason. */
export function unusable(reason: string): Failure {
  return new Failure('store_unavailable', { retryAfterS: 1, message: `${reason}; nothing was changed.` });
}

export function isReplyOf(thrown: unknown, prefix: 'NOSCRIPT' | 'LATE' | 'READONLY' | 'FORMAT'): thrown is Error {
  return thrown instanceof Error && thrown.message.startsWith(prefix);
}

/** The call was sent, and no reply came: it may be done. */
export function unknownOutcome(cause: unknown): Failure {
  return new Failure('outcome_unknown', { retryAfterS: 1, cause });
}
