const MAX_STACK_LENGTH = 4096;
const MAX_CAUSES = 4;
/** What engines and servers repeat in their messages: text that is no JSON, and the arguments of a command. */
const QUOTED = [
  [/(?:Unexpected token .*, )?(?:\.\.\.)?"[^]*"(?:\.\.\.)? is not valid JSON/, 'the text is not valid JSON'],
  [/, with args beginning with:[^]*/, ''],
] as const;

export interface ErrorDescription {
  readonly type: string;
  readonly message: string;
  readonly stack?: string;
  /** The system's code (ECONNREFUSED) or the catalogue's. */
  readonly code?: string;
  readonly cause?: ErrorDescription;
}

/**
 * What a log line says of something thrown. Only these members: libraries hang the arguments
 * of the failed call on their errors, and those can be secrets.
 */
export function describeError(thrown: unknown, depth = 0): ErrorDescription {
  if (!(thrown instanceof Error)) return { type: typeof thrown, message: describeValue(thrown) };
  const code: unknown = Reflect.get(thrown, 'code');
  const message = withoutQuotes(thrown.message);
  // A function, since a text would be searched for `$1` and the like.
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

/** Objects are named, not shown: nobody knows what is in them. */
function describeValue(thrown: unknown): string {
  return typeof thrown === 'string' ? thrown.slice(0, MAX_STACK_LENGTH) : Object.prototype.toString.call(thrown);
}
