/** HTTP as values: an adapter copies each request into this shape and writes the response that comes back. */
export interface HttpRequest {
  readonly id: string;
  /** Upper case, as sent. */
  readonly method: string;
  /** The raw path, still percent-encoded and with its matrix parameters; no query. */
  readonly path: string;
  /** The raw query without the question mark; empty when there is none. */
  readonly query: string;
  /** Lower-case names. The values of a repeated header are joined with ", ". */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Uint8Array;
  /** The client's address in canonical text form: the TCP peer's, or what trusted proxies say. */
  readonly remoteAddress: string;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent unchanged; set a Content-Type header with it. Absent: no body. */
  readonly body?: string;
  /** Closes the TCP connection after the response. */
  readonly close?: boolean;
}

/** Answers a request. Never rejects: every failure becomes a response. */
export type HttpHandler = (request: HttpRequest) => Promise<HttpResponse>;
