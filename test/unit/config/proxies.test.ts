import { describe, expect, it } from 'vitest';
import { adminPortOf } from '../../../src/config/proxy-rules.js';
import { parseConfig, type Environment } from '../../../src/config/parse.js';

const WORKERS = {
  SALLYPORT_WORKERS: '3',
  SALLYPORT_REDIS_URL: 'redis://127.0.0.1',
  SALLYPORT_ROOT_KEY: 'k'.repeat(32),
  SALLYPORT_SECRET: 's'.repeat(32),
};

function problemsOf(env: Environment): readonly string[] {
  const parsed = parseConfig(env);
  return parsed.ok ? [] : parsed.problems;
}

describe('settings of proxies and of the port for operators', () => {
  it('PX5 networks and addresses, with blanks between them', () => {
    const parsed = parseConfig({ SALLYPORT_TRUSTED_PROXIES: '10.0.0.0/8, ::1' });
    expect(parsed.ok && parsed.config.trustedProxies).toEqual([
      { address: '10.0.0.0', prefixBits: 8, family: 'ipv4' },
      { address: '::1', prefixBits: 128, family: 'ipv6' },
    ]);
  });

  it.each(['everybody', '10.0.0.0/0', '10.0.0.1:80', '10.0.0.0/8;::1'])('PX5 %s is refused by name', (written) => {
    expect(problemsOf({ SALLYPORT_TRUSTED_PROXIES: written })).toEqual([
      `SALLYPORT_TRUSTED_PROXIES: expected addresses or networks like 10.0.0.0/8 separated by commas, none of them /0, got "${written}"`,
    ]);
  });

  it('PX9 the PROXY protocol needs trusted proxies', () => {
    expect(problemsOf({ SALLYPORT_PROXY_PROTOCOL: 'v2' })).toEqual([
      expect.stringMatching(/^SALLYPORT_TRUSTED_PROXIES: required/),
    ]);
    expect(problemsOf({ SALLYPORT_PROXY_PROTOCOL: 'v2', SALLYPORT_TRUSTED_PROXIES: '10.0.0.1' })).toEqual([]);
    expect(problemsOf({ SALLYPORT_PROXY_PROTOCOL: 'v1' })).toHaveLength(1);
  });

  it('PX12 the port for operators meets no other port', () => {
    const meets = [expect.stringMatching(/^SALLYPORT_ADMIN_PORT: meets/)];
    expect(problemsOf({ SALLYPORT_ADMIN_PORT: '8080' })).toEqual(meets);
    expect(problemsOf({ SALLYPORT_ADMIN_PORT: '8081' })).toEqual([]);
    expect(problemsOf({ ...WORKERS, SALLYPORT_ADMIN_PORT: '8078' })).toEqual(meets);
    expect(problemsOf({ ...WORKERS, SALLYPORT_ADMIN_PORT: '8083' })).toEqual(meets);
    expect(problemsOf({ ...WORKERS, SALLYPORT_ADMIN_PORT: '8084' })).toEqual([]);
    expect(problemsOf({ ...WORKERS, SALLYPORT_ADMIN_PORT: '65534' })).toEqual([
      'SALLYPORT_ADMIN_PORT: expected at most 65533 with 3 workers',
    ]);
    expect(problemsOf({ SALLYPORT_ADMIN_PORT: '0', SALLYPORT_PORT: '0' })).toEqual([]);
    expect(problemsOf({ SALLYPORT_ADMIN_HOST: '127.0.0.1' })).toEqual([
      'SALLYPORT_ADMIN_PORT: required when SALLYPORT_ADMIN_HOST is set',
    ]);
  });

  it('PX12 each worker has a port for operators of its own', () => {
    expect([null, 1, 2, 3].map((worker) => adminPortOf({ adminPort: 9100 }, worker))).toEqual([9100, 9100, 9101, 9102]);
    expect(adminPortOf({ adminPort: 0 }, 2)).toBe(0);
    expect(adminPortOf({ adminPort: null }, 2)).toBeNull();
  });
});
