/**
 * A game client on a plain WebSocket: joins with a credential, sends frames, remembers the control frames it hears and
 * how it was closed, and hands relayed entries on. Whatever a well-behaved client should never meet becomes its fault,
 * and ends every wait on it.
 */
import { WebSocket } from 'ws';
import { z } from 'zod';
import { decodeBatchFrame, type Entry } from '../src/protocol/batch-frame.js';
import { BACKEND_INDEX } from '../src/protocol/ids.js';
import { encodeRelayFrame, type RelayFrameFields } from '../src/protocol/relay-frame.js';
import { SUBPROTOCOL } from '../src/protocol/wire.js';
import { Changes, demand } from './changes.js';
import { parseControl, type Heard, type HeardOf } from './control-frames.js';

const HANDSHAKE_MS = 5_000;

export interface Closed {
  readonly code: number;
  readonly reason: string;
  /** As `performance.now()`, like every time here. */
  readonly atMs: number;
}

export interface Refused {
  readonly status: number;
  readonly code: string;
}

/** Told of what comes, at the time it came. */
export interface Listener {
  onEntry(entry: Entry, atMs: number): void;
  onAck(ref: number, seq: number, atMs: number): void;
}

/** A control frame without the documented shape. */
const MALFORMED = { type: 'malformed' } as const;
type Malformed = typeof MALFORMED;

export class GameClient {
  private listener: Listener | null = null;
  private readonly changes = new Changes();
  private readonly heard: Heard[] = [];
  private readonly fromBackend: Entry[] = [];
  private closed: Closed | null = null;
  private fault: string | null = null;
  private pings = 0;

  private constructor(
    readonly name: string,
    private readonly socket: WebSocket,
  ) {
    socket.on('message', (data, isBinary) => {
      this.onMessage(Buffer.isBuffer(data) ? data : Buffer.alloc(0), isBinary, performance.now());
    });
    socket.on('close', (code, reason) => {
      this.closed = { code, reason: reason.toString('utf8'), atMs: performance.now() };
      this.changes.notify();
    });
    socket.on('error', (error) => this.blame(error.message));
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
    const [first] = this.heard;
    demand(first?.type === 'welcome', `${this.name}: the first frame was ${first?.type ?? 'none'}, not the welcome`);
    return first;
  }

  get index(): number {
    return this.welcome.you.index;
  }

  /** Throws when something happened that should not have. */
  demandFine(): void {
    demand(this.fault === null, `${this.name}: ${this.fault ?? ''}`);
  }

  /** From now on; what came before was for nobody. */
  listen(listener: Listener): void {
    this.listener = listener;
  }

  relay(fields: RelayFrameFields): void {
    this.socket.send(encodeRelayFrame(fields));
  }

  say(frame: { readonly type: string; readonly [member: string]: unknown }): void {
    this.socket.send(JSON.stringify(frame));
  }

  /** The first control frame of this type that fits, among those that came and those that come. Acks go to the listener. */
  hear<T extends Heard['type']>(type: T, fits: (frame: HeardOf<T>) => boolean = () => true): Promise<HeardOf<T>> {
    return this.untilOpen(type, () =>
      this.heard.find((frame): frame is HeardOf<T> => isOf(frame, type) && fits(frame)),
    );
  }

  /** The first message of the backend, come or to come. */
  hearBackend(): Promise<Entry> {
    return this.untilOpen("the backend's message", () => this.fromBackend[0]);
  }

  /** A round trip: what the gateway sent to this client before it answered has come. */
  async settle(): Promise<void> {
    this.pings += 1;
    const t = this.pings;
    this.say({ type: 'ping', t });
    await this.hear('pong', (pong) => pong.t === t);
  }

  untilClosed(): Promise<Closed> {
    return this.changes.until(`${this.name} waits to be closed`, () => this.closed);
  }

  /** Lets go of the socket, without a word. */
  drop(): void {
    this.socket.terminate();
  }

  /** Waits for what can only come while all is well. */
  private untilOpen<T>(what: string, look: () => T | undefined): Promise<T> {
    return this.changes.until(`${this.name} waits for ${what}`, () => {
      const found = look();
      if (found !== undefined) return found;
      this.demandFine();
      const { code, reason } = this.closed ?? { code: null, reason: '' };
      demand(code === null, `${this.name} waits for ${what}, but was closed ${code ?? ''} ${reason}`);
      return null;
    });
  }

  private onMessage(bytes: Buffer, isBinary: boolean, atMs: number): void {
    if (isBinary) this.onBatch(bytes, atMs);
    else this.onControl(bytes.toString('utf8'), atMs);
    this.changes.notify();
  }

  private onBatch(bytes: Buffer, atMs: number): void {
    const entries = decodeBatchFrame(bytes);
    if (entries === null) this.blame(`heard a binary frame that is no batch: ${bytes.toString('hex')}`);
    for (const entry of entries ?? []) {
      if (entry.sender === BACKEND_INDEX) this.fromBackend.push(entry);
      else this.listener?.onEntry(entry, atMs);
    }
  }

  private onControl(text: string, atMs: number): void {
    const frame = readControl(text);
    switch (frame?.type) {
      case undefined:
        return;
      case 'malformed':
      case 'error':
      case 'gap':
      case 'goaway':
        this.blame(`heard ${text}`);
        return;
      case 'ack':
        this.listener?.onAck(frame.ref, frame.seq, atMs);
        return;
      default:
        this.heard.push(frame);
    }
  }

  /** The first one counts: the others follow from it. */
  private blame(fault: string): void {
    this.fault ??= fault;
    this.changes.notify();
  }
}

function readControl(text: string): Heard | Malformed | null {
  try {
    return parseControl(text);
  } catch {
    return MALFORMED;
  }
}

function isOf<T extends Heard['type']>(frame: Heard, type: T): frame is HeardOf<T> {
  return frame.type === type;
}

const refusal = z.object({ code: z.string() });

function refusalCode(text: string): string {
  return refusal.parse(JSON.parse(text)).code;
}
