/** A game's backend: it creates, authorizes and ends relay sessions over REST. An answer that is not 2xx is an error. */
import { z } from 'zod';

const DEADLINE_MS = 5_000;
export const SESSIONS = '/v1/relays/sessions';

const user = z.object({ ip_address: z.string(), authorization_token: z.int() });
const sessionHead = z.object({ session_id: z.string(), authorization_token: z.int(), status: z.string() });
const link = z.object({ ports: z.object({ client: z.object({ link: z.string() }) }) });
export const createdSession = sessionHead.extend({ session_users: z.array(user), relay: link.nullable() });
export const authorizedSession = sessionHead.extend({ session_user: user, relay: link.nullable() });

export type SessionUser = z.output<typeof user>;
export type CreatedSession = z.output<typeof createdSession>;
/** The fields of every answer about a session that tell how to connect. */
export type SessionAccess = Pick<CreatedSession, 'session_id' | 'authorization_token' | 'relay'>;

/** Members of the create call as its body has them. The gateway chooses those that are not given. */
export interface SessionOptions {
  readonly flush_ms?: number | 'auto';
  readonly durability?: 'memory' | 'redis';
  readonly max_users?: number;
  readonly expires_in_s?: number;
  readonly resume_window_ms?: number;
  readonly filters?: readonly {
    readonly field: string;
    readonly values: readonly string[];
    readonly filter_type: string;
  }[];
}

export interface Call {
  readonly method: 'POST' | 'GET' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
}

/** Calls about relay sessions. */
export const calls = {
  create: (addresses: readonly string[], options: SessionOptions): Call => {
    const body = { ...options, users: addresses.map((ip) => ({ ip })) };
    return { method: 'POST', path: SESSIONS, body };
  },
  get: (id: string): Call => ({ method: 'GET', path: `${SESSIONS}/${id}` }),
  list: (page: number): Call => ({ method: 'GET', path: `${SESSIONS}?page=${page}&limit=10` }),
  authorize: (session_id: string, user_ip: string): Call => {
    return { method: 'POST', path: `${SESSIONS}:authorize-user`, body: { session_id, user_ip } };
  },
  tokens: (id: string, user_id: string): Call => {
    return { method: 'POST', path: `${SESSIONS}/${id}/tokens`, body: { user_id } };
  },
  end: (id: string): Call => ({ method: 'DELETE', path: `${SESSIONS}/${id}` }),
};

export class Backend {
  constructor(
    private readonly url: string,
    private readonly key: string,
  ) {}

  async createSession(addresses: readonly string[], options: SessionOptions = {}): Promise<CreatedSession> {
    return createdSession.parse(await this.call(calls.create(addresses, options)));
  }

  async authorizeUser(sessionId: string, address: string): Promise<SessionUser> {
    return authorizedSession.parse(await this.call(calls.authorize(sessionId, address))).session_user;
  }

  async endSession(sessionId: string): Promise<void> {
    await this.call(calls.end(sessionId));
  }

  /** The parsed body; null when it is empty. */
  async call({ method, path, body }: Call): Promise<unknown> {
    const response = await fetch(this.url + path, {
      method,
      headers: this.headers(path),
      signal: AbortSignal.timeout(DEADLINE_MS),
      body: body === undefined ? null : JSON.stringify(body),
    }).catch((error: unknown) => {
      throw new Error(`${method} ${this.url}${path} failed: ${causeOf(error)}`, { cause: error });
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
    return text === '' ? null : JSON.parse(text);
  }

  headers(path: string): Readonly<Record<string, string>> {
    return { authorization: this.authorization(path), 'content-type': 'application/json' };
  }

  /** The same call as bytes of HTTP/1.1. */
  request({ method, path, body }: Call): string {
    const text = body === undefined ? '' : JSON.stringify(body);
    const content = `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(text)}\r\n`;
    const head = `Host: ${new URL(this.url).host}\r\nAuthorization: ${this.authorization(path)}\r\n`;
    return `${method} ${path} HTTP/1.1\r\n${head}${text === '' ? '' : content}\r\n${text}`;
  }

  /** The relay surface takes `token <key>`, the native calls take `Bearer <key>`. */
  private authorization(path: string): string {
    const isRelaySurface = path.startsWith(SESSIONS) && !path.endsWith('/tokens');
    return `${isRelaySurface ? 'token' : 'Bearer'} ${this.key}`;
  }
}

/** `fetch failed` says nothing; its cause does. */
function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
