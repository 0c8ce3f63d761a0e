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
  /** For an answer that takes its time. Absent where every answer comes at once. */
  readonly patience?: Patience;
}

/** A handler may ask this of the server that holds its request. */
export interface Patience {
  /** The answer may come this much later than the deadline of requests. The last call counts. */
  extend(ms: number): void;
  /** Runs when the answer has left or the client is gone; at once when that is so already. */
  onOver(run: () => void): void;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent unchanged; set a Content-Type header with it. Absent: no body. */
  readonly body?: string;
  /**
   * In place of a body: text that comes piece by piece. The server opens it once, after the head has left, or drops it
   * unopened (the client is gone, or asked for the head alone). The connection closes with its end.
   */
  readonly stream?: TextStream;
  /** Closes the TCP connection after the response. */
  readonly close?: boolean;
}

/** The body of an answer that goes on for a while. Exactly one of `open` and `drop` is called. */
export interface TextStream {
  /** Text that means nothing to the client. The server may send it between two pieces. */
  readonly filler: string;
  /** Called with the way to the client. May write at once. Never throws. */
  open(client: StreamClient): StreamEvents;
  /** The stream will not be read. */
  drop(): void;
}

export interface StreamClient {
  /**
   * Sends text. False: some of it waits for the client to read. Whoever writes on before `onDrain` fills the memory of
   * this process. Does nothing after the end.
   */
  write(text: string): boolean;
  /** Ends the answer after the text that waits. Idempotent; no event follows. */
  end(): void;
  /** Closes the connection at once. The client sees that the answer is not whole. Idempotent; no event follows. */
  cut(): void;
}

export interface StreamEvents {
  /** All text has left: the client can take more. */
  onDrain(): void;
  /** The client is gone. */
  onGone(): void;
}

/** Answers a request. Never rejects: every failure becomes a response. */
export type HttpHandler = (request: HttpRequest) => Promise<HttpResponse>;
