import type { RateLimitStore } from '../../ports/rate-limit-store.js';
import type { Keys } from './keys.js';
import type { RedisLink } from './link.js';
import { asInteger } from './replies.js';
import type { Scripts } from './script.js';

export function createRedisRateLimitStore(link: RedisLink, keys: Keys, scripts: Scripts): RateLimitStore {
  return {
    take: async (limits) => {
      const levels = limits.map(({ key }) => keys.rate(key));
      const args = limits.flatMap(({ rate }) => [rate.burst, rate.periodMs]);
      const retryAfterMs = asInteger(await link.run('rate_limits.take', scripts.rateTake, levels, args));
      return retryAfterMs === 0 ? { allowed: true } : { allowed: false, retryAfterMs };
    },
    reset: async (key) => {
      await link.run('rate_limits.reset', scripts.rateReset, [keys.rate(key)], []);
    },
  };
}
