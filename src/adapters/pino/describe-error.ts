const MAX_STACK_LENGTH = 4096;
const MAX_CAUSES = 4;
/** Parts that engines and servers repeat in their messages: invalid JSON text, and the arguments of a command. */
const QUOTED = [
  [/(?:Unexpected token .*, )?(?:\.\.\.)?"[^]*"(?:\.\.\.)? is not valid JSON/, 'the text is not valid JSON'],
  [/, with args beginning with:[^]*/, ''],
] as const;

export interface ErrorDescription {
  readonly type: string;
  readonly message: string;
  readonly stack?: string;
  /** The system's code (for example ECONNREFUSED) or the catalogue's. */
  readonly code?: string;
  readonly cause?: ErrorDescription;
}

/**
 * The logged form of a thrown value. Only these members: libraries attach the arguments of the failed call to their
 * errors, and those can be secrets.
 */
export function describeError(thrown: unknown, depth = 0): ErrorDescription {
  if (!(thrown instanceof Error)) return { type: typeof thrown, message: describeValue(thrown) };
  const code: unknown = Reflect.get(thrown, 'code');
  const message = withoutQuotes(thrown.message);
  // A function, because `$1` in a replacement text has a meaning.
  const stack = thrown.stack?.replace(thrown.message, () => message).slice(0, MAX_STACK_LENGTH);
  return {
    type: thrown.name,
    message,
    ...(stack === undefined ? {} : { stack }),
    ...(typeof code === 'string' ? { code } : {}),
    ...(thrown.cause === undefined || depth >= MAX_CAUSES ? {} : { cause: describeError(thrown.cause, depth + 1) }),
  };
}

function withoutQuotes(message: string): string {
  return QUOTED.reduce((text, [pattern, plain]) => text.replace(pattern, plain), message);
}

/** Names objects without showing them: they can contain anything. */
function describeValue(thrown: unknown): string {
  return typeof thrown === 'string' ? thrown.slice(0, MAX_STACK_LENGTH) : Object.prototype.toString.call(thrown);
}
