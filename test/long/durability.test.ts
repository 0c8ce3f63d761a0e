/** Long forms of test/cluster/durability.test.ts: many killed homes, and a Redis with replicas and sentinels that fails over. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterEach, describe, expect, it } from 'vitest';
import { Backend } from '../support/backend.js';
import { DurableMember, judge, talk, untilDelivered, type Findings } from '../support/durable-run.js';
import { eventually } from '../support/eventually.js';
import { startGatewayProcess, type GatewayProcess } from '../support/gateway-process.js';
import { freePort, startRedisServer, untilAnswers, type RedisServer } from '../support/redis-server.js';

const NONE_WRONG = { lost: [], duplicates: [], reordered: [], ambiguous: [], ghosts: [] };
const ROUNDS = Number(process.env['SALLYPORT_TEST_KILLED_HOMES'] ?? 10);
const SESSIONS = 10;
const MEMBERS = 8;
const FIRST = { SALLYPORT_NODE_LABELS: 'zone=first' };

const cleanups: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function gateway(env: Readonly<Record<string, string>>): Promise<GatewayProcess> {
  const node = await startGatewayProcess({
    SALLYPORT_FAILED_HANDSHAKES_PER_S: '0',
    SALLYPORT_LOG_LEVEL: 'info',
    ...env,
  });
  cleanups.push(() => node.stop('SIGKILL'));
  return node;
}

/** Durable sessions at this node, which is in the zone `first`, each with its members. */
async function sessionsAt(node: GatewayProcess, count: number): Promise<readonly (readonly DurableMember[])[]> {
  const sessions: (readonly DurableMember[])[] = [];
  for (let s = 0; s < count; s += 1) {
    const session = await new Backend(node.url).createSession(MEMBERS, {
      durability: 'redis',
      resume_window_ms: 120_000,
      filters: [{ field: 'zone', values: ['first'], filter_type: 'any' }],
    });
    const members = Array.from({ length: MEMBERS }, (_, n) => new DurableMember(`s${String(s)} m${String(n)}`));
    for (const [n, member] of members.entries()) await member.join(node.socketUrl, session, n);
    sessions.push(members);
  }
  return sessions;
}

function total(findings: readonly Findings[]): { acked: number; refused: number; deliveries: number } {
  const sum = (of: (each: Findings) => number): number => findings.reduce((all, each) => all + of(each), 0);
  return { acked: sum((f) => f.acked), refused: sum((f) => f.refused), deliveries: sum((f) => f.deliveries) };
}

async function judgeAll(sessions: readonly (readonly DurableMember[])[]): Promise<readonly Findings[]> {
  for (const members of sessions) await untilDelivered(members);
  const findings = sessions.map(judge);
  for (const each of findings) expect(each).toMatchObject(NONE_WRONG);
  return findings;
}

async function replicaOf(master: RedisServer): Promise<RedisServer> {
  const server = await startRedisServer(['--replicaof', `127.0.0.1 ${String(master.port)}`]);
  cleanups.push(() => server.stop());
  return server;
}

/** Three sentinels that fail the master over when it was away for a second. */
async function startSentinels(master: RedisServer): Promise<readonly number[]> {
  const ports: number[] = [];
  for (let n = 0; n < 3; n += 1) {
    const dir = await mkdtemp(join(tmpdir(), 'sallyport-sentinel-'));
    const port = await freePort();
    const config = [
      ...[`port ${String(port)}`, 'bind 127.0.0.1', `dir ${dir}`],
      ...[`sentinel monitor main 127.0.0.1 ${String(master.port)} 2`],
      ...['sentinel down-after-milliseconds main 1000', 'sentinel failover-timeout main 5000'],
    ];
    const file = join(dir, 'sentinel.conf');
    await writeFile(file, `${config.join('\n')}\n`);
    const child: ChildProcess = spawn('redis-server', [file, '--sentinel'], { stdio: 'ignore' });
    cleanups.push(async () => {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
      await rm(dir, { recursive: true, force: true });
    });
    await untilAnswers(`redis://127.0.0.1:${String(port)}`);
    ports.push(port);
  }
  await eventually(async () => {
    const client = new Redis(`redis://127.0.0.1:${String(ports[0])}`);
    const [known] = (await client.call('SENTINEL', 'masters')) as string[][];
    client.disconnect();
    const text = (known ?? []).join(' ');
    return text.includes('num-slaves 2') && text.includes('num-other-sentinels 2') ? null : text;
  });
  return ports;
}

describe('durable sessions, long', () => {
  it('DB16 homes are killed one after the other', async () => {
    const redis = await startRedisServer();
    cleanups.push(() => redis.stop());
    const env = { SALLYPORT_REDIS_URL: redis.url };
    let home = await gateway({ ...env, ...FIRST });
    let next = await gateway(env);
    const sessions = await sessionsAt(home, SESSIONS);
    const all = sessions.flat();
    for (let round = 1; round <= ROUNDS; round += 1) {
      const stop = talk(all, 40);
      await pause(500 + Math.floor(Math.random() * 500));
      home.child.kill('SIGKILL');
      await pause(100);
      stop();
      const startedMs = performance.now();
      await Promise.all(all.map((member) => member.resume(next.socketUrl)));
      const tookMs = Math.round(performance.now() - startedMs);
      const findings = await judgeAll(sessions);
      const wrong = all.filter(({ recovered, gaps, epochs }) => !recovered || gaps > 0 || new Set(epochs).size > 1);
      expect(wrong).toEqual([]);
      console.log(`home ${String(round)} killed: ${JSON.stringify(total(findings))}, all back in ${String(tookMs)} ms`);
      home = next;
      next = await gateway(env);
    }
  }, 300_000);

  it('DB14 DB19 a Redis that fails over to a replica loses nothing that was acknowledged; with its home at once, members are told', async () => {
    const master = await startRedisServer();
    cleanups.push(() => master.stop());
    await replicaOf(master);
    await replicaOf(master);
    const sentinels = await startSentinels(master);
    const hosts = sentinels.map((port) => `127.0.0.1:${String(port)}`).join(',');
    const env = {
      SALLYPORT_REDIS_URL: `redis+sentinel://${hosts}/main`,
      SALLYPORT_DURABLE_REPLICAS: '1',
    };
    const [home, next] = [await gateway({ ...env, ...FIRST }), await gateway(env)];
    const sessions = await sessionsAt(home, SESSIONS);
    const all = sessions.flat();
    const stop = talk(all, 40);
    await pause(1000);
    const before = total(sessions.map(judge)).acked;
    expect(before).toBeGreaterThan(500);
    const lostAtMs = performance.now();
    await master.stop();
    await pause(100);
    const meanwhile = total(sessions.map(judge)).acked;
    await eventually(() => (total(sessions.map(judge)).acked > meanwhile + 100 ? null : 'not back yet'));
    const outageMs = Math.round(performance.now() - lostAtMs);
    await pause(500);
    stop();
    const findings = await judgeAll(sessions);
    console.log(
      `Redis failed over: ${JSON.stringify(total(findings))}, acknowledges again after ${String(outageMs)} ms`,
    );
    expect(all.filter((member) => member.current.closed !== null)).toEqual([]);

    // The servers have two copies left: with the new master dies the home.
    const asked = new Redis({ sentinels: sentinels.map((port) => ({ host: '127.0.0.1', port })), name: 'main' });
    await asked.ping();
    const pid = Number(/process_id:(\d+)/.exec(await asked.info('server'))?.[1]);
    asked.disconnect();
    process.kill(pid, 'SIGKILL');
    home.child.kill('SIGKILL');
    await pause(100);
    await Promise.all(all.map((member) => member.resume(next.socketUrl)));
    const told = all.filter(({ recovered, gaps }) => recovered === false && gaps > 0).length;
    console.log(`Redis and home died: ${String(told)} of ${String(all.length)} members were told`);
    expect(told).toBe(all.length);
  }, 300_000);
});
