import { inject } from 'vitest';

/** For `describe.each`: every black-box test runs on the embedded store and on a real Redis. */
export const STORES = [
  { store: 'memory', redisUrl: (): string | null => null },
  { store: 'redis', redisUrl: (): string | null => inject('redisUrl') },
] as const;
