/** Proves to a receiver that a call comes from this gateway, by Standard Webhooks 1.0. */
import type { ProjectId } from '../protocol/ids.js';
import type { WebhookSecret } from '../protocol/webhook-secret.js';
import type { Crypto } from './crypto.js';

export interface WebhookMessage {
  /** The same for every try of one message: the receiver knows a repeat by it. */
  readonly id: string;
  /** When this try is sent. Receivers refuse a time that is off by more than five minutes. */
  readonly sentAtMs: number;
  readonly body: string;
}

export interface WebhookSigner {
  /**
   * The headers `webhook-id`, `webhook-timestamp` and `webhook-signature`, with one signature for each secret in their
   * order. A receiver accepts the message when it knows one of the secrets.
   */
  sign(message: WebhookMessage, secrets: readonly WebhookSecret[]): Readonly<Record<string, string>>;
  /** A new secret, made from the randomness of the operation that asks: a repeat makes the same one. */
  newSecret(crypto: Pick<Crypto, 'randomBytes'>): WebhookSecret;
  /**
   * The secret of a project, made from `SALLYPORT_SECRET`: every node computes the same one and none stores it. It signs
   * what goes to the addresses that a session names (`webhook_url`, `join_url`).
   */
  secretOf(projectId: ProjectId): WebhookSecret;
}
