/** One real session on a real gateway, and a comparison of all that its sockets got with what the model expects. */
import type { Entry } from '../../../src/protocol/batch-frame.js';
import { pairOf, type Answer, type Backend, type RelaySessionAnswer } from '../../support/backend.js';
import { Client, type Refused } from '../../support/client.js';
import { eventually } from '../../support/eventually.js';
import { controlInWords, entryInWords, readWelcome, welcomeInWords, type ExpectedSocket } from './expected.js';
import type { Credential, ModelUser, Refusal, SessionModel } from './session-model.js';

export interface SessionRunOptions {
  readonly listed: readonly string[];
  readonly maxUsers: number;
  /** How long the gateway may take to agree after each step. */
  readonly patienceMs: number;
  /** How a client reads the entries that it receives: the control's clients lose some. */
  readonly perceive: (entries: readonly Entry[]) => readonly Entry[];
  /** The store fails at random: calls are repeated, under one Idempotency-Key each, until what came of them is known. */
  readonly isPatient: boolean;
  /** The indexes of the members that the store itself knows; null: it is not asked. */
  readonly storedMembers: ((sessionId: string) => Promise<readonly number[]>) | null;
}

/** A socket as its client knows it. */
interface OpenSocket {
  readonly client: Client;
  readonly user: ModelUser;
  /** From which number on it asked for what it missed. */
  readonly from: number;
}

export class SessionRun {
  private readonly sockets = new Map<ExpectedSocket, OpenSocket>();
  /** Each user's resume tokens, oldest first. */
  private readonly resumeTokens = new Map<ModelUser, string[]>();
  private readonly minted = new Map<ModelUser, string>();
  private readonly names = new Map<string, string>();
  private readonly ids = new Map<string, string>();
  private lastRef = 0;
  private lastKey = 0;
  /** How many times the model and the gateway have agreed. */
  steps = 0;

  private constructor(
    readonly backend: Backend,
    private readonly socketUrl: string,
    private readonly session: RelaySessionAnswer,
    private readonly options: SessionRunOptions,
  ) {}

  static async open(backend: Backend, socketUrl: string, options: SessionRunOptions): Promise<SessionRun> {
    const session = await openSession(backend, options);
    return new SessionRun(backend, socketUrl, session, options);
  }

  get isPatient(): boolean {
    return this.options.isPatient;
  }

  get path(): string {
    return `/v1/relays/sessions/${this.session.session_id}`;
  }

  nextRef(): number {
    this.lastRef += 1;
    return this.lastRef;
  }

  clientOf(socket: ExpectedSocket): Client {
    const opened = this.sockets.get(socket);
    if (opened === undefined) throw new Error('the model has a socket that was never opened');
    return opened.client;
  }

  /** The gateway's id of this user; null for a listed user that has never joined. */
  idOf(user: ModelUser): string | null {
    return this.ids.get(user.name) ?? (this.options.listed.includes(user.name) ? null : `${user.name}-id`);
  }

  tokenOf(user: ModelUser): number {
    return this.session.session_users[this.options.listed.indexOf(user.name)]?.authorization_token ?? 0;
  }

  native(method: string, path: string, body?: unknown): Promise<Answer> {
    return this.settled((headers) => this.backend.native(method, path, body, headers));
  }

  relays(method: string, path: string, body?: unknown): Promise<Answer> {
    return this.settled((headers) => this.backend.relays(method, path, body, headers));
  }

  async mint(user: ModelUser, asHost: boolean): Promise<Refusal | null> {
    const answer = await this.native('POST', `${this.path}/tokens`, {
      user_id: this.idOf(user),
      role: asHost ? 'host' : 'client',
    });
    if (answer.status !== 200) return { status: answer.status, code: (answer.body as { code: string }).code };
    this.minted.set(user, (answer.body as { token: string }).token);
    return null;
  }

  /** A handshake, until it is refused or the welcome is there. */
  async connect(user: ModelUser, credential: Credential): Promise<Client | Refusal> {
    const query = credential.by === 'resume' ? { seq: String(credential.seq) } : {};
    const attempt = (): Promise<Client | Refused> =>
      Client.attempt(this.socketUrl, this.textOf(user, credential), { query });
    const outcome = await this.untilKnown(attempt, (got) => got instanceof Client || got.status !== 503);
    if (!(outcome instanceof Client)) return refusalOf(outcome);
    const { you, resume } = await outcome.expect('welcome');
    this.names.set(you.user_id, user.name);
    this.ids.set(user.name, you.user_id);
    const tokens = this.resumeTokens.get(user) ?? [];
    this.resumeTokens.set(user, [...tokens, resume.token]);
    return outcome;
  }

  noteOpened(socket: ExpectedSocket, client: Client, user: ModelUser, credential: Credential): void {
    const from = credential.by === 'resume' ? credential.seq : client.welcome.seq;
    this.sockets.set(socket, { client, user, from });
  }

  /** The highest reliable number the client has seen: what it would resume from. */
  seenBy(socket: ExpectedSocket): number {
    const opened = this.sockets.get(socket);
    if (opened === undefined) return 0;
    const gaps = opened.client.of('gap').map(({ to }) => to);
    return Math.max(opened.from, ...gaps, ...opened.client.entries.map(({ seq }) => seq));
  }

  /** Waits until every socket, closed ones too, got what the model expects and nothing else, and REST says the same. */
  async agree(model: SessionModel): Promise<void> {
    await eventually(async () => {
      const differences = model.sockets.map((socket) => this.differenceAt(socket)).filter((text) => text !== null);
      return differences.length > 0 ? differences.join('; ') : this.differenceInMembers(model);
    }, this.options.patienceMs);
    this.steps += 1;
  }

  /** Whatever was sent is here now: nothing may have come that the model does not know of. */
  async finish(model: SessionModel): Promise<void> {
    await Promise.all(model.connected.map(({ socket }) => this.clientOf(socket).settle()));
    await this.agree(model);
    const { storedMembers, patienceMs } = this.options;
    if (storedMembers === null) return;
    const expected = model.members.map(({ index }) => String(index)).toSorted();
    await eventually(async () => {
      const got = await storedMembers(this.session.session_id);
      return differs('members in the store', got.map(String).toSorted(), expected, false);
    }, patienceMs);
  }

  /** Takes the session and its sockets off the gateway, whatever became of the run. */
  async close(): Promise<void> {
    for (const { client } of this.sockets.values()) client.drop();
    await this.relays('DELETE', this.path);
  }

  private settled(send: (headers: Record<string, string>) => Promise<Answer>): Promise<Answer> {
    this.lastKey += 1;
    const headers = { 'idempotency-key': `${this.session.session_id}-${String(this.lastKey)}` };
    const isKnown = ({ status, body }: Answer): boolean => status !== 503 && body.code !== 'idempotency_in_progress';
    return this.untilKnown(() => send(this.options.isPatient ? headers : {}), isKnown);
  }

  private async untilKnown<T>(attempt: () => Promise<T>, isKnown: (got: T) => boolean): Promise<T> {
    const known: T[] = [];
    await eventually(async () => {
      const got = await attempt();
      if (this.options.isPatient && !isKnown(got)) return 'the outcome is not known';
      known.push(got);
      return null;
    }, this.options.patienceMs);
    const [first] = known;
    if (first === undefined) throw new Error('unreachable');
    return first;
  }

  private textOf(user: ModelUser, credential: Credential): string {
    switch (credential.by) {
      case 'pair':
        return pairOf(this.session, this.options.listed.indexOf(user.name));
      case 'minted':
        return this.minted.get(user) ?? 'never minted';
      case 'resume':
        return this.resumeTokens.get(user)?.[credential.token - 1] ?? 'never handed out';
    }
  }

  private differenceAt(socket: ExpectedSocket): string | null {
    const { client, user } = this.sockets.get(socket) ?? {};
    if (client === undefined || user === undefined) return 'a socket is missing';
    const nameOf = (id: string): string => this.names.get(id) ?? id;
    const got = { announced: [] as string[], replies: [] as string[] };
    for (const control of client.controls) {
      const said = controlInWords(control, nameOf);
      if (said !== null) got[said.list].push(said.words);
    }
    const entries = this.options
      .perceive(client.entries)
      .filter(({ sender }) => sender !== client.index)
      .map((entry) => entryInWords({ ...entry, payload: Buffer.from(entry.payload).toString('utf8') }));
    const isCut = socket.closed === 'dropped';
    const where = `${user.name} (socket ${String(client.index)}/${String(this.sockets.size)})`;
    const welcome = welcomeInWords(readWelcome(client.welcome, nameOf));
    return (
      differs(`${where} welcome`, [welcome], [welcomeInWords(socket.welcome)], false) ??
      differs(`${where} announced`, this.heard(got.announced), this.heard(socket.announced), isCut) ??
      differs(`${where} replies`, got.replies, socket.replies, isCut) ??
      differs(`${where} entries`, entries, socket.entries, isCut) ??
      differs(
        `${where} close`,
        isCut ? [] : [String(client.closed?.code ?? null)],
        isCut ? [] : [String(socket.closed)],
        false,
      )
    );
  }

  /**
   * A removal whose outcome is not known closes the socket at once, and the others hear that its member is away before they
   * hear that it left.
   */
  private heard(announced: readonly string[]): readonly string[] {
    if (!this.options.isPatient) return announced;
    return announced.filter((words, at) => {
      const index = /^away ([0-9]+)$/.exec(words)?.[1];
      if (index === undefined) return true;
      const next = announced.slice(at + 1).find((later) => later.split(' ')[1] === index);
      return next === undefined || !/^left [0-9]+ (?:kicked|revoked)$/.test(next);
    });
  }

  private async differenceInMembers(model: SessionModel): Promise<string | null> {
    const answer = await this.native('GET', `${this.path}/members`);
    if (model.isEnded) return answer.status === 404 ? null : `ended, but REST answers ${String(answer.status)}`;
    const { members } = answer.body as {
      readonly members: readonly { readonly index: number; readonly role: string; readonly connected: boolean }[];
    };
    const got = members.map(({ index, role, connected }) => `${String(index)} ${role} ${String(connected)}`);
    const expected = model.members.map(({ index, socket }) => {
      const role = model.host.index === index ? 'host' : 'client';
      return `${String(index)} ${role} ${String(socket !== null)}`;
    });
    return differs('members by REST', got, expected, false);
  }
}

/** A create whose outcome is not known is left alone: nobody ever hears of that session. */
async function openSession(backend: Backend, options: SessionRunOptions): Promise<RelaySessionAnswer> {
  const { listed, maxUsers, isPatient, patienceMs } = options;
  const create = (): Promise<RelaySessionAnswer> =>
    backend.createSession(listed.length, { max_users: maxUsers, flush_ms: 0 });
  if (!isPatient) return create();
  const made: RelaySessionAnswer[] = [];
  await eventually(async () => {
    const session = await create().catch((error: unknown) => String(error));
    if (typeof session === 'string') return session;
    made.push(session);
    return null;
  }, patienceMs);
  const [first] = made;
  if (first === undefined) throw new Error('unreachable');
  return first;
}

function refusalOf({ status, body }: Refused): Refusal {
  return { status, code: body.code ?? '' };
}

/** A connection that was cut may have got only the first part. */
function differs(what: string, got: readonly string[], expected: readonly string[], isCut: boolean): string | null {
  const wanted = isCut ? expected.slice(0, got.length) : expected;
  const isEqual = got.length === wanted.length && got.every((words, n) => words === wanted[n]);
  return isEqual ? null : `${what}: got [${got.join(' | ')}], expected [${expected.join(' | ')}]`;
}
