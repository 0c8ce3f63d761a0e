/**
 * Handshakes: authentication before the upgrade. A refused handshake gets an HTTP answer; an admitted one becomes a
 * socket.
 */
import { Failure } from '../../protocol/failure.js';
import type { Clock } from '../../ports/clock.js';
import { connectRequestOf, type Gatekeeper } from '../../ports/connect.js';
import type { Log } from '../../ports/log.js';
import type { Metrics } from '../../ports/metrics.js';
import type { AddressRules } from './client-address.js';
import type { EngineContext, EngineRequest, EngineResponse } from './engine.js';
import type { Exchange } from './exchange.js';
import { isTooLarge } from './header-guard.js';
import type { HttpServer } from './http.js';
import { copyHead, isAmbiguousHead, type RequestHead } from './request.js';
import type { SocketState } from './socket.js';

export const CONNECT_PATH = '/v1/connect';
const MATRIX_PARAMETERS = /;[^/]*/g;
/** 16 bytes in base64 (RFC 6455, 4.1). */
const WEBSOCKET_KEY = /^[A-Za-z0-9+/]{22}==$/;

export interface UpgradeDeps {
  readonly gatekeeper: Gatekeeper;
  readonly http: HttpServer;
  readonly log: Log;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly metrics: Metrics;
  readonly addresses: AddressRules;
  /** Called directly after the cork of an upgrade ends. */
  readonly onUpgraded: () => void;
}

export class Upgrades {
  constructor(private readonly deps: UpgradeDeps) {}

  /** Called by the engine. Never throws: an exception here would end the process. */
  readonly onUpgrade = (res: EngineResponse, req: EngineRequest, context: EngineContext): void => {
    const exchange = this.deps.http.exchange(res, false);
    try {
      this.begin(exchange, copyHead(res, req, this.deps.addresses), context);
    } catch (error) {
      this.fail(exchange, error);
    }
  };

  private begin(exchange: Exchange, head: RequestHead, context: EngineContext): void {
    const { http, gatekeeper, clock } = this.deps;
    const startedMs = clock.monotonicMs();
    http.track(exchange, head);
    if (!asksForWebSocket(head)) {
      http.serve(exchange, head);
      return;
    }
    const fault = faultOf(head);
    if (fault !== null) {
      http.refuse(exchange, head, fault);
      return;
    }
    gatekeeper
      .admit(connectRequestOf(head, exchange))
      .then(
        (outcome) => {
          if (outcome.outcome === 'refused') {
            http.refuse(exchange, head, outcome.failure);
          } else if (exchange.over) {
            outcome.admission.abandon();
          } else {
            const state: SocketState = { admission: outcome.admission, startedMs, socket: null, handler: null };
            const key = head.headers.get('sec-websocket-key') ?? '';
            exchange.upgrade({ state, key, protocol: outcome.protocol ?? '', context });
            this.deps.onUpgraded();
          }
        },
        (error: unknown) => {
          this.fail(exchange, error);
        },
      )
      .catch((error: unknown) => {
        this.fail(exchange, error);
      });
  }

  private fail(exchange: Exchange, error: unknown): void {
    const { log, metrics } = this.deps;
    metrics.tallies.handlerFailures += 1;
    log.error('upgrade_failed', error);
    try {
      exchange.answer({ status: 500, close: true });
    } catch (second) {
      log.error('upgrade_answer_failed', second);
    }
  }
}

/** The engine reports every request with a key as a handshake; only this form is an upgrade (RFC 6455, 4.2.1). */
function asksForWebSocket({ headers }: RequestHead): boolean {
  const connection = (headers.get('connection') ?? '').toLowerCase().split(/\s*,\s*/);
  return headers.get('upgrade')?.toLowerCase() === 'websocket' && connection.includes('upgrade');
}

function faultOf(head: RequestHead): Failure | null {
  if (isAmbiguousHead(head)) return new Failure('ambiguous_request');
  if (isTooLarge(head)) return new Failure('headers_too_large');
  if (head.headers.has('transfer-encoding') || Number(head.headers.get('content-length') ?? 0) > 0) {
    return new Failure('invalid_request', { message: 'A handshake must not have a body.' });
  }
  if (head.path.replace(MATRIX_PARAMETERS, '') !== CONNECT_PATH) return new Failure('unknown_path');
  if (head.headers.get('sec-websocket-version') !== '13') {
    return new Failure('invalid_request', { message: 'Sec-WebSocket-Version must be 13.' });
  }
  // The engine treats any Connection header of five letters as `close`, and closes the socket after its 101.
  if (head.headerList.some(([name, value]) => name === 'connection' && value.length === 'close'.length)) {
    return new Failure('invalid_request', { message: 'A handshake must not close its connection.' });
  }
  if (!WEBSOCKET_KEY.test(head.headers.get('sec-websocket-key') ?? '')) {
    return new Failure('invalid_request', { message: 'Sec-WebSocket-Key must be 16 bytes in base64.' });
  }
  return null;
}
