/** A game client for tests: a plain WebSocket that keeps everything it is sent, and waits for what a test expects. */
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { decodeBatchFrame, type Entry } from '../../src/protocol/batch-frame.js';
import { encodeRelayFrame, type RelayFrameFields } from '../../src/protocol/relay-frame.js';
import type { ServerControl, Welcome } from '../../src/protocol/server-control.js';
import { eventually } from './eventually.js';

export interface Refused {
  readonly status: number;
  readonly body: { readonly code?: string; readonly message?: string };
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

export interface Closed {
  readonly code: number;
  readonly reason: string;
}

export interface ConnectOptions {
  readonly carrier?: 'header' | 'protocol' | 'query';
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly localAddress?: string;
}

export class Client {
  readonly controls: ServerControl[] = [];
  readonly entries: Entry[] = [];
  /** How many batch frames came: entries of one frame came together. */
  batches = 0;
  closed: Closed | null = null;
  /** Faults that the WebSocket library found in the received bytes. */
  failure: string | null = null;

  private constructor(readonly socket: WebSocket) {
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (!isBinary) {
        this.controls.push(JSON.parse(data.toString('utf8')) as ServerControl);
        return;
      }
      const entries = decodeBatchFrame(data);
      if (entries === null) throw new Error(`not a batch: ${data.toString('hex')}`);
      this.batches += 1;
      this.entries.push(...entries);
    });
    socket.on('close', (code, reason) => {
      this.closed = { code, reason: reason.toString('utf8') };
    });
    socket.on('error', (error) => (this.failure = error.message));
  }

  /** Connects and waits for the welcome; rejects when the handshake is refused. */
  static async join(socketUrl: string, credential: string, options: ConnectOptions = {}): Promise<Client> {
    const outcome = await Client.attempt(socketUrl, credential, options);
    if (!(outcome instanceof Client))
      throw new Error(`refused: ${String(outcome.status)} ${JSON.stringify(outcome.body)}`);
    await outcome.expect('welcome');
    return outcome;
  }

  /** Connects; a refused handshake is a value. */
  static attempt(
    socketUrl: string,
    credential: string | null,
    options: ConnectOptions = {},
  ): Promise<Client | Refused> {
    const { carrier = 'header', query = {}, headers = {}, localAddress } = options;
    const url = new URL('/v1/connect', socketUrl);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const protocols = ['sallyport.v1'];
    const sent: Record<string, string> = { ...headers };
    if (credential !== null) {
      if (carrier === 'header') sent['authorization'] = `Bearer ${credential}`;
      if (carrier === 'protocol') protocols.push(`bearer.${credential}`);
      if (carrier === 'query') url.searchParams.set('access_token', credential);
    }
    const socket = new WebSocket(url, protocols, {
      headers: sent,
      perMessageDeflate: false,
      ...(localAddress === undefined ? {} : { localAddress }),
    });
    const client = new Client(socket);
    return new Promise((resolve, reject) => {
      socket.once('open', () => {
        resolve(client);
      });
      socket.once('unexpected-response', (_request, response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (text += chunk));
        response.on('end', () => {
          const body = text === '' ? {} : (JSON.parse(text) as Refused['body']);
          resolve({ status: response.statusCode ?? 0, body, headers: response.headers });
        });
      });
      socket.once('error', reject);
    });
  }

  get welcome(): Welcome {
    const welcome = this.controls.find((control) => control.type === 'welcome');
    if (welcome?.type !== 'welcome') throw new Error('no welcome yet');
    return welcome;
  }

  get index(): number {
    return this.welcome.you.index;
  }

  relay(fields: Omit<RelayFrameFields, 'payload'> & { readonly payload: Uint8Array | string }): void {
    const payload = typeof fields.payload === 'string' ? Buffer.from(fields.payload) : fields.payload;
    this.socket.send(encodeRelayFrame({ ...fields, payload }));
  }

  say(frame: unknown): void {
    this.socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
  }

  sendBytes(bytes: Uint8Array): void {
    this.socket.send(bytes);
  }

  of<T extends ServerControl['type']>(type: T): Extract<ServerControl, { type: T }>[] {
    return this.controls.filter((control): control is Extract<ServerControl, { type: T }> => control.type === type);
  }

  /** Waits until `count` control frames of this type have come, and gives the last of them. */
  async expect<T extends ServerControl['type']>(type: T, count = 1): Promise<Extract<ServerControl, { type: T }>> {
    await eventually(() =>
      this.of(type).length >= count
        ? null
        : `${String(this.of(type).length)} of ${String(count)} ${type}; ${this.summary()}`,
    );
    const found = this.of(type)[count - 1];
    if (found === undefined) throw new Error('unreachable');
    return found;
  }

  async expectEntries(count: number): Promise<readonly Entry[]> {
    await eventually(() =>
      this.entries.length >= count
        ? null
        : `${String(this.entries.length)} of ${String(count)} entries; ${this.summary()}`,
    );
    return this.entries;
  }

  async expectClosed(): Promise<Closed> {
    await eventually(() => (this.closed === null ? `still open; ${this.summary()}` : null));
    if (this.closed === null) throw new Error('unreachable');
    return this.closed;
  }

  /**
   * A round trip: whatever the gateway sent to this client before it read the ping is here now.
   * The way to say that something did NOT come.
   */
  async settle(): Promise<void> {
    const t = `settle-${String(this.of('pong').length)}-${String(Math.random())}`;
    this.say({ type: 'ping', t });
    await eventually(() => (this.of('pong').some((pong) => pong.t === t) ? null : `no pong; ${this.summary()}`));
  }

  texts(): string[] {
    return this.entries.map((entry) => Buffer.from(entry.payload).toString('utf8'));
  }

  /** Drops the connection without a close frame. */
  drop(): void {
    this.socket.terminate();
  }

  async leave(): Promise<void> {
    if (this.closed !== null) return;
    this.socket.close();
    await Promise.race([once(this.socket, 'close'), this.expectClosed()]);
  }

  private summary(): string {
    return `got ${this.controls.map(({ type }) => type).join(' ')}; closed ${JSON.stringify(this.closed)} ${this.failure ?? ''}`;
  }
}
