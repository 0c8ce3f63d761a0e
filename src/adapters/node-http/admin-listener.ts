/**
 * The listener for operators: a port beside the engine's, for reading only. Few and known programs call it, so it is
 * Node's own server: slower than the engine, and stricter about HTTP.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { canonicalAddress } from '../../lib/address.js';
import type { HttpHandler, HttpRequest } from '../../ports/http.js';
import type { Log } from '../../ports/log.js';

/** Scrapers and a few people. */
const MAX_CONNECTIONS = 64;
const HEAD_DEADLINE_MS = 10_000;

export class AdminListener {
  private readonly server: Server;

  constructor(
    private readonly handle: HttpHandler,
    log: Log,
  ) {
    this.server = createServer({ headersTimeout: HEAD_DEADLINE_MS, requestTimeout: HEAD_DEADLINE_MS }, (req, res) => {
      this.answer(req, res).catch((error: unknown) => {
        log.error('admin_request_failed', error);
        res.destroy();
      });
    });
    this.server.maxConnections = MAX_CONNECTIONS;
  }

  /** Resolves with the port. Rejects when the address is taken. */
  listen(host: string, port: number): Promise<number> {
    const { server } = this;
    return new Promise((resolve, reject) => {
      server.once('error', (cause) => {
        reject(new Error(`SALLYPORT_ADMIN_PORT: cannot listen on ${host}:${String(port)}`, { cause }));
      });
      server.listen(port, host, () => {
        const address = server.address();
        resolve(typeof address === 'object' && address !== null ? address.port : port);
      });
    });
  }

  /** Closes every connection. Idempotent. */
  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => {
        resolve();
      });
      this.server.closeAllConnections();
    });
  }

  private async answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    // A body means nothing here.
    req.resume();
    const { status, headers = {}, body = '', close = false, stream } = await this.handle(requestOf(req));
    // No call of this port is answered by a stream.
    stream?.drop();
    if (close) res.shouldKeepAlive = false;
    res.writeHead(status, { ...headers, 'Content-Length': String(Buffer.byteLength(body)) });
    res.end(req.method === 'HEAD' ? undefined : body);
  }
}

function requestOf(req: IncomingMessage): HttpRequest {
  const { url = '', method = '', headers, socket } = req;
  // A server must take an absolute URL as well (RFC 9112, 3.2.2).
  const [path = '', ...query] = url.replace(/^https?:\/\/[^/?#]*/i, '').split('?');
  const address = socket.remoteAddress ?? '';
  return {
    id: randomUUID(),
    method: method === 'HEAD' ? 'GET' : method,
    path,
    query: query.join('?'),
    headers: new Map(
      Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : (value ?? '')]),
    ),
    body: new Uint8Array(0),
    remoteAddress: canonicalAddress(address) ?? address,
  };
}
