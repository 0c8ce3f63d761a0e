/** Records what a walk through the product sends and receives: every secret, and every error answer. */
import { randomBytes } from 'node:crypto';
import type { ServerControl } from '../../../src/protocol/server-control.js';
import { Backend, type Answer } from '../backend.js';
import { Client, type ConnectOptions } from '../client.js';
import { ROOT_KEY } from '../gateway.js';
import { LoginApi, type CallOptions, type LoginAnswer, type TestUser } from '../login.js';
import { MIN_SECRET_LENGTH, SecretScan } from '../secret-scan.js';

/** The parts of a composed credential that are secret by themselves: letters of 256 bits, and numbers of 53. */
const SECRET_PART = /^(?:[0-9A-Za-z_-]{43}|[0-9]{12,16})$/;
const JWT = /^[\w-]+\.[\w-]+\.([\w-]{40,})$/;

export class Journal {
  /** All secrets. */
  readonly scan = new SecretScan();
  /** Those that no store may hold readable: all but what the gateway shows again to whoever asks with a right key. */
  readonly unreadable = new SecretScan();
  /** The newest secret of each kind. */
  readonly samples = new Map<string, string>();
  /** Answers from 400 on, whole; error frames and close reasons. */
  readonly errors: string[] = [];
  readonly api: LoginApi;
  /** With the root key; what it calls is noted as well. */
  readonly root: Backend;
  private readonly sockets: Client[] = [];

  constructor(
    readonly url: string,
    readonly socketUrl: string,
  ) {
    this.api = new LoginApi(url);
    this.root = this.backend(ROOT_KEY);
    this.keep('root key', ROOT_KEY);
  }

  /** A secret, and the parts of it that are secrets themselves. */
  keep(kind: string, secret: string): string {
    this.unreadable.add(secret, ...partsOf(secret));
    return this.keepShown(kind, secret);
  }

  /** One that the gateway shows again, and so has to keep as it is. */
  keepShown(kind: string, secret: string): string {
    this.scan.add(secret, ...partsOf(secret));
    this.samples.set(kind, secret);
    return secret;
  }

  /** A secret that is a number, and shown again. One in 400 has so few digits that logs hold it by chance: no scan for it. */
  keepNumber(kind: string, secret: number): string {
    const text = String(secret);
    if (text.length >= MIN_SECRET_LENGTH) return this.keepShown(kind, text);
    this.samples.set(kind, text);
    return text;
  }

  /** The newest secret of this kind. */
  sample(kind: string): string {
    const secret = this.samples.get(kind);
    if (secret === undefined) throw new Error(`no ${kind} was used`);
    return secret;
  }

  async call(method: string, path: string, options: CallOptions = {}): Promise<LoginAnswer> {
    const answer = await this.api.call(method, path, options);
    if (answer.status >= 400)
      this.errors.push(`${String(answer.status)} ${answer.rawHeaders.join(' ')} ${answer.text}`);
    return answer;
  }

  /** A call that has to be answered with a status below 400. */
  async done(method: string, path: string, options: CallOptions = {}): Promise<LoginAnswer> {
    return succeeded(await this.call(method, path, options), `${method} ${path}`);
  }

  backend(key: string): Backend {
    return new NotingBackend(this, key);
  }

  /** A native call with the root key that has to succeed. */
  async native(method: string, path: string, body?: unknown): Promise<Answer> {
    return succeeded(await this.root.native(method, path, body), `${method} ${path}`);
  }

  async newKey(...scopes: readonly string[]): Promise<string> {
    const { body } = await this.native('POST', '/v1/keys', { name: 'k', scopes });
    return this.keep('API key', (body as { secret: string }).secret);
  }

  /** With a password that looks different in every spelling. */
  async newUser(more: Readonly<Record<string, unknown>> = {}): Promise<TestUser> {
    const password = this.keep('password', newPassword('p'));
    return { ...(await this.api.newUser({ password, ...more })), password };
  }

  /** A handshake, refused or not; null when it was refused. */
  async connect(credential: string | null, options: ConnectOptions = {}): Promise<Client | null> {
    const outcome = await Client.attempt(this.socketUrl, credential, options);
    if (outcome instanceof Client) {
      this.sockets.push(outcome);
      return outcome;
    }
    this.errors.push(JSON.stringify(outcome));
    return null;
  }

  /** A handshake that has to succeed. */
  async join(credential: string, options: ConnectOptions = {}): Promise<Client> {
    const client = await this.connect(credential, options);
    if (client === null) throw new Error(`refused: ${this.errors.at(-1) ?? ''}`);
    await client.expect('welcome');
    return client;
  }

  /** Every error so far, those on sockets included. */
  everyError(): string {
    const onSockets = this.sockets.flatMap(({ controls, closed }) => [
      ...controls.filter(({ type }: ServerControl) => type === 'error').map((frame) => JSON.stringify(frame)),
      JSON.stringify(closed),
    ]);
    return [...this.errors, ...onSockets].join('\n');
  }

  async leave(): Promise<void> {
    await Promise.all(this.sockets.map((socket) => socket.leave()));
  }
}

function partsOf(secret: string): readonly string[] {
  const signature = JWT.exec(secret)?.[1];
  return signature === undefined ? secret.split(/[._]/).filter((part) => SECRET_PART.test(part)) : [signature];
}

/** Every letter that some encoding writes in another way. */
export function newPassword(begin: string): string {
  return `${begin}@ss+"word"/%41&=;${randomBytes(6).toString('hex')}`;
}

/** Every byte as %xx, letters and digits too. */
export function percentEncoded(text: string): string {
  return [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
}

export function succeeded<T extends Answer>(answer: T, what: string): T {
  if (answer.status < 400) return answer;
  throw new Error(`${what} answered ${String(answer.status)}: ${JSON.stringify(answer.body)}`);
}

class NotingBackend extends Backend {
  constructor(
    private readonly journal: Journal,
    key: string,
  ) {
    super(journal.url, key);
  }

  override call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const raw = body === undefined ? {} : { raw: typeof body === 'string' ? body : JSON.stringify(body) };
    return this.journal.call(method, path, { ...raw, headers });
  }
}
