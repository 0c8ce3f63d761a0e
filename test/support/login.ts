/** The login surface as programs call it: any method, bodies of any form, from any loopback address. */
import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { Backend, type Answer } from './backend.js';

export interface CallOptions {
  readonly json?: unknown;
  readonly form?: Readonly<Record<string, string>>;
  /** In place of both: as it is. */
  readonly raw?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The address to call from. */
  readonly from?: string;
}

export interface TestUser {
  readonly id: string;
  readonly username: string;
  readonly email: string;
  readonly password: string;
}

export interface LoginAnswer extends Answer {
  /** The body as it was sent. */
  readonly text: string;
  readonly rawHeaders: readonly string[];
}

export class LoginApi {
  readonly root: Backend;

  constructor(readonly url: string) {
    this.root = new Backend(url);
  }

  async call(method: string, path: string, options: CallOptions = {}): Promise<LoginAnswer> {
    const { json, form, raw, headers = {}, from } = options;
    const type = form === undefined ? 'application/json' : 'application/x-www-form-urlencoded';
    const written = form === undefined ? JSON.stringify(json) : new URLSearchParams(form).toString();
    const body = raw ?? (json === undefined && form === undefined ? undefined : written);
    return send(this.url + path, method, body, {
      headers: { ...(body === undefined ? {} : { 'content-type': type }), ...headers },
      ...(from === undefined ? {} : { localAddress: from }),
    });
  }

  /** A user of its own for a test; `more` as `POST /v1/users` takes it. */
  async newUser(more: Readonly<Record<string, unknown>> = {}): Promise<TestUser> {
    const tag = randomBytes(6).toString('hex');
    const user = { username: `user-${tag}`, email: `${tag}@mail.example`, password: `password of ${tag}` };
    const { status, body } = await this.root.native('POST', '/v1/users', { ...user, ...more });
    if (status !== 201) throw new Error(`users answered ${String(status)}: ${JSON.stringify(body)}`);
    return { ...user, id: (body as { id: string }).id };
  }

  /** An organization with these members; its id. */
  async newOrganization(...members: readonly TestUser[]): Promise<string> {
    const { body } = await this.root.native('POST', '/v1/organizations', {
      name: `org ${randomBytes(6).toString('hex')}`,
    });
    const { id } = body as { id: string };
    for (const { id: user_id } of members) {
      const added = await this.root.native('POST', `/v1/organizations/${id}/memberships`, { user_id });
      if (added.status !== 201) throw new Error(`memberships answered ${String(added.status)}`);
    }
    return id;
  }

  async newKey(...scopes: readonly string[]): Promise<string> {
    const { body } = await this.root.native('POST', '/v1/keys', { name: 'k', scopes });
    return (body as { secret: string }).secret;
  }

  authenticate(username: string, password: string, from?: string): Promise<LoginAnswer> {
    const options = from === undefined ? {} : { from };
    return this.call('POST', `/authenticate/${encodeURIComponent(username)}`, { json: { password }, ...options });
  }

  /** The LSID. */
  async logIn({ username, password }: TestUser, from?: string): Promise<string> {
    const { status, body, text } = await this.authenticate(username, password, from);
    if (status !== 200) throw new Error(`authenticate answered ${String(status)}: ${text}`);
    return (body as { sessionId: string }).sessionId;
  }

  /** The LSID of another session of the same user: a clone costs no hash of a password. */
  async anotherSession(lsid: string): Promise<string> {
    const { status, body, text } = await this.call('POST', `/session/${lsid}/clone`);
    if (status !== 201) throw new Error(`clone answered ${String(status)}: ${text}`);
    return (body as { sessionId: string }).sessionId;
  }

  async isAlive(lsid: string): Promise<boolean> {
    return (await this.call('GET', `/session/${lsid}`)).status === 200;
  }
}

function send(
  url: string,
  method: string,
  body: string | undefined,
  options: { readonly headers: Readonly<Record<string, string>>; readonly localAddress?: string },
): Promise<LoginAnswer> {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const outgoing = request(url, { method, agent: false, ...options, headers: { ...options.headers, ...length } });
    outgoing.on('error', reject);
    outgoing.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () => {
        const headers = new Headers(Object.entries(response.headers).map(([name, value]) => [name, String(value)]));
        const isJson = headers.get('content-type')?.includes('json') === true;
        const parsed: unknown = isJson && text !== '' ? JSON.parse(text) : text;
        const { statusCode: status = 0, rawHeaders } = response;
        resolve({ status, headers, body: parsed, text, rawHeaders });
      });
    });
    outgoing.end(body);
  });
}
