/**
 * One HTTP exchange with the engine: tracks whether it is over, and writes at most one answer. After an abort or an
 * answer, every call on the engine's response would throw; here such calls do nothing.
 */
import { STATUS_CODES } from 'node:http';
import type { Timer } from '../../ports/clock.js';
import type { HttpResponse, Patience, TextStream } from '../../ports/http.js';
import type { EngineContext, EngineResponse } from './engine.js';
import { openStream } from './stream.js';
import { makeYoungRoom } from './young-heap.js';

export interface ExchangeManner {
  /** A HEAD request gets the head of the GET answer, including the length, and no body. */
  readonly isHead: boolean;
  /** How long the client may keep the connection after the answer, in seconds; 0: the answer closes it. */
  readonly keepAliveS: number;
  /**
   * When set, answers leave at this later time of the same turn. The engine then closes a connection whose client sends
   * a second request in the same packet. Otherwise it serves that request, even after an answer that closes.
   */
  readonly later: ((run: () => void) => void) | null;
}

export interface Handshake {
  /** The engine keeps it with the socket. */
  readonly state: object;
  /** The client's Sec-WebSocket-Key. */
  readonly key: string;
  /** The subprotocol of the answer; empty for none. */
  readonly protocol: string;
  readonly context: EngineContext;
}

const nothing = (): void => undefined;

export class Exchange implements Patience {
  private isOver = false;
  private isAnswered = false;
  /** Whether a handler runs. It may change something, and continues if its caller is answered early. */
  isHandled = false;
  private readonly whenOver: (() => void)[] = [];
  private deadline: Timer | null = null;
  private startDeadline: ((extraMs: number) => Timer) | null = null;

  /** Registers for aborts at once: without a handler, a client that disconnects ends the process. */
  constructor(
    private readonly res: EngineResponse,
    private readonly manner: ExchangeManner,
  ) {
    res.onAborted(() => {
      this.end();
    });
  }

  get over(): boolean {
    return this.isOver;
  }

  onOver(run: () => void): void {
    if (this.isOver) run();
    else this.whenOver.push(run);
  }

  /** Starts the deadline, which counts until the head of the answer is written. */
  limit(start: (extraMs: number) => Timer): void {
    this.startDeadline = start;
    this.deadline = start(0);
  }

  /** A deadline that begins anew: callers extend it at the begin of their work. */
  extend(ms: number): void {
    if (this.isOver || this.isAnswered) return;
    this.deadline?.cancel();
    this.deadline = this.startDeadline?.(ms) ?? null;
  }

  answer(response: HttpResponse): void {
    if (this.isOver || this.isAnswered) {
      response.stream?.drop();
      return;
    }
    this.isAnswered = true;
    const { later } = this.manner;
    if (later === null) this.write(response);
    else {
      later(() => {
        if (this.isOver) response.stream?.drop();
        else this.write(response);
      });
    }
  }

  private write(response: HttpResponse): void {
    const { stream } = response;
    if (stream !== undefined && !this.manner.isHead) {
      this.stream(response, stream);
      return;
    }
    stream?.drop();
    this.end();
    const { status, headers = {}, body } = response;
    const { isHead, keepAliveS } = this.manner;
    const close = response.close === true || keepAliveS === 0;
    this.res.cork(() => {
      this.res.writeStatus(`${String(status)} ${STATUS_CODES[status] ?? ''}`);
      for (const [name, value] of Object.entries(headers)) this.res.writeHeader(name, value);
      if (!close) {
        this.res.writeHeader('Connection', 'keep-alive');
        this.res.writeHeader('Keep-Alive', `timeout=${String(keepAliveS)}`);
      }
      if (status === 204) this.endWithoutBody(close);
      else if (isHead) {
        if (this.manner.later === null) this.res.writeHeader('Content-Length', String(Buffer.byteLength(body ?? '')));
        this.endWithoutBody(close);
      } else this.res.end(body ?? '', close);
    });
  }

  /** The exchange is over when the stream is. The connection closes with it, so a client never takes the rest for more. */
  private stream({ status, headers = {} }: HttpResponse, stream: TextStream): void {
    this.deadline?.cancel();
    const { res } = this;
    res.cork(() => {
      res.writeStatus(`${String(status)} ${STATUS_CODES[status] ?? ''}`);
      for (const [name, value] of Object.entries(headers)) res.writeHeader(name, value);
      res.writeHeader('Connection', 'close');
    });
    const onEnd = (): void => {
      this.end();
    };
    const closes = this.manner.keepAliveS === 0;
    const gone = openStream({ res, stream, isOver: () => this.isOver, onEnd, closes });
    if (this.isOver) gone();
    else this.onOver(gone);
  }

  /**
   * Turns the response into a WebSocket; the exchange is over. Corked, so that the 101 leaves in one write. When the
   * callback returns, `cork` reads flags from memory that the upgrade has freed, and the engine closes a socket whose
   * flags were overwritten. So no JavaScript runs inside, not even the return from a function of ours, and no garbage
   * collection (docs/adr/0006).
   */
  upgrade({ state, key, protocol, context }: Handshake): void {
    if (this.isOver) return;
    this.end();
    const { res } = this;
    // Extensions stay empty: compression is never negotiated.
    const upgrade = res.upgrade.bind(res, state, key, protocol, '', context);
    // Node keeps a list of the callbacks that run, and makes it longer when they nest deeper than ever. So they nest here as
    // deep as `cork` and `open` will.
    res.cork(res.cork.bind(res, nothing));
    makeYoungRoom();
    res.cork(upgrade);
  }

  /**
   * Without arguments: for `undefined` the 20.30 engine writes a huge length, and with a length it waits for a body. But
   * only with a length of 0 does it close the connection by itself, which behind the PROXY protocol counts more than a
   * right length. Elsewhere the client closes.
   */
  private endWithoutBody(close: boolean): void {
    if (close && this.manner.later !== null) {
      this.res.endWithoutBody(0, true);
      return;
    }
    if (close) this.res.writeHeader('Connection', 'close');
    this.res.endWithoutBody();
  }

  private end(): void {
    this.isOver = true;
    this.deadline?.cancel();
    for (const run of this.whenOver.splice(0)) run();
  }
}
