/** A game's backend: creates, authorizes, kicks, speaks and ends over REST. An answer with another status is an error. */
import { z } from 'zod';

const DEADLINE_MS = 5_000;

const user = z.object({ ip_address: z.string(), authorization_token: z.int() });
const sessionHead = z.object({ session_id: z.string(), authorization_token: z.int(), status: z.string() });
const link = z.object({ ports: z.object({ client: z.object({ link: z.string() }) }) });
export const createdSession = sessionHead.extend({ session_users: z.array(user), relay: link.nullable() });
export const authorizedSession = sessionHead.extend({ session_user: user, relay: link.nullable() });

export type SessionUser = z.output<typeof user>;
export type CreatedSession = z.output<typeof createdSession>;
/** What every answer about a session says of how to connect. */
export type SessionAccess = Pick<CreatedSession, 'session_id' | 'authorization_token' | 'relay'>;

/** Members of the create call as they stand in its body; what is not given is the gateway's to choose. */
export interface SessionOptions {
  readonly flush_ms?: number | 'auto';
  readonly max_users?: number;
  readonly expires_in_s?: number;
  readonly resume_window_ms?: number;
}

interface Call {
  readonly method: 'POST' | 'GET' | 'DELETE';
  readonly path: string;
  /** The relay surface takes `token <key>`, the native calls `Bearer <key>`. */
  readonly scheme: 'token' | 'Bearer';
  readonly body?: unknown;
  readonly expects: number;
}

export class Backend {
  constructor(
    private readonly url: string,
    private readonly key: string,
  ) {}

  async createSession(addresses: readonly string[], options: SessionOptions = {}): Promise<CreatedSession> {
    const body = { ...options, users: addresses.map((ip) => ({ ip })) };
    const path = '/v1/relays/sessions';
    return createdSession.parse(await this.call({ method: 'POST', path, scheme: 'token', body, expects: 200 }));
  }

  async authorizeUser(sessionId: string, address: string): Promise<SessionUser> {
    const body = { session_id: sessionId, user_ip: address };
    const path = '/v1/relays/sessions:authorize-user';
    const answer = await this.call({ method: 'POST', path, scheme: 'token', body, expects: 200 });
    return authorizedSession.parse(answer).session_user;
  }

  async endSession(sessionId: string): Promise<void> {
    await this.call({ method: 'DELETE', path: `/v1/relays/sessions/${sessionId}`, scheme: 'token', expects: 204 });
  }

  /** The parsed body; null when it is empty. */
  private async call({ method, path, scheme, body, expects }: Call): Promise<unknown> {
    const response = await fetch(this.url + path, {
      method,
      headers: { authorization: `${scheme} ${this.key}`, 'content-type': 'application/json' },
      signal: AbortSignal.timeout(DEADLINE_MS),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }).catch((error: unknown) => {
      throw new Error(`${method} ${this.url}${path} failed: ${causeOf(error)}`, { cause: error });
    });
    const text = await response.text();
    if (response.status !== expects) {
      throw new Error(`${method} ${path} answered ${response.status} instead of ${expects}: ${text}`);
    }
    return text === '' ? null : JSON.parse(text);
  }
}

/** What a socket connects with: Edgegap's two numbers behind the session's id. */
export function pairOf(session: Omit<SessionAccess, 'relay'>, { authorization_token }: SessionUser): string {
  return `${session.session_id}.${session.authorization_token}.${authorization_token}`;
}

/** `fetch failed` says nothing; its cause does. */
function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
