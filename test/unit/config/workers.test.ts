import { describe, expect, test } from 'vitest';
import { NodeAddress } from '../../../src/compose/node-address.js';
import { parseConfig } from '../../../src/config/parse.js';
import type { Config } from '../../../src/config/schema.js';
import { ownPortOf } from '../../../src/config/worker-rules.js';

const REDIS = {
  SALLYPORT_REDIS_URL: 'redis://127.0.0.1',
  SALLYPORT_ROOT_KEY: 'r'.repeat(32),
  SALLYPORT_SECRET: 's'.repeat(32),
};
const TWO = { ...REDIS, SALLYPORT_WORKERS: '2' };

function problemsOf(env: Record<string, string>): readonly string[] {
  const parsed = parseConfig(env);
  return parsed.ok ? [] : parsed.problems;
}

function configOf(env: Record<string, string>): Config {
  const parsed = parseConfig(env);
  if (!parsed.ok) throw new Error(parsed.problems.join());
  return parsed.config;
}

function secondOf(env: Record<string, string>) {
  const config = configOf(env);
  const address = new NodeAddress(config, { worker: 2, entryPort: 9000, ownPort: ownPortOf(config, 2) });
  return { own: address.nodeUrl(), shared: address.publicUrl() };
}

describe('the settings of workers', () => {
  test('WK5 several workers without Redis are refused, and the setting that is missing is named', () => {
    const [problem, ...more] = problemsOf({ SALLYPORT_WORKERS: '2' });
    expect([problem, more]).toEqual([
      expect.stringMatching(/^SALLYPORT_REDIS_URL: required when SALLYPORT_WORKERS/),
      [],
    ]);
    expect(problemsOf({ SALLYPORT_WORKERS: '1' })).toEqual([]);
    expect(problemsOf(TWO)).toEqual([]);
  });

  test.each([
    ['SALLYPORT_WORKERS', { SALLYPORT_WORKERS: '0' }],
    ['SALLYPORT_WORKERS', { SALLYPORT_WORKERS: '65' }],
    ['SALLYPORT_WORKER_PORT', { SALLYPORT_PORT: '65535' }],
    ['SALLYPORT_WORKER_PORT', { SALLYPORT_WORKER_PORT: '65535' }],
    ['SALLYPORT_WORKER_PORT', { SALLYPORT_PORT: '8081', SALLYPORT_WORKER_PORT: '8080' }],
    ['SALLYPORT_WORKER_URL', { SALLYPORT_PUBLIC_URL: 'https://relay.example' }],
    ['SALLYPORT_WORKER_URL', { SALLYPORT_PORT: '0', SALLYPORT_PUBLIC_URL: 'http://relay.example:8080' }],
    ['SALLYPORT_WORKER_URL', { SALLYPORT_WORKER_URL: 'https://relay.example' }],
    ['SALLYPORT_WORKER_URL', { SALLYPORT_WORKER_URL: 'https://{worker}.relay.example/?x' }],
  ])('WK5 settings that cannot work are refused by the name of %s: %o', (key, settings) => {
    const problems = problemsOf({ ...TWO, ...settings });
    expect(problems.map((problem) => problem.split(':')[0])).toEqual([key]);
  });

  test.each<[settings: Record<string, string>, own: string, shared: string]>([
    [{}, 'http://127.0.0.1:8082', 'http://127.0.0.1:9000'],
    [{ SALLYPORT_WORKER_PORT: '7000' }, 'http://127.0.0.1:7001', 'http://127.0.0.1:9000'],
    [
      { SALLYPORT_PUBLIC_URL: 'http://relay.example:8080/at' },
      'http://relay.example:8082/at',
      'http://relay.example:8080/at',
    ],
    [
      { SALLYPORT_PUBLIC_URL: 'https://relay.example', SALLYPORT_WORKER_URL: 'https://w{worker}.relay.example' },
      'https://w2.relay.example',
      'https://relay.example',
    ],
    [
      { SALLYPORT_PUBLIC_URL: 'https://relay.example', SALLYPORT_WORKER_URL: 'https://relay.example/{port}/' },
      'https://relay.example/8082',
      'https://relay.example',
    ],
  ])('WK2 with %o the second worker is reached at %s, and all of them at %s', (settings, own, shared) => {
    expect(secondOf({ ...TWO, ...settings })).toEqual({ own, shared });
  });
});
