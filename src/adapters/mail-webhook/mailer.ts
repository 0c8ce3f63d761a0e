/** Mail handed to a program of the operator's, which sends it: one POST of JSON a mail. */
import type { Mailer } from '../../ports/mailer.js';

export interface WebhookMailerOptions {
  readonly url: string;
  /** What the program knows this server by. */
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
        // The secret and the mail are for this address alone.
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
