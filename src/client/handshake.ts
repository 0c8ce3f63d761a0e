/** Opens a socket: gets the credential, builds the URL, makes the WebSocket, and finds the reason when that fails. */
import { SUBPROTOCOL } from '../protocol/wire.js';
import { connectUrl, connectUrls, withParameter, type Address, type UrlSource } from './address.js';
import { kindOf } from './bytes.js';
import { LOST_LINK } from './link.js';
import { watchForSocket } from './node-socket.js';
import { askWhyRefused, type FetchLike } from './probe.js';
import type { ConnectionEnd } from './reconnect.js';
import { RelayError } from './relay-error.js';
import { findSocketConstructor, type OpenedSocket, type SocketConstructor } from './socket.js';

export type CredentialSource = string | (() => string | Promise<string>);

/** The right to a connection: a resume token and the last number seen, or the credential. */
export interface Ticket {
  readonly url: UrlSource;
  /** Which entry of a list of URLs is meant, counted round and round. */
  readonly turn: number;
  readonly resume: { readonly token: string; readonly seq: number } | null;
}

export interface HandshakeDeps {
  readonly credential: CredentialSource;
  readonly WebSocket: SocketConstructor | undefined;
  readonly fetch: FetchLike;
}

export class Handshake {
  /** null until it is known. */
  private url: Address | null = null;
  private secret = '';
  private readonly abort = new AbortController();

  constructor(
    private readonly ticket: Ticket,
    private readonly deps: HandshakeDeps,
  ) {}

  /** Rejects with a RelayError: `credential_failed` and `url_failed` may pass, the others will not. */
  async open(): Promise<OpenedSocket> {
    const url = await this.address();
    this.url = url;
    this.secret = this.ticket.resume?.token ?? (await this.credential());
    const Socket = await findSocketConstructor(this.deps.WebSocket);
    if (this.abort.signal.aborted) throw new RelayError('closed', 'The client is closed.');
    // Browsers cannot set headers: the credential travels as a subprotocol.
    const bearer = `bearer.${this.secret}`;
    const cutter = watchForSocket(bearer);
    try {
      return { socket: new Socket(url.href, [SUBPROTOCOL, bearer]), cutter };
    } catch (cause) {
      cutter.release();
      throw new RelayError('credential_invalid', 'The credential is unusable.', { cause });
    }
  }

  /** Why the socket did not open. */
  async explain(): Promise<ConnectionEnd> {
    const refusal =
      this.url === null ? null : await askWhyRefused(this.deps.fetch, this.url, this.secret, this.abort.signal);
    return refusal === null
      ? { by: 'close', code: LOST_LINK, reason: 'unreachable' }
      : { by: 'refusal', refusal, cause: refusal.cause };
  }

  cancel(): void {
    this.abort.abort();
  }

  private async address(): Promise<Address> {
    const { url: source, turn, resume } = this.ticket;
    try {
      const list = connectUrls(typeof source === 'function' ? await source() : source);
      const url = list[turn % list.length] ?? connectUrl('');
      return resume === null ? url : withParameter(url, 'seq', `${resume.seq}`);
    } catch (cause) {
      throw new RelayError('url_failed', `The url function failed: ${textOf(cause)}`, { cause });
    }
  }

  private async credential(): Promise<string> {
    const { credential } = this.deps;
    try {
      const given: unknown = typeof credential === 'function' ? await credential() : credential;
      if (typeof given === 'string') return given;
      throw new TypeError(`credential: expected a string, got ${kindOf(given)}`);
    } catch (cause) {
      throw new RelayError('credential_failed', `The credential function failed: ${textOf(cause)}`, { cause });
    }
  }
}

function textOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
