/** A backend that calls the gateway over HTTP, as a test needs it. */
import { ROOT_KEY } from './gateway.js';
import { httpCall } from './http-call.js';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // Answers of several shapes: each test looks at the members it is about.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- parsed JSON of a black box
  readonly body: any;
}

export interface RelaySessionAnswer {
  readonly session_id: string;
  readonly authorization_token: number;
  readonly session_users: readonly { readonly ip_address: string; readonly authorization_token: number }[];
}

export class Backend {
  constructor(
    readonly url: string,
    readonly key: string = ROOT_KEY,
  ) {}

  async call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const written = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    const answer = await httpCall(this.url + path, { method, headers, body: written });
    let parsed: unknown = answer.text;
    if (answer.headers.get('content-type')?.includes('json') === true) parsed = JSON.parse(answer.text);
    return { status: answer.status, headers: answer.headers, body: parsed };
  }

  /** With the carrier of the relay surface. */
  relays(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    return this.call(method, path, body, { authorization: `token ${this.key}`, ...headers });
  }

  /** With the carrier of the native surface. */
  native(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    return this.call(method, path, body, { authorization: `Bearer ${this.key}`, ...headers });
  }

  /** A session with `users` users of this machine, and whatever else is said. */
  async createSession(users = 1, more: Record<string, unknown> = {}): Promise<RelaySessionAnswer> {
    const answer = await this.relays('POST', '/v1/relays/sessions', {
      users: Array.from({ length: users }, () => ({ ip: '127.0.0.1' })),
      ...more,
    });
    if (answer.status !== 200)
      throw new Error(`create answered ${String(answer.status)}: ${JSON.stringify(answer.body)}`);
    return answer.body as RelaySessionAnswer;
  }

  /** A relay credential for a user. */
  async mint(sessionId: string, userId: string, more: Record<string, unknown> = {}): Promise<string> {
    const answer = await this.native('POST', `/v1/relays/sessions/${sessionId}/tokens`, { user_id: userId, ...more });
    if (answer.status !== 200)
      throw new Error(`tokens answered ${String(answer.status)}: ${JSON.stringify(answer.body)}`);
    return (answer.body as { token: string }).token;
  }
}

/** The credential of the session's n-th listed user. */
export function pairOf(session: RelaySessionAnswer, n = 0): string {
  const user = session.session_users[n];
  if (user === undefined) throw new Error(`the session lists no user ${String(n)}`);
  return `${session.session_id}.${String(session.authorization_token)}.${String(user.authorization_token)}`;
}
