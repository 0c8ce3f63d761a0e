import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import type { Sealer } from '../../ports/sealer.js';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** AES-256-GCM and HMAC-SHA-256 with keys derived from the server secret. Both authenticate the context. */
export function createSealer(secret: string): Sealer {
  const key = Buffer.from(hkdfSync('sha256', secret, 'sallyport', 'sealer/aes-256-gcm/1', 32));
  const markKey = Buffer.from(hkdfSync('sha256', secret, 'sallyport', 'sealer/hmac-sha256/1', 32));
  return {
    mark: (text, context) =>
      createHmac('sha256', markKey)
        .update(JSON.stringify([context, text]))
        .digest('base64url'),

    seal(text, context) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(context, 'utf8'));
      const hidden = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), hidden]).toString('base64url');
    },

    open(sealed, context) {
      const bytes = Buffer.from(sealed, 'base64url');
      if (bytes.length < NONCE_BYTES + TAG_BYTES) return null;
      const nonce = bytes.subarray(0, NONCE_BYTES);
      const tag = bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES);
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
        decipher.setAuthTag(tag).setAAD(Buffer.from(context, 'utf8'));
        const shown = Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]);
        return shown.toString('utf8');
      } catch {
        // The tag does not match: another secret, another context, or changed bytes. The caller does not learn which.
        return null;
      }
    },
  };
}
