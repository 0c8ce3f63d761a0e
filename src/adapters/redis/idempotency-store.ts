import { z } from 'zod';
import type { IdempotencyStore } from '../../ports/idempotency-store.js';
import type { Keys } from './keys.js';
import type { RedisLink } from './link.js';
import { asList, asText, unexpected } from './replies.js';
import type { Scripts } from './script.js';

const responseSchema = z.object({
  status: z.number(),
  headers: z.record(z.string(), z.string()).exactOptional(),
  body: z.string().exactOptional(),
  close: z.boolean().exactOptional(),
});

export function createRedisIdempotencyStore(link: RedisLink, keys: Keys, scripts: Scripts): IdempotencyStore {
  return {
    start: async (key, fingerprint, runningTtlMs) => {
      const args = [fingerprint, runningTtlMs];
      const reply = await link.run('idempotency.start', scripts.idempotencyStart, [keys.idempotency(key)], args);
      const [outcome, response] = asList(reply);
      switch (outcome) {
        case 'started':
        case 'running':
        case 'conflict':
          return { outcome };
        case 'finished':
          return { outcome, response: responseSchema.parse(JSON.parse(asText(response))) };
        default:
          throw unexpected('an outcome');
      }
    },
    finish: async (key, fingerprint, response, ttlMs) => {
      const args = [fingerprint, ttlMs, JSON.stringify(response)];
      await link.run('idempotency.finish', scripts.idempotencyFinish, [keys.idempotency(key)], args);
    },
    forget: async (key) => {
      await link.run('idempotency.forget', scripts.idempotencyForget, [keys.idempotency(key)], []);
    },
  };
}
