/** A request and its response of Node's HTTP server as the gateway's engine has them. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { canonicalAddress } from '../../lib/address.js';
import type { EngineContext, EngineRequest, EngineResponse } from './engine.js';

/** Makes the request's socket a WebSocket with this state and subprotocol; empty: none. */
export type Handover = (state: object, protocol: string) => void;

export class NodeRequest implements EngineRequest {
  constructor(private readonly req: IncomingMessage) {}

  getMethod(): string {
    return this.getCaseSensitiveMethod().toLowerCase();
  }

  getCaseSensitiveMethod(): string {
    return this.req.method ?? '';
  }

  getUrl(): string {
    return this.target().split('?', 1)[0] ?? '';
  }

  getQuery(): string {
    const at = this.target().indexOf('?');
    return at === -1 ? '' : this.target().slice(at + 1);
  }

  getHeader(name: string): string {
    const value = this.req.headers[name];
    return Array.isArray(value) ? value.join(', ') : (value ?? '');
  }

  forEach(use: (name: string, value: string) => void): void {
    const { rawHeaders } = this.req;
    for (let at = 0; at + 1 < rawHeaders.length; at += 2)
      use((rawHeaders[at] ?? '').toLowerCase(), rawHeaders[at + 1] ?? '');
  }

  private target(): string {
    return this.req.url ?? '';
  }
}

export class NodeResponse implements EngineResponse {
  private isAnswered = false;

  constructor(
    private readonly req: IncomingMessage,
    private readonly res: ServerResponse,
    private readonly socket: Duplex,
    private readonly handOver: Handover | null,
  ) {
    res.sendDate = true;
  }

  onAborted(run: () => void): void {
    this.res.once('close', () => {
      if (!this.isAnswered) run();
    });
  }

  onData(use: (chunk: ArrayBuffer, isLast: boolean) => void): void {
    this.req.on('data', (chunk: Buffer) => {
      use(new Uint8Array(chunk).slice().buffer, false);
    });
    this.req.on('end', () => {
      use(new ArrayBuffer(0), true);
    });
    this.req.on('error', () => undefined);
  }

  cork(run: () => void): void {
    run();
  }

  writeStatus(status: string): void {
    this.res.statusCode = Number(status.slice(0, 3));
    this.res.statusMessage = status.slice(4);
  }

  writeHeader(name: string, value: string): void {
    this.res.appendHeader(name, value);
  }

  end(body: string | Uint8Array, close = false): void {
    if (!this.res.headersSent) this.res.setHeader('Content-Length', Buffer.byteLength(body));
    this.finish(close, body);
  }

  endWithoutBody(_length?: number, close = false): void {
    this.finish(close || this.res.getHeader('connection') === 'close', null);
  }

  write(piece: string): boolean {
    if (!this.res.headersSent) {
      this.res.removeHeader('Keep-Alive');
      this.req.resume();
    }
    return this.res.write(piece);
  }

  onWritable(run: (offset: number) => boolean): void {
    this.res.on('drain', () => run(0));
  }

  close(): void {
    this.socket.destroy();
  }

  getRemoteAddress(): ArrayBuffer {
    const text = 'remoteAddress' in this.socket ? String(this.socket.remoteAddress) : '';
    return addressBytes(canonicalAddress(text) ?? '0.0.0.0');
  }

  /** This engine does not read the PROXY protocol. */
  getProxiedRemoteAddress(): ArrayBuffer {
    return new ArrayBuffer(0);
  }

  upgrade(state: object, _key: string, protocol: string, _extensions: string, _context: EngineContext): void {
    this.isAnswered = true;
    this.handOver?.(state, protocol);
  }

  /** Reads and drops the rest of the request, so that the client gets the answer and no reset. */
  private finish(close: boolean, body: string | Uint8Array | null): void {
    this.isAnswered = true;
    const isLast = close || this.handOver !== null;
    if (isLast && !this.res.headersSent) {
      this.res.setHeader('Connection', 'close');
      this.res.removeHeader('Keep-Alive');
    }
    this.req.resume();
    if (body === null) this.res.end();
    else this.res.end(body);
    if (this.handOver !== null) this.res.on('finish', () => this.socket.end());
  }
}

/** The bytes of a canonical address: 4 or 16. */
function addressBytes(address: string): ArrayBuffer {
  if (!address.includes(':')) return Uint8Array.from(address.split('.'), Number).buffer;
  const [head = '', tail] = address.split('::');
  const groups = (text: string | undefined): string[] => (text === undefined || text === '' ? [] : text.split(':'));
  const [first, last] = [groups(head), groups(tail)];
  const all = [...first, ...new Array<string>(8 - first.length - last.length).fill('0'), ...last];
  return Uint8Array.from(all.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255]))
    .buffer;
}
