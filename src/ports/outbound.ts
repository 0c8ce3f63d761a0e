/** Calls of this gateway to targets that others chose: webhooks, mail, the question before a join. */

export interface OutboundCall {
  /** http or https. */
  readonly url: string;
  /** Content-Type and whatever proves the gateway; Host and Content-Length are set. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** For everything together: the name, the connection, the answer. */
  readonly deadlineMs: number;
  /** The longest answer that is read. 0: the status alone matters, and the rest is not read. */
  readonly maxAnswerBytes: number;
  /** Ends the call. */
  readonly signal: AbortSignal;
}

export interface OutboundAnswer {
  readonly status: number;
  /** Empty with `maxAnswerBytes` 0. */
  readonly body: string;
}

export type OutboundFault =
  /** The target may not be called; nothing was sent, and nothing was connected to. */
  | 'refused'
  /** The name leads nowhere, nothing listens, or the connection broke. */
  | 'unreachable'
  | 'timeout'
  | 'aborted'
  | 'answer_too_large';

export class OutboundFailure extends Error {
  override readonly name = 'OutboundFailure';

  constructor(
    readonly fault: OutboundFault,
    /** For operators; names no secret, and of the URL only its host. */
    message: string,
    cause?: unknown,
  ) {
    super(message, { cause });
  }
}

/**
 * The guard against calls into the operator's own network. A name is resolved once; the call goes to one of the
 * addresses that were checked, and to none when any of them is refused. Redirects are answers like others.
 */
export interface Outbound {
  /** Why the URL may not be a target, as far as it shows without resolving its name; null when it may. */
  refusalOf(url: string): string | null;
  /** One POST. Rejects with `OutboundFailure`. */
  post(call: OutboundCall): Promise<OutboundAnswer>;
}
