import { Failure } from '../../protocol/failure.js';

/** Replies that mean the server cannot serve any call now. Before Redis 7, a script's error wraps them. */
const NOT_NOW =
  /^(?:ERR Error running script.*-)?(?:READONLY|LOADING|OOM|CLUSTERDOWN|MASTERDOWN|TRYAGAIN|MOVED|ASK|BUSY|NOREPLICAS|MISCONF|NOAUTH|NOPERM|LATE|FORMAT)\b/;

/** Turns what a call threw into a failure: Redis is unreachable or cannot serve (503), or refused our command (500). */
export function toFailure(thrown: unknown): Failure {
  if (thrown instanceof Failure) return thrown;
  const isOurs = thrown instanceof TypeError || thrown instanceof RangeError;
  if (isOurs || (isReply(thrown) && !NOT_NOW.test(thrown.message))) return new Failure('internal', { cause: thrown });
  return unavailable(thrown);
}

/** Replies that mean the server accepts no writes now. */
const NO_WRITES = /^(?:ERR Error running script.*-)?(READONLY|OOM|NOREPLICAS|MISCONF|NOPERM)\b/;

/** Why the server refuses writes; null when `thrown` is another error. */
export function refusedWrites(thrown: unknown): string | null {
  return isReply(thrown) ? (NO_WRITES.exec(thrown.message)?.[1] ?? null) : null;
}

/** Whether the server answered with an error. The call changed nothing then, and never will. */
export function isReply(thrown: unknown): thrown is Error {
  return thrown instanceof Error && thrown.name === 'ReplyError';
}

/** Whether ioredis rejected the command without sending it: it says so with one of these sentences. */
export function wasNotSent(thrown: unknown): boolean {
  return thrown instanceof Error && /^(?:Stream isn't writeable|Cluster isn't ready)/.test(thrown.message);
}

export function unavailable(cause: unknown): Failure {
  return new Failure('store_unavailable', { retryAfterS: 1, cause });
}

/** The failure of a call while Redis answers but its data must not be used, for the given reason. */
export function unusable(reason: string): Failure {
  return new Failure('store_unavailable', { retryAfterS: 1, message: `${reason}; nothing was changed.` });
}

export function isReplyOf(thrown: unknown, prefix: 'NOSCRIPT' | 'LATE' | 'READONLY' | 'FORMAT'): thrown is Error {
  return thrown instanceof Error && thrown.message.startsWith(prefix);
}

/** The failure of a call that was sent and got no reply: Redis may have carried it out. */
export function unknownOutcome(cause: unknown): Failure {
  return new Failure('outcome_unknown', { retryAfterS: 1, cause });
}
