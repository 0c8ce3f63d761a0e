import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { httpCall } from '../support/http-call.js';
import { startGatewayProcess, type GatewayProcess } from '../support/gateway-process.js';
import { startGateway } from '../support/gateway.js';
import { rawExchange } from '../support/raw-tcp.js';

const get = (url: string, method = 'GET') => httpCall(url, { method, headers: {} });

describe('a port for operators', () => {
  let program: GatewayProcess;
  let adminPort: number;
  let admin: string;

  beforeAll(async () => {
    program = await startGatewayProcess({ SALLYPORT_ADMIN_PORT: '0' });
    const [, port] = /"event":"admin_listening","host":"127.0.0.1","port":(\d+)/.exec(program.output()) ?? [];
    adminPort = Number(port);
    admin = `http://127.0.0.1:${String(adminPort)}`;
  });

  afterAll(() => program.stop());

  it('PX11 it serves the metrics and the OpenAPI document, and the public port does not', async () => {
    for (const [path, part] of [
      ['/metrics', 'sallyport_build_info'],
      ['/openapi.json', '"openapi":"3.1.0"'],
    ] as const) {
      const there = await get(admin + path);
      expect([path, there.status, there.text]).toEqual([path, 200, expect.stringContaining(part)]);
      const head = await get(admin + path, 'HEAD');
      expect([head.status, head.text]).toEqual([200, '']);
      const here = await get(program.url + path);
      expect([path, here.status, here.text]).toEqual([path, 404, expect.stringContaining('unknown_path')]);
    }
  });

  it('PX11 it serves nothing else, and answers what is no call', async () => {
    for (const path of ['/healthz', '/v1/keys', '/v1/connect', '/', '/metrics/', '/%6detrics/x']) {
      expect([path, (await get(admin + path)).status]).toEqual([path, 404]);
    }
    expect((await get(`${admin}/metrics`, 'POST')).status).toBe(405);
    expect((await get(`${program.url}/healthz`)).status).toBe(200);
    for (const bytes of ['nonsense\r\n\r\n', 'GET /metrics HTTP/1.1\r\n\r\n']) {
      expect(await rawExchange(adminPort, bytes)).toMatch(/^HTTP\/1\.1 400 /);
    }
    expect(await rawExchange(adminPort, 'GET http://x/metrics HTTP/1.1\r\nHost: x\r\n\r\n')).toMatch(
      /^HTTP\/1\.1 200 /,
    );
    // Monitoring often speaks HTTP/1.0.
    expect(await rawExchange(adminPort, 'GET /metrics HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 /);
  });

  it('PX11 a port that is taken keeps the gateway from starting, by name', async () => {
    await expect(startGateway({ env: { SALLYPORT_ADMIN_PORT: String(adminPort) } })).rejects.toThrow(
      'SALLYPORT_ADMIN_PORT: cannot listen on 127.0.0.1:',
    );
  });

  it('PX11 the control: without the setting the public port serves both', async () => {
    const running = await startGateway();
    expect((await get(`${running.url}/metrics`)).status).toBe(200);
    expect((await get(`${running.url}/openapi.json`)).status).toBe(200);
    await running.stop();
  });
});
