/** A client without a network or a clock: sockets and time that move when a test says so. */
import { setImmediate as turn } from 'node:timers/promises';
import { RelayClient, type ClientEvents, type RelayClientOptions } from '../../../src/client/client.js';
import type { SocketEvent, SocketLike } from '../../../src/client/socket.js';
import type { ClientTiming } from '../../../src/client/timing.js';
import { encodeBatchFrame, type Entry } from '../../../src/protocol/batch-frame.js';
import { decodeRelayFrame, type RelayFrame } from '../../../src/protocol/relay-frame.js';
import type { Welcome } from '../../../src/protocol/server-control.js';

export class ManualTiming implements ClientTiming {
  /** Results of the next draws. */
  chance = 1;
  private elapsedMs = 0;
  private readonly timers = new Set<{ readonly dueMs: number; readonly run: () => void }>();

  nowMs(): number {
    return this.elapsedMs;
  }

  random(): number {
    return this.chance;
  }

  setTimer(delayMs: number, run: () => void): () => void {
    const timer = { dueMs: this.elapsedMs + delayMs, run };
    this.timers.add(timer);
    return () => this.timers.delete(timer);
  }

  get pending(): number {
    return this.timers.size;
  }

  /** Time passes and no timer runs: the tab is frozen, or the machine sleeps. */
  freeze(ms: number): void {
    this.elapsedMs += ms;
  }

  /** Moves time on, running what falls due at its own moment; promises get their turn in between. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.elapsedMs + ms;
    for (;;) {
      await turn();
      const [next] = [...this.timers].filter(({ dueMs }) => dueMs <= untilMs).sort((a, b) => a.dueMs - b.dueMs);
      if (next === undefined) break;
      this.elapsedMs = Math.max(this.elapsedMs, next.dueMs);
      this.timers.delete(next);
      next.run();
    }
    this.elapsedMs = untilMs;
  }
}

export class FakeSocket implements SocketLike {
  binaryType = 'blob';
  readyState = 0;
  bufferedAmount = 0;
  readonly sent: (string | Uint8Array)[] = [];
  /** The peer answers the closing handshake at once; else it never does. */
  answersClose = true;
  wasTerminated = false;
  private readonly listeners: { readonly type: string; readonly listener: (event: SocketEvent) => void }[] = [];

  constructor(
    readonly url: string,
    readonly protocols: string[],
  ) {}

  addEventListener(type: string, listener: (event: SocketEvent) => void): void {
    this.listeners.push({ type, listener });
  }

  send(data: string | Uint8Array): void {
    if (this.readyState !== 1) throw new Error('the SDK wrote to a socket that is not open');
    this.sent.push(data);
  }

  close(code?: number): void {
    if (this.readyState === 1 && this.answersClose) this.closeWith(code ?? 1005, '');
    else this.readyState = 2;
  }

  terminate(): void {
    this.wasTerminated = true;
    this.closeWith(1006, '');
  }

  open(): void {
    this.readyState = 1;
    this.fire({ type: 'open' });
  }

  text(frame: unknown): void {
    this.fire({ type: 'message', data: typeof frame === 'string' ? frame : JSON.stringify(frame) });
  }

  entries(...entries: Partial<Entry>[]): void {
    this.bytes(encodeBatchFrame(entries.map((entry) => ({ ...EMPTY_ENTRY, ...entry }))));
  }

  bytes(bytes: Uint8Array): void {
    this.fire({ type: 'message', data: Uint8Array.from(bytes).buffer });
  }

  /** Any data, as an odd WebSocket class may give it. */
  message(data: unknown): void {
    this.fire({ type: 'message', data });
  }

  closeWith(code: number, reason: string): void {
    this.readyState = 3;
    this.fire({ type: 'close', code, reason });
  }

  /** The control frames that were sent. */
  get controls(): { readonly type: string; readonly [name: string]: unknown }[] {
    return this.sent.filter((data) => typeof data === 'string').map((text) => JSON.parse(text) as { type: string });
  }

  /** The relay frames that were sent. */
  get frames(): RelayFrame[] {
    return this.sent
      .filter((data) => typeof data !== 'string')
      .map((bytes) => {
        const frame = decodeRelayFrame(bytes);
        if ('fault' in frame) throw new Error(frame.fault);
        return frame;
      });
  }

  get payloads(): string[] {
    return this.frames.map(({ payload }) => Buffer.from(payload).toString('utf8'));
  }

  private fire(event: SocketEvent): void {
    for (const { type, listener } of this.listeners) if (type === event.type) listener(event);
  }
}

const EMPTY_ENTRY: Entry = { sender: 1, deliveryClass: 0, targeted: false, key: 0, seq: 0, payload: new Uint8Array(0) };

export function welcome(changed: Partial<Welcome> = {}): Welcome {
  return {
    type: 'welcome',
    protocol: 1,
    session: { id: '0123456789ab-S', metadata: null, max_users: 10, expires_at: 2_000_000_000_000, locked: false },
    you: { index: 0, user_id: 'me', role: 'host' },
    members: [
      { index: 0, user_id: 'me', role: 'host', connected: true, state: null },
      { index: 1, user_id: 'other', role: 'client', connected: true, state: null },
    ],
    host: { index: 0, term: 1 },
    epoch: 'e1',
    seq: 0,
    recovered: false,
    resume: { token: 'rt.token', window_ms: 30_000 },
    limits: { max_message_bytes: 1024, messages_per_s: 0, bytes_per_s: 0 },
    heartbeat_ms: 20_000,
    node: 'node_x',
    ...changed,
  };
}

type Told = { readonly [E in keyof ClientEvents]: ClientEvents[E][] };

const EVENTS = [
  'open',
  'message',
  'memberJoined',
  'memberAway',
  'memberBack',
  'memberLeft',
  'memberState',
  'host',
  'sessionUpdated',
  'userSession',
  'gap',
  'goaway',
  'error',
  'undelivered',
  'disconnected',
  'closed',
] as const satisfies (keyof ClientEvents)[];

/** Keeps everything that a client tells, by event. */
export function listenTo(client: RelayClient): Told {
  const told = Object.fromEntries(EVENTS.map((event) => [event, [] as unknown[]]));
  for (const event of EVENTS) client.on(event, (payload) => told[event]?.push(payload));
  return told as unknown as Told;
}

export class Bench {
  readonly timing = new ManualTiming();
  readonly sockets: FakeSocket[] = [];
  /** The answer to the question why a handshake failed; null: no answer comes. */
  refusal: {
    readonly status: number;
    readonly code?: string;
    readonly retryAfter?: string;
    readonly url?: string;
  } | null = null;
  readonly asked: { readonly url: string; readonly authorization: string }[] = [];
  readonly client: RelayClient;
  readonly told: Told;

  constructor(options: Partial<RelayClientOptions> = {}) {
    const { sockets } = this;
    this.client = new RelayClient({
      url: 'ws://gateway.test',
      credential: 'credential',
      timing: this.timing,
      WebSocket: class extends FakeSocket {
        constructor(url: string, protocols: string[]) {
          super(url, protocols);
          sockets.push(this);
        }
      },
      fetch: (url, { headers }) => this.answer(url, headers['Authorization'] ?? ''),
      ...options,
    });
    this.told = listenTo(this.client);
    this.client.connect().catch(() => undefined);
  }

  get socket(): FakeSocket {
    const socket = this.sockets.at(-1);
    if (socket === undefined) throw new Error('no socket yet');
    return socket;
  }

  /** Lets the client make its socket, opens it and welcomes. */
  async admit(changed: Partial<Welcome> = {}): Promise<FakeSocket> {
    await turn();
    this.socket.open();
    this.socket.text(welcome(changed));
    await turn();
    return this.socket;
  }

  /** The newest handshake fails. */
  async fail(): Promise<void> {
    await turn();
    this.socket.closeWith(1006, '');
    await turn();
  }

  private answer(url: string, authorization: string): ReturnType<NonNullable<RelayClientOptions['fetch']>> {
    this.asked.push({ url, authorization });
    if (this.refusal === null) return Promise.reject(new Error('unreachable'));
    const { status, code, url: home, retryAfter = null } = this.refusal;
    return Promise.resolve({
      status,
      headers: { get: () => retryAfter },
      text: async () => JSON.stringify({ code, url: home }),
    });
  }
}
