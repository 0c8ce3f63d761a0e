/** A client of the client surface, as a browser's page (cookie) or a native app (header) is one. */
import { Backend, type Answer } from './backend.js';
import { expectStatus } from './directory.js';

export const PASSWORD = 'correct horse battery';

interface CallOptions {
  readonly form?: Readonly<Record<string, string>>;
  /** In place of a form. */
  readonly json?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export class ClientApp {
  /** The newest client token; null before the first sign-in. */
  token: string | null = null;
  readonly backend: Backend;

  constructor(
    url: string,
    readonly carrier: 'cookie' | 'native' | 'dev' = 'cookie',
  ) {
    this.backend = new Backend(url);
  }

  /** Takes over the token of an answer that sets one. */
  async call(method: string, path: string, { form, json, headers = {} }: CallOptions = {}): Promise<Answer> {
    const body = json === undefined ? form && new URLSearchParams(form).toString() : JSON.stringify(json);
    const type = json === undefined ? 'application/x-www-form-urlencoded' : 'application/json';
    const answer = await this.backend.call(method, this.target(path), body, {
      ...(body === undefined ? {} : { 'content-type': type }),
      ...this.tokenHeaders(),
      ...headers,
    });
    this.token = /^__client=([^;]+);/.exec(answer.headers.get('set-cookie') ?? '')?.[1] ?? this.token;
    return answer;
  }

  get(path: string, options: CallOptions = {}): Promise<Answer> {
    return this.call('GET', path, options);
  }

  post(
    path: string,
    form?: Readonly<Record<string, string>>,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    return this.call('POST', path, { ...(form === undefined ? {} : { form }), headers });
  }

  /** The new session's id. */
  async signIn(identifier: string, password = PASSWORD): Promise<string> {
    const answer = await this.post('/v1/client/sign_ins', { strategy: 'password', identifier, password });
    return (expectStatus(answer, 200).body as { response: { created_session_id: string } }).response.created_session_id;
  }

  /** A session token. */
  async jwt(sessionId: string, form?: Readonly<Record<string, string>>): Promise<string> {
    const answer = await this.post(`/v1/client/sessions/${sessionId}/tokens`, form);
    return (expectStatus(answer, 200).body as { jwt: string }).jwt;
  }

  private target(path: string): string {
    const mark = path.includes('?') ? '&' : '?';
    if (this.carrier === 'native') return `${path}${mark}_is_native=1`;
    return this.carrier === 'dev' ? `${path}${mark}__dev_session=${this.token ?? ''}` : path;
  }

  private tokenHeaders(): Record<string, string> {
    if (this.token === null || this.carrier === 'dev') return {};
    return this.carrier === 'cookie' ? { cookie: `__client=${this.token}` } : { authorization: this.token };
  }
}

/** The status of an answer of the client surface, and the code of its error; null when it is none. */
export function codeOf({ status, body }: Answer): readonly [number, string | null] {
  const [error] = (body as { errors?: readonly { code: string }[] }).errors ?? [];
  return [status, error?.code ?? null];
}

/** The claims of a JWT, unverified. */
export function payloadOf(jwt: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString('utf8')) as Record<string, unknown>;
}

export function headerOf(jwt: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(jwt.split('.')[0] ?? '', 'base64url').toString('utf8')) as Record<string, unknown>;
}
