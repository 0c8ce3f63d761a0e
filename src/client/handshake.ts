/** The way to an open socket: the credential, the URL, the WebSocket, and when that fails the reason why. */
import { SUBPROTOCOL } from '../protocol/wire.js';
import { LOST_LINK } from './link.js';
import { askWhyRefused, type FetchLike } from './probe.js';
import type { ConnectionEnd } from './reconnect.js';
import { RelayError } from './relay-error.js';
import { findSocketConstructor, type SocketConstructor, type SocketLike } from './socket.js';

export type CredentialSource = string | (() => string | Promise<string>);

/** The right to a connection: a resume token and the last number seen, or the credential. */
export interface Ticket {
  readonly url: URL;
  readonly resume: { readonly token: string; readonly seq: number } | null;
}

export interface HandshakeDeps {
  readonly credential: CredentialSource;
  readonly WebSocket: SocketConstructor | undefined;
  readonly fetch: FetchLike;
}

const CONNECT_PATH = '/v1/connect';

/** Takes ws, wss, http and https URLs; the origin alone will do. Throws a TypeError for anything else. */
export function connectUrl(given: string | URL): URL {
  const url = new URL(given);
  url.protocol = url.protocol.replace('http', 'ws');
  if (url.protocol !== 'ws:' && url.protocol !== 'wss:') throw new TypeError('url: not a WebSocket URL');
  if (url.pathname === '/') url.pathname = CONNECT_PATH;
  url.hash = '';
  return url;
}

export class Handshake {
  private readonly url: URL;
  private secret = '';
  private readonly abort = new AbortController();

  constructor(
    private readonly ticket: Ticket,
    private readonly deps: HandshakeDeps,
  ) {
    this.url = new URL(ticket.url);
    if (ticket.resume !== null) this.url.searchParams.set('seq', `${ticket.resume.seq}`);
  }

  /** Rejects with a RelayError: `credential_failed` may pass, the others will not. */
  async open(): Promise<SocketLike> {
    this.secret = this.ticket.resume?.token ?? (await this.credential());
    const Socket = await findSocketConstructor(this.deps.WebSocket);
    if (this.abort.signal.aborted) throw new RelayError('closed', 'The connection is not wanted any more.');
    try {
      // Browsers cannot set headers: the credential travels as a subprotocol.
      return new Socket(this.url.href, [SUBPROTOCOL, `bearer.${this.secret}`]);
    } catch (cause) {
      throw new RelayError('credential_invalid', 'The credential or the URL cannot be used.', { cause });
    }
  }

  /** Why the socket did not open. */
  async explain(): Promise<ConnectionEnd> {
    const refusal = await askWhyRefused(this.deps.fetch, this.url, this.secret, this.abort.signal);
    return refusal === null ? { by: 'close', code: LOST_LINK, reason: 'unreachable' } : { by: 'refusal', refusal };
  }

  cancel(): void {
    this.abort.abort();
  }

  private async credential(): Promise<string> {
    const { credential } = this.deps;
    try {
      return typeof credential === 'string' ? credential : await credential();
    } catch (cause) {
      throw new RelayError('credential_failed', 'The credential function failed.', { cause });
    }
  }
}
