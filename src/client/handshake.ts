/** Opens a socket: gets the credential, builds the URL, makes the WebSocket, and finds the reason when that fails. */
import { SUBPROTOCOL } from '../protocol/wire.js';
import { LOST_LINK } from './link.js';
import { askWhyRefused, type FetchLike } from './probe.js';
import type { ConnectionEnd } from './reconnect.js';
import { RelayError } from './relay-error.js';
import { findSocketConstructor, type SocketConstructor, type SocketLike } from './socket.js';

export type CredentialSource = string | (() => string | Promise<string>);

/** A function is asked afresh for each attempt. */
export type UrlSource = string | URL | (() => string | URL | Promise<string | URL>);

/** The right to a connection: a resume token and the last number seen, or the credential. */
export interface Ticket {
  readonly url: UrlSource;
  readonly resume: { readonly token: string; readonly seq: number } | null;
}

export interface HandshakeDeps {
  readonly credential: CredentialSource;
  readonly WebSocket: SocketConstructor | undefined;
  readonly fetch: FetchLike;
}

const CONNECT_PATH = '/v1/connect';

/** Takes ws, wss, http and https URLs; the origin alone is enough. Throws a TypeError for anything else. */
export function connectUrl(given: string | URL): URL {
  const url = new URL(given);
  url.protocol = url.protocol.replace('http', 'ws');
  if (url.protocol !== 'ws:' && url.protocol !== 'wss:') throw new TypeError('url: not a WebSocket URL');
  if (url.pathname === '/') url.pathname = CONNECT_PATH;
  url.hash = '';
  return url;
}

export class Handshake {
  /** null until it is known. */
  private url: URL | null = null;
  private secret = '';
  private readonly abort = new AbortController();

  constructor(
    private readonly ticket: Ticket,
    private readonly deps: HandshakeDeps,
  ) {}

  /** Rejects with a RelayError: `credential_failed` and `url_failed` may pass, the others will not. */
  async open(): Promise<SocketLike> {
    const url = await this.address();
    this.url = url;
    this.secret = this.ticket.resume?.token ?? (await this.credential());
    const Socket = await findSocketConstructor(this.deps.WebSocket);
    if (this.abort.signal.aborted) throw new RelayError('closed', 'The connection is not wanted any more.');
    try {
      // Browsers cannot set headers: the credential travels as a subprotocol.
      return new Socket(url.href, [SUBPROTOCOL, `bearer.${this.secret}`]);
    } catch (cause) {
      throw new RelayError('credential_invalid', 'The credential or the URL cannot be used.', { cause });
    }
  }

  /** Why the socket did not open. */
  async explain(): Promise<ConnectionEnd> {
    const refusal =
      this.url === null ? null : await askWhyRefused(this.deps.fetch, this.url, this.secret, this.abort.signal);
    return refusal === null ? { by: 'close', code: LOST_LINK, reason: 'unreachable' } : { by: 'refusal', refusal };
  }

  cancel(): void {
    this.abort.abort();
  }

  private async address(): Promise<URL> {
    const { url: source, resume } = this.ticket;
    try {
      const url = connectUrl(typeof source === 'function' ? await source() : source);
      if (resume !== null) url.searchParams.set('seq', `${resume.seq}`);
      return url;
    } catch (cause) {
      throw new RelayError('url_failed', 'The url function failed, or gave no WebSocket URL.', { cause });
    }
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
