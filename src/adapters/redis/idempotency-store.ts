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
    start: async ({ key, fingerprint, operationId, owner, runningTtlMs, ttlMs }) => {
      const args = [fingerprint, operationId, owner, runningTtlMs, ttlMs];
      const reply = await link.run('idempotency.start', scripts.idempotencyStart, [keys.idempotency(key)], args);
      const [outcome, detail] = asList(reply);
      switch (outcome) {
        case 'started':
          return { outcome, operationId: asText(detail) };
        case 'running':
        case 'conflict':
          return { outcome };
        case 'finished':
          return { outcome, response: responseSchema.parse(JSON.parse(asText(detail))) };
        default:
          throw unexpected('an outcome');
      }
    },
    finish: async (key, operationId, response) => {
      const args = [operationId, JSON.stringify(response)];
      await link.run('idempotency.finish', scripts.idempotencyFinish, [keys.idempotency(key)], args);
    },
    release: async (key, operationId) => {
      await link.run('idempotency.release', scripts.idempotencyRelease, [keys.idempotency(key)], [operationId]);
    },
    forget: async (key, operationId) => {
      await link.run('idempotency.forget', scripts.idempotencyForget, [keys.idempotency(key)], [operationId]);
    },
  };
}
