import type { Brand } from '../lib/brand.js';

/** `whsec_` and the base64 of 24 to 64 random bytes. Whoever has it can sign in the gateway's name. */
export type WebhookSecret = Brand<string, 'WebhookSecret'>;

const WEBHOOK_SECRET = /^whsec_[A-Za-z0-9+/]{32,86}={0,2}$/;

export function parseWebhookSecret(text: string): WebhookSecret | null {
  return WEBHOOK_SECRET.test(text) ? (text as WebhookSecret) : null;
}
