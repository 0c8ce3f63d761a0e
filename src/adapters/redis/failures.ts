import { Failure } from '../../protocol/failure.js';

/**
 * Replies that mean the server cannot serve the call now, whatever the call is. Before Redis 7, a script's error wraps
 * them. MOVED and CROSSSLOT come from a cluster that is used as a single server.
 */
const NOT_NOW =
  /^(?:ERR Error running script.*-)?(READONLY|LOADING|OOM|CLUSTERDOWN|MASTERDOWN|TRYAGAIN|MOVED|ASK|CROSSSLOT|BUSY|NOREPLICAS|MISCONF|NOAUTH|WRONGPASS|NOPERM|NOSCRIPT|LATE|FORMAT)\b/;

/** The user of the connection lacks a right. Redis answers this in other words when a script runs the command. */
const LACKS_RIGHT = /\bNOPERM\b|The user executing the script can't|ACL failure in script/;

/** These pass by themselves, or another part acts on them: they do not say that the server refuses writes. */
const PASSING = new Set(['TRYAGAIN', 'ASK', 'LATE', 'FORMAT', 'NOSCRIPT']);

/** Turns what a call threw into a failure: Redis is unreachable or cannot serve (503), or refused our command (500). */
export function toFailure(thrown: unknown): Failure {
  if (thrown instanceof Failure) return thrown;
  const isOurs = thrown instanceof TypeError || thrown instanceof RangeError;
  const isNotNow = isReply(thrown) && (NOT_NOW.test(thrown.message) || LACKS_RIGHT.test(thrown.message));
  if (isOurs || (isReply(thrown) && !isNotNow)) return new Failure('internal', { cause: thrown });
  return unavailable(thrown);
}

/** Why the server refuses writes; null when `thrown` does not say that it does. */
export function refusalIn(thrown: unknown): string | null {
  if (!isReply(thrown)) return null;
  if (LACKS_RIGHT.test(thrown.message)) return 'NOPERM';
  const code = NOT_NOW.exec(thrown.message)?.[1] ?? null;
  if (code === 'MOVED' || code === 'CROSSSLOT')
    return `${code}: the server is part of a Redis Cluster, so its URL begins with redis+cluster:`;
  return code === null || PASSING.has(code) ? null : code;
}

/** Whether the server refused because the connection's user has no right to a command, a key or a channel. */
export function lacksRight(thrown: unknown): thrown is Error {
  return isReply(thrown) && LACKS_RIGHT.test(thrown.message);
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
