/** HTTP requests: guard, copy, collect a capped body, call the handler, write the answer, all within a deadline. */
import { Failure } from '../../protocol/failure.js';
import type { Clock } from '../../ports/clock.js';
import type { HttpHandler, HttpResponse } from '../../ports/http.js';
import type { Log } from '../../ports/log.js';
import type { Metrics } from '../../ports/metrics.js';
import type { AddressRules } from './client-address.js';
import type { EngineRequest, EngineResponse } from './engine.js';
import { Exchange } from './exchange.js';
import { isTooLarge } from './header-guard.js';
import { copyHead, isAmbiguousHead, type RequestHead } from './request.js';

export interface HttpDeps {
  readonly handle: HttpHandler;
  /** The answer for a failure before the handler, in the error shape of the path's surface. */
  readonly refuse: (head: RequestHead, failure: Failure) => HttpResponse;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly maxBodyBytes: number;
  /** From the first byte of the head to the answer. */
  readonly deadlineMs: number;
  readonly addresses: AddressRules;
  /** How long a client may keep an idle connection, in seconds. 0: every answer closes its connection. */
  readonly keepAliveS: number;
}

/** Methods that change nothing; HEAD is served as GET. */
const READING: ReadonlySet<string> = new Set(['GET', 'OPTIONS']);

export class HttpServer {
  private open = 0;
  private idle: (() => void) | null = null;

  constructor(private readonly deps: HttpDeps) {}

  /** Called by the engine. Never throws: an exception here would end the process. */
  readonly onRequest = (res: EngineResponse, req: EngineRequest): void => {
    const isHead = req.getMethod() === 'head';
    const exchange = this.exchange(res, isHead);
    try {
      const head = copyHead(res, req, this.deps.addresses);
      this.begin(exchange, res, isHead ? { ...head, method: 'GET' } : head);
    } catch (error) {
      this.fail(exchange, error);
    }
  };

  private readonly afterParsing = (run: () => void): void => {
    this.deps.clock.endOfTurn(run);
  };

  exchange(res: EngineResponse, isHead: boolean): Exchange {
    const { keepAliveS, addresses } = this.deps;
    const later = addresses.readsProxyProtocol ? this.afterParsing : null;
    return new Exchange(res, { isHead, keepAliveS, later });
  }

  /** Answers without reading a body, and closes the connection so that nothing after the head is parsed. */
  refuse(exchange: Exchange, head: RequestHead, failure: Failure): void {
    exchange.answer({ ...this.deps.refuse(head, failure), close: true });
  }

  /** Serves a request that the engine took for a handshake but that asks for no upgrade. */
  serve(exchange: Exchange, head: RequestHead): void {
    if (isAmbiguousHead(head)) this.refuseAmbiguous(exchange, head);
    else if (isTooLarge(head)) this.refuse(exchange, head, new Failure('headers_too_large'));
    else this.dispatch(exchange, head, new Uint8Array(0));
  }

  /** Resolves when no exchange is open. */
  drained(): Promise<void> {
    if (this.open === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.idle = resolve;
    });
  }

  /** Counts the exchange as open and starts its deadline. */
  track(exchange: Exchange, head: RequestHead): void {
    const { clock, deadlineMs } = this.deps;
    this.open += 1;
    exchange.limit((extraMs) =>
      clock.after(deadlineMs + extraMs, () => {
        const mayChange = exchange.isHandled && !READING.has(head.method);
        const code = mayChange ? 'outcome_unknown' : 'deadline_exceeded';
        this.refuse(exchange, head, new Failure(code, { retryAfterS: 1 }));
      }),
    );
    exchange.onOver(() => {
      this.open -= 1;
      if (this.open === 0) this.idle?.();
    });
  }

  private begin(exchange: Exchange, res: EngineResponse, head: RequestHead): void {
    this.track(exchange, head);
    if (isAmbiguousHead(head)) {
      this.refuseAmbiguous(exchange, head);
      return;
    }
    if (isTooLarge(head)) {
      this.refuse(exchange, head, new Failure('headers_too_large'));
      return;
    }
    this.collect(exchange, res, head, (body) => {
      this.dispatch(exchange, head, body);
    });
  }

  private dispatch(exchange: Exchange, head: RequestHead, body: Uint8Array): void {
    const { id, method, path, query, headers, remoteAddress } = head;
    exchange.isHandled = true;
    this.deps.handle({ id, method, path, query, headers, remoteAddress, body, patience: exchange }).then(
      (response) => {
        exchange.answer(response);
      },
      (error: unknown) => {
        this.fail(exchange, error);
      },
    );
  }

  /**
   * Answers in the next turn: the engine closes a connection that sends a second request while the first is open, so it
   * never serves a smuggled one.
   */
  private refuseAmbiguous(exchange: Exchange, head: RequestHead): void {
    this.deps.clock.endOfTurn(() => {
      exchange.answer({ ...this.deps.refuse(head, new Failure('ambiguous_request')), close: true });
    });
  }

  private collect(exchange: Exchange, res: EngineResponse, head: RequestHead, done: (body: Uint8Array) => void): void {
    const { maxBodyBytes } = this.deps;
    const tooLarge = (): void => {
      exchange.answer({ ...this.deps.refuse(head, new Failure('body_too_large')), close: true });
    };
    if (Number(head.headers.get('content-length') ?? 0) > maxBodyBytes) {
      tooLarge();
      return;
    }
    let chunks: Uint8Array[] = [];
    let length = 0;
    res.onData((chunk, isLast) => {
      try {
        if (exchange.over) return;
        length += chunk.byteLength;
        if (length > maxBodyBytes) {
          chunks = [];
          tooLarge();
          return;
        }
        if (chunk.byteLength > 0) chunks.push(new Uint8Array(chunk.slice(0)));
        if (isLast) done(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks));
      } catch (error) {
        this.fail(exchange, error);
      }
    });
  }

  private fail(exchange: Exchange, error: unknown): void {
    const { log, metrics } = this.deps;
    metrics.tallies.handlerFailures += 1;
    log.error('http_failed', error);
    try {
      exchange.answer({ status: 500, close: true });
    } catch (second) {
      log.error('http_answer_failed', second);
    }
  }
}
