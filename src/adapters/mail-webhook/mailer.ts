/** Sends mail through the operator's webhook: one POST of JSON per mail. */
import type { Mailer } from '../../ports/mailer.js';

export interface WebhookMailerOptions {
  readonly url: string;
  /** Proves this server to the webhook. */
  readonly secret: string;
  readonly deadlineMs?: number;
}

const DEADLINE_MS = 10_000;

export function createWebhookMailer({ url, secret, deadlineMs = DEADLINE_MS }: WebhookMailerOptions): Mailer {
  const stopped = new AbortController();
  return {
    async send({ to, subject, text, html }) {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${secret}` },
        body: JSON.stringify({ to, subject, text, html }),
        // Never send the secret or the mail to another address.
        redirect: 'manual',
        signal: AbortSignal.any([stopped.signal, AbortSignal.timeout(deadlineMs)]),
      });
      await response.body?.cancel();
      if (!response.ok) throw new Error(`the mail webhook answered ${String(response.status)}`);
    },
    async stop() {
      stopped.abort();
    },
  };
}
