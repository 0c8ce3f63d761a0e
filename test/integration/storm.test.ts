import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { autocannonStorm } from '../../bench/rest/autocannon-storm.js';
import { Backend, type Call } from '../../bench/rest/backend.js';
import { strictStorm, type StormPlan } from '../../bench/rest/storm.js';

const stops: (() => void)[] = [];

afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

/** A server in this process, and what a storm on it needs. */
async function serve(listener: RequestListener) {
  const server = createServer(listener);
  stops.push(() => {
    server.closeAllConnections();
    server.close();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, pid: process.pid, core: null, redisPid: null };
}

function planOf(asked: number[]): StormPlan {
  const request = (n: number): string => {
    asked.push(n);
    return `GET /${n} HTTP/1.1\r\nHost: test\r\n\r\n`;
  };
  return { connections: 4, until: { seconds: 0.2 }, request };
}

describe('a storm of REST calls', () => {
  it('BN8 every call is answered before its connection makes the next, whether its answer comes in one piece or in several', async () => {
    const paths: string[] = [];
    const target = await serve(({ url = '' }, res) => {
      paths.push(url);
      res.setHeader('content-length', 20_000);
      res.write(Buffer.alloc(12_000));
      setImmediate(() => res.end(Buffer.alloc(8_000)));
    });
    const asked: number[] = [];
    const { perS, latency, redisBusy } = await strictStorm(target, planOf(asked));
    expect(paths.toSorted()).toEqual(asked.map((n) => `/${n}`).toSorted());
    expect(asked).toEqual(asked.map((_, n) => n));
    expect(latency.count).toBe(asked.length);
    expect(perS).toBeGreaterThan(0);
    expect(redisBusy).toBeNull();
  });

  it('BN8 a refused call is no fast one: it ends the comparison', async () => {
    const target = await serve(({ url }, res) => {
      res.statusCode = url === '/20' ? 429 : 200;
      res.end('{}');
    });
    await expect(strictStorm(target, planOf([]))).rejects.toThrow('a call was answered HTTP/1.1 429');
  });

  it('BN8 so does a server that closes', async () => {
    const target = await serve(({ url }, res) => {
      if (url === '/20') res.socket?.destroy();
      else res.end('{}');
    });
    await expect(strictStorm(target, planOf([]))).rejects.toThrow(/closed a connection|ECONNRESET/);
  });
});

describe('a storm of REST calls by autocannon', () => {
  it('BN4 each call differs and has its latency; a refused call is counted, and the storm goes on', async () => {
    const seen: string[] = [];
    const target = await serve(({ method, url, headers: { authorization } }, res) => {
      seen.push(`${method} ${url} ${authorization}`);
      res.statusCode = url === '/3' ? 429 : 200;
      res.end('{}');
    });
    const call = (n: number): Call => ({ method: 'POST', path: `/${n}`, body: { n } });
    const backend = new Backend(target.url, 'k');
    const found = await autocannonStorm(target, backend, { connections: 4, seconds: 0.2, call });
    expect(seen).toContain('POST /4 Bearer k');
    expect(new Set(seen).size).toBe(seen.length);
    expect(found.calls).toBeGreaterThan(4);
    expect(found.latency.count).toBe(found.calls);
    expect(found).toMatchObject({ refused: 1, failed: 0, problem: 'a call was answered 429' });
  });
});
