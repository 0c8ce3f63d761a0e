/** Several workers on one machine, as the program starts them. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Backend } from '../support/backend.js';
import { Client } from '../support/client.js';
import { eventually } from '../support/eventually.js';
import { ROOT_KEY, SECRET } from '../support/gateway.js';
import { startGatewayProcess, type GatewayProcess } from '../support/gateway-process.js';
import { startRedisServer, type RedisServer } from '../support/redis-server.js';
import { newSessionToken } from '../support/session-token.js';

const MAIN = fileURLToPath(new URL('../../dist/src/main.js', import.meta.url));
const START_MS = 30_000;

describe('two workers', () => {
  let redis: RedisServer;
  let program: GatewayProcess;

  beforeAll(async () => {
    redis = await startRedisServer();
  });

  afterAll(() => redis.stop());

  beforeEach(async () => {
    program = await startGatewayProcess({
      SALLYPORT_REDIS_URL: redis.url,
      SALLYPORT_WORKERS: '2',
      SALLYPORT_ADMIN_PORT: '0',
    });
  });

  afterEach(() => program.stop('SIGKILL'));

  const lines = (event: string): readonly { worker: number; pid: number; url: string; port: number; node: string }[] =>
    program
      .output()
      .split('\n')
      .filter((line) => line.includes(`"event":"${event}"`))
      .map((line) => JSON.parse(line) as { worker: number; pid: number; url: string; port: number; node: string });

  const newest = (event: string, worker: number) => {
    const found = lines(event).findLast((line) => line.worker === worker);
    if (found === undefined) throw new Error(`no ${event} of worker ${String(worker)}`);
    return found;
  };

  const readyAt = (url: string): Promise<number> => fetch(`${url}/readyz`).then(({ status }) => status);

  /** Session sockets at the shared port; each names the node that took it. */
  async function sockets(count: number): Promise<readonly Client[]> {
    const { jwt } = await newSessionToken(new Backend(program.url));
    return Promise.all(Array.from({ length: count }, () => Client.join(program.socketUrl, jwt)));
  }
  const nodeOf = ({ welcome }: Client): string => welcome.node;

  it('WK1, WK2 connections at the shared port reach both, and each is reached at its own URL, which `relay` names', async () => {
    const spread = await sockets(24);
    const nodes = [1, 2].map((worker) => newest('worker_listening', worker));
    expect([...new Set(spread.map(nodeOf))].toSorted()).toEqual(nodes.map(({ node }) => node).toSorted());
    for (const { url } of nodes) expect([url, await readyAt(url)]).toEqual([url, 200]);
    expect(new Set([program.url, ...nodes.map(({ url }) => url)]).size).toBe(3);
    for (const { worker, url } of nodes) {
      const filters = [{ field: 'worker', values: [String(worker)], filter_type: 'any' }];
      await eventually(async () => {
        const create = { users: [{ ip: '127.0.0.1' }], filters };
        const { body } = await new Backend(program.url).relays('POST', '/v1/relays/sessions', create);
        const { relay } = body as { relay: { ports: { client: { link: string } } } | null };
        // For a second after the start, a worker may not know the other one.
        if (relay === null) return 'no node fits';
        expect(relay.ports.client.link).toBe(`${url.replace('http', 'ws')}/v1/connect`);
        return null;
      });
    }
    for (const socket of spread) socket.drop();
  });

  it('PX12 each worker serves its own metrics at a port for operators of its own', async () => {
    const ports = lines('admin_listening').map((line) => [line.worker, line.port] as const);
    expect(ports.map(([worker]) => worker).toSorted()).toEqual([1, 2]);
    expect(new Set(ports.map(([, port]) => port)).size).toBe(2);
    for (const [, port] of ports) {
      const answer = await fetch(`http://127.0.0.1:${String(port)}/metrics`);
      expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining('sallyport_build_info')]);
    }
    for (const url of [program.url, ...[1, 2].map((worker) => newest('worker_listening', worker).url)]) {
      expect((await fetch(`${url}/metrics`)).status).toBe(404);
    }
  });

  it('WK3 a worker that is killed starts again as another node, while the other one serves', async () => {
    const spread = await sockets(24);
    const killed = newest('worker_started', 1);
    const [gone, other] = [newest('worker_listening', 1), newest('worker_listening', 2)];
    process.kill(killed.pid, 'SIGKILL');
    await eventually(async () => {
      expect(await readyAt(other.url)).toBe(200);
      return newest('worker_listening', 1).node === gone.node ? 'not started again' : null;
    }, START_MS);
    expect(lines('worker_ended')).toMatchObject([{ worker: 1, pid: killed.pid, signal: 'SIGKILL', again_in_ms: 100 }]);
    expect(spread.filter((socket) => nodeOf(socket) === other.node && socket.closed !== null)).toEqual([]);
    const again = await sockets(24);
    expect(new Set(again.map(nodeOf))).toEqual(new Set([other.node, newest('worker_listening', 1).node]));
    for (const socket of [...spread, ...again]) socket.drop();
  });

  it('WK4 SIGTERM closes every socket with 4200 at both, and the program ends with 0', async () => {
    const spread = await sockets(24);
    expect(new Set(spread.map(nodeOf)).size).toBe(2);
    expect(await program.stop()).toBe(0);
    for (const socket of spread) expect(await socket.expectClosed()).toEqual({ code: 4200, reason: 'going_away' });
    expect(lines('worker_ended')).toEqual([]);
    await expect(readyAt(newest('worker_listening', 1).url)).rejects.toThrow();
  });

  it('WK4 a second signal ends all at once with 1; a worker alone takes it as the first', async () => {
    const [one, two] = [1, 2].map((worker) => newest('worker_started', worker));
    process.kill(two?.pid ?? 0, 'SIGSTOP');
    const ended = program.stop();
    await eventually(() => (program.output().includes('"event":"stopping","workers":2') ? null : 'not stopping'));
    process.kill(one?.pid ?? 0, 'SIGTERM');
    await eventually(() => (isGone(one?.pid ?? 0) ? null : 'the first worker runs'), START_MS);
    expect(program.output()).not.toContain('"event":"service_stop_failed"');
    program.child.kill('SIGTERM');
    expect(await ended).toBe(1);
    await eventually(() => (isGone(two?.pid ?? 0) ? null : 'the second worker runs'));
  });

  it('WK6 when the supervisor is killed, its workers close their sockets with 4200 and end', async () => {
    const spread = await sockets(4);
    const pids = lines('worker_started').map(({ pid }) => pid);
    await program.stop('SIGKILL');
    await eventually(() => (pids.every(isGone) ? null : 'a worker runs'), START_MS);
    for (const socket of spread) expect(await socket.expectClosed()).toEqual({ code: 4200, reason: 'going_away' });
  });
});

describe('the program that cannot start its workers', () => {
  const settings = { SALLYPORT_PORT: '0', SALLYPORT_ROOT_KEY: ROOT_KEY, SALLYPORT_SECRET: SECRET };
  const env = { PATH: process.env['PATH'], ...settings };

  it('WK5 without Redis it says which setting is missing, and ends with 78', () => {
    const { status, stderr } = spawnSync(process.execPath, [MAIN, '--workers', '2'], { env, encoding: 'utf8' });
    expect([status, stderr]).toEqual([
      78,
      expect.stringContaining('\n  SALLYPORT_REDIS_URL: required when SALLYPORT_WORKERS'),
    ]);
  });

  it('WK7 a shared port that another program listens on is refused by name', async () => {
    const taken = createServer();
    taken.listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as { port: number };
    try {
      const more = {
        SALLYPORT_REDIS_URL: 'redis://127.0.0.1:1',
        SALLYPORT_PORT: String(port),
        SALLYPORT_WORKER_PORT: '0',
      };
      const { code, errors } = await run(['--workers=2'], { ...env, ...more });
      expect([code, errors]).toEqual([
        1,
        `sallyport cannot start: cannot listen on 127.0.0.1:${String(port)}: the address is in use or does not belong to this machine\n`,
      ]);
    } finally {
      taken.close();
    }
  });
});

async function run(args: readonly string[], env: NodeJS.ProcessEnv): Promise<{ code: number | null; errors: string }> {
  const child: ChildProcess = spawn(process.execPath, [MAIN, ...args], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let errors = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, errors };
}

function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
}
