/** The login surface as programs call it: any method, bodies of any form, from any loopback address. */
import { randomBytes } from 'node:crypto';
import { Backend, type Answer } from './backend.js';
import { httpCall } from './http-call.js';

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
    const sentHeaders = { ...(body === undefined ? {} : { 'content-type': type }), ...headers };
    const answer = await httpCall(this.url + path, { method, headers: sentHeaders, body, localAddress: from });
    const isJson = answer.headers.get('content-type')?.includes('json') === true && answer.text !== '';
    return { ...answer, body: isJson ? (JSON.parse(answer.text) as unknown) : answer.text };
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
