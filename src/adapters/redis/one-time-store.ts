import type { OneTimeKind, OneTimeStore } from '../../ports/one-time-store.js';
import type { Keys } from './keys.js';
import type { RedisLink } from './link.js';
import { asText } from './replies.js';
import type { Scripts } from './script.js';

export function createRedisOneTimeStore(link: RedisLink, keys: Keys, scripts: Scripts): OneTimeStore {
  async function read(operation: string, kind: OneTimeKind, name: string, leave: '0' | '1'): Promise<string | null> {
    const reply = await link.run(operation, scripts.oneTimeTake, [keys.oneTime(kind, name)], [leave]);
    return reply === null ? null : asText(reply);
  }

  return {
    put: async (kind, name, value, ttlMs) => {
      await link.run('one_time.put', scripts.oneTimePut, [keys.oneTime(kind, name)], [value, ttlMs]);
    },
    take: (kind, name) => read('one_time.take', kind, name, '0'),
    peek: (kind, name) => read('one_time.peek', kind, name, '1'),
  };
}
