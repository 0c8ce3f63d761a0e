/** HTTP as values: an adapter copies a request into one of these, and writes what comes back. */
export interface HttpRequest {
  readonly id: string;
  /** Upper case, as sent. */
  readonly method: string;
  /** The raw path, still percent-encoded and with its matrix parameters; no query. */
  readonly path: string;
  /** The raw query without the question mark; empty when there is none. */
  readonly query: string;
  /** Lower-case names. Of a name that came twice the values are joined with ", ". */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Uint8Array;
  /** The peer's address in canonical text form. */
  readonly remoteAddress: string;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as it is; use with a Content-Type header. Absent: no body. */
  readonly body?: string;
  /** Close the TCP connection behind the answer. */
  readonly close?: boolean;
}

/** Answers a request. Never rejects: whatever fails inside becomes a response. */
export type HttpHandler = (request: HttpRequest) => Promise<HttpResponse>;
