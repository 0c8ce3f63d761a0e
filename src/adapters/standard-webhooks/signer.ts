import { hkdfSync } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import type { ProjectId } from '../../protocol/ids.js';
import { parseWebhookSecret, type WebhookSecret } from '../../protocol/webhook-secret.js';
import type { WebhookMessage, WebhookSigner } from '../../ports/webhook-signer.js';

const PREFIX = 'whsec_';
/** Standard Webhooks asks for 24 to 64 bytes. */
const SECRET_BYTES = 32;

/** `masterSecret`: the deployment's, `SALLYPORT_SECRET`. */
export function createWebhookSigner(masterSecret: string): WebhookSigner {
  return {
    sign({ id, sentAtMs, body }: WebhookMessage, secrets: readonly WebhookSecret[]) {
      const sentAt = new Date(sentAtMs);
      return {
        'webhook-id': id,
        'webhook-timestamp': String(Math.floor(sentAtMs / 1000)),
        'webhook-signature': secrets.map((secret) => new Webhook(secret).sign(id, sentAt, body)).join(' '),
      };
    },
    newSecret: (crypto) => secretFrom(Buffer.from(crypto.randomBytes(SECRET_BYTES))),
    secretOf: (projectId: ProjectId) =>
      secretFrom(Buffer.from(hkdfSync('sha256', masterSecret, '', `sallyport webhooks ${projectId}`, SECRET_BYTES))),
  };
}

function secretFrom(bytes: Buffer): WebhookSecret {
  const secret = parseWebhookSecret(PREFIX + bytes.toString('base64'));
  if (secret === null) throw new Error('a webhook secret has another form');
  return secret;
}
