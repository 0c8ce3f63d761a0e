/** Sends mail through the operator's webhook: one POST of JSON per mail. */
import type { Mailer } from '../../ports/mailer.js';
import type { Outbound } from '../../ports/outbound.js';

export interface WebhookMailerOptions {
  readonly url: string;
  /** Proves this server to the webhook. */
  readonly secret: string;
  /** Follows no redirect: the secret and the mail go nowhere else. */
  readonly outbound: Outbound;
  readonly deadlineMs?: number;
}

const DEADLINE_MS = 10_000;

export function createWebhookMailer(options: WebhookMailerOptions): Mailer {
  const { url, secret, outbound, deadlineMs = DEADLINE_MS } = options;
  const stopped = new AbortController();
  return {
    async send({ to, subject, text, html }) {
      const { status } = await outbound.post({
        url,
        headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${secret}` },
        body: JSON.stringify({ to, subject, text, html }),
        deadlineMs,
        maxAnswerBytes: 0,
        signal: stopped.signal,
      });
      if (status < 200 || status > 299) throw new Error(`the mail webhook answered ${String(status)}`);
    },
    async stop() {
      stopped.abort();
    },
  };
}
