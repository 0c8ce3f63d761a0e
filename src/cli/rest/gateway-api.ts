/** Calls to a gateway over REST, as any other program makes them. */
import { isObject, type Shape } from '../../lib/shape.js';
import { CommandFailed } from '../command-failed.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import type { Given } from '../given.js';
import { parseJson } from '../parse-json.js';
import { TIMEOUT_FLAG } from './flags.js';
import { apiKey, gatewayUrl } from './gateway-url.js';

export interface Call {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Begins with a slash; its values are encoded. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | null>>;
  /** JSON. */
  readonly body?: string;
  /** Gives the call up. */
  readonly signal?: AbortSignal;
}

/** The word before the key in the Authorization header: `token` on the relay surface, `Bearer` on the native one. */
type Scheme = 'token' | 'Bearer';

const DEFAULT_TIMEOUT_S = 30;

export class GatewayApi {
  readonly url: string;
  private readonly key: string;
  private readonly timeoutMs: number;

  /** Throws a `UsageError` for a URL, a key or a time that no call can be made with. */
  constructor(given: Given) {
    this.url = gatewayUrl(given);
    this.key = apiKey(given);
    this.timeoutMs = 1000 * (given.integer(TIMEOUT_FLAG.name, { min: 1, max: 3600 }) ?? DEFAULT_TIMEOUT_S);
  }

  /** A call of the relay surface. Resolves with the answer's text; rejects with a `CommandFailed`. */
  relays(call: Call): Promise<string> {
    return this.send('token', call);
  }

  /** A call of the native surface. */
  native(call: Call): Promise<string> {
    return this.send('Bearer', call);
  }

  private async send(scheme: Scheme, { method, path, query = {}, body, signal }: Call): Promise<string> {
    const search = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) if (value !== null) search.set(name, String(value));
    const headers = { Authorization: `${scheme} ${this.key}`, ...(body === undefined ? {} : JSON_TYPE) };
    const timeout = AbortSignal.timeout(this.timeoutMs);
    const given = signal === undefined ? timeout : AbortSignal.any([timeout, signal]);
    const init = { method, headers, redirect: 'manual', signal: given } as const;
    const { status, text } = await fetch(
      `${this.url}${path}${search.size === 0 ? '' : `?${search.toString()}`}`,
      body === undefined ? init : { ...init, body },
    ).then(
      async (response) => ({ status: response.status, text: await response.text() }),
      (error: unknown) => {
        throw this.unreachable(error);
      },
    );
    if (status >= 200 && status < 300) return text;
    throw refusal(this.url, status, text);
  }

  private unreachable(error: unknown): CommandFailed {
    return new CommandFailed(EXIT.unavailable, `cannot reach the gateway at ${this.url}: ${reasonOf(error)}`);
  }
}

const JSON_TYPE = { 'Content-Type': 'application/json' };

/** Parses an answer. Throws a `CommandFailed` for one that this version does not know. */
export function read<T>(shape: Shape<T>, text: string): T {
  const value = parseJson(text);
  if (shape.is(value)) return value;
  throw new CommandFailed(EXIT.failed, "the gateway's answer has an unknown form: is its version another one?");
}

function refusal(url: string, status: number, text: string): CommandFailed {
  const body = parseJson(text);
  const message: unknown = isObject(body) ? Reflect.get(body, 'message') : null;
  if (typeof message !== 'string' || !isObject(body)) {
    const exit = status >= 500 ? EXIT.unavailable : EXIT.failed;
    return new CommandFailed(exit, `${url} answers ${status} and not like a gateway: is the URL right?`);
  }
  const code: unknown = Reflect.get(body, 'code');
  if (code === 'unknown_path') return new CommandFailed(EXIT.failed, `${url}: ${message} Is the URL right?`, code);
  return new CommandFailed(exitFor(status), message, typeof code === 'string' ? code : null);
}

/** The exit code for a refusal with this HTTP status. */
export function exitFor(status: number): ExitCode {
  switch (status) {
    case 400:
    case 422:
      return EXIT.usage;
    case 401:
    case 403:
      return EXIT.refused;
    case 404:
      return EXIT.notFound;
    case 429:
    case 502:
    case 503:
    case 504:
      return EXIT.unavailable;
    default:
      return EXIT.failed;
  }
}

/** Names the fault by its code, such as ECONNREFUSED: the messages of faults may quote what was sent. */
function reasonOf(error: unknown): string {
  if (error instanceof Error && error.name === 'TimeoutError') return 'no answer in time';
  const cause: unknown = error instanceof Error ? (error.cause ?? error) : error;
  const code: unknown = isObject(cause) ? Reflect.get(cause, 'code') : null;
  if (typeof code === 'string') return REASONS[code] === undefined ? code : `${REASONS[code]} (${code})`;
  return cause instanceof Error ? cause.message : 'no connection';
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection was closed',
  UND_ERR_SOCKET: 'the connection was closed',
  ENOTFOUND: 'the host name is unknown',
  EAI_AGAIN: 'the host name cannot be looked up now',
  ETIMEDOUT: 'no answer in time',
  UND_ERR_CONNECT_TIMEOUT: 'no answer in time',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed',
  CERT_HAS_EXPIRED: 'its certificate has expired',
};
