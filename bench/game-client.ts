/** A game client on a plain WebSocket: joins with a credential, sends frames, and waits for what should follow. */
import { WebSocket } from 'ws';
import { z } from 'zod';
import type { Entry } from '../src/protocol/batch-frame.js';
import { encodeRelayFrame, type RelayFrameFields } from '../src/protocol/relay-frame.js';
import { SUBPROTOCOL } from '../src/protocol/wire.js';
import { demand } from './processes/changes.js';
import type { Heard, HeardOf } from './control-frames.js';
import { Inbox, type Closed, type Listener } from './inbox.js';

const HANDSHAKE_MS = 5_000;

export interface Refused {
  readonly status: number;
  readonly code: string;
}

export class GameClient {
  private readonly inbox: Inbox;
  private pings = 0;

  private constructor(
    readonly name: string,
    private readonly socket: WebSocket,
  ) {
    const inbox = new Inbox(name);
    this.inbox = inbox;
    socket.on('message', (data, isBinary) => {
      const atMs = performance.now();
      if (!Buffer.isBuffer(data)) inbox.blame('got a message that is no Buffer');
      else if (isBinary) inbox.onBinary(data, atMs);
      else inbox.onText(data.toString('utf8'), atMs);
    });
    socket.on('close', (code, reason) => {
      inbox.onClosed({ code, reason: reason.toString('utf8'), atMs: performance.now() });
    });
    socket.on('error', (error) => inbox.blame(error.message));
  }

  /** Connects and waits for the welcome. */
  static async join(name: string, link: string, credential: string): Promise<GameClient> {
    const outcome = await GameClient.attempt(name, link, credential);
    if (!(outcome instanceof GameClient)) throw new Error(`${name} was refused: ${outcome.status} ${outcome.code}`);
    await outcome.hear('welcome');
    return outcome;
  }

  /** Connects; a handshake that the gateway refuses is an answer. */
  static attempt(name: string, link: string, credential: string): Promise<GameClient | Refused> {
    const socket = new WebSocket(link, SUBPROTOCOL, {
      headers: { authorization: `Bearer ${credential}` },
      perMessageDeflate: false,
      handshakeTimeout: HANDSHAKE_MS,
    });
    const client = new GameClient(name, socket);
    return new Promise((resolve, reject) => {
      socket.once('open', () => resolve(client));
      socket.once('error', (error) => {
        reject(new Error(`${name} cannot connect to ${link}: ${error.message}`));
      });
      socket.once('unexpected-response', (_request, response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (text += chunk));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, code: refusalCode(text) }));
      });
    });
  }

  get welcome(): HeardOf<'welcome'> {
    const { first } = this.inbox;
    demand(first?.type === 'welcome', `${this.name}: the first frame was ${first?.type ?? 'none'}, not the welcome`);
    return first;
  }

  get index(): number {
    return this.welcome.you.index;
  }

  /** From now on; what came before was for nobody. */
  listen(listener: Listener): void {
    this.inbox.listener = listener;
  }

  relay(fields: RelayFrameFields): void {
    this.inbox.demandOpen();
    this.socket.send(encodeRelayFrame(fields));
  }

  say(frame: { readonly type: string; readonly [member: string]: unknown }): void {
    this.inbox.demandOpen();
    this.socket.send(JSON.stringify(frame));
  }

  /** The first control frame of this type that fits, come or to come. Acks go to the listener instead. */
  hear<T extends Heard['type']>(type: T, fits: (frame: HeardOf<T>) => boolean = () => true): Promise<HeardOf<T>> {
    return this.inbox.hear(type, fits);
  }

  hearBackend(): Promise<Entry> {
    return this.inbox.hearBackend();
  }

  untilClosed(): Promise<Closed> {
    return this.inbox.untilClosed();
  }

  /** A round trip: what the gateway sent to this client before it answered has come. */
  async settle(): Promise<void> {
    this.pings += 1;
    const t = this.pings;
    this.say({ type: 'ping', t });
    await this.hear('pong', (pong) => pong.t === t);
  }

  /** Throws when something happened that should not have. */
  demandFine(): void {
    this.inbox.demandFine();
  }

  /** Lets go of the socket, without a word. */
  drop(): void {
    this.socket.terminate();
  }
}

const refusal = z.object({ code: z.string() });

/** A body without the documented shape is shown as it came. */
function refusalCode(text: string): string {
  try {
    return refusal.parse(JSON.parse(text)).code;
  } catch {
    return `without a code: ${text}`;
  }
}
