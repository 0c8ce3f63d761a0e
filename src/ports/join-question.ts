/** The question before a join: a backend decides whether a user may take a seat. */
import type { SessionId, UserId } from '../protocol/ids.js';
import type { RelaySession } from './relay-session.js';

/** A join that a backend decides about. Its credential opens a seat. */
export interface JoinAsked {
  readonly sessionId: SessionId;
  readonly userId: UserId;
  readonly credentialKind: 'relay_pair' | 'relay_credential';
  /** The client's address in canonical form. */
  readonly address: string;
}

/** The client that waits at the door. */
export interface WaitingClient {
  /** Whether the client is gone. */
  readonly over: boolean;
  /** Runs once, when the client is gone or has its answer. */
  onOver(run: () => void): void;
}

export interface JoinQuestion {
  /** How long an answer may take. */
  readonly deadlineMs: number;
  /** The address that is asked before a user joins the session; null: nobody is asked. */
  targetOf(session: Pick<RelaySession, 'joinUrl'>): string | null;
  /**
   * Asks the target. Handshakes that wait for the same answer share one question. Resolves with the metadata of the answer,
   * a JSON object as text, or null without one. Rejects with
   * - `join_refused` when the answer is no; the message is the reason,
   * - `join_unanswered` when there is no usable answer and the deployment fails closed, or when every client that waited is
   *   gone: then the question ends too,
   * - `join_questions_full` when too many questions wait; the target is not asked.
   */
  ask(
    target: string,
    asked: JoinAsked,
    session: Pick<RelaySession, 'projectId' | 'metadata'>,
    client: WaitingClient | null,
  ): Promise<string | null>;
  /**
   * Throws what `ask` rejected with for the same join in the last seconds. A client without a reason for its failed
   * handshake asks the gateway for it; that must not ask the target again.
   */
  recall(asked: JoinAsked): void;
}
