/** Durable sessions over real processes and a real Redis: killed homes, a Redis that stalls, one that comes back empty. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Backend } from '../support/backend.js';
import { eventually } from '../support/eventually.js';
import { DurableMember, judge, talk, untilDelivered } from '../support/durable-run.js';
import { startGatewayProcess } from '../support/gateway-process.js';
import { Nodes } from '../support/nodes.js';
import { startRedisServer } from '../support/redis-server.js';

const MEMBERS = 6;
const NONE_WRONG = { lost: [], duplicates: [], reordered: [], ambiguous: [], ghosts: [] };

async function joined(nodes: Nodes, home: number, durability: 'redis' | 'memory'): Promise<readonly DurableMember[]> {
  const session = await nodes.sessionAt(home, MEMBERS, { durability, resume_window_ms: 60_000 });
  const members = Array.from({ length: MEMBERS }, (_, n) => new DurableMember(`m${String(n)}`));
  for (const [n, member] of members.entries()) await member.join(nodes.process(home).socketUrl, session, n);
  return members;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('durable sessions on two nodes', () => {
  let nodes: Nodes;

  beforeAll(async () => {
    nodes = await Nodes.start(2);
  });

  afterAll(() => nodes.stop());

  it('DB16 nothing that a killed home acknowledged is lost, doubled or reordered at the next home; without durability members are told', async () => {
    const durable = await joined(nodes, 0, 'redis');
    const plain = await joined(nodes, 0, 'memory');
    const all = [...durable, ...plain];
    const stop = talk(all, 5);
    await pause(1000);
    nodes.process(0).child.kill('SIGKILL');
    await pause(100);
    stop();
    await Promise.all(all.map((member) => member.resume(nodes.process(1).socketUrl)));

    const stopAgain = talk(durable, 5);
    await pause(300);
    stopAgain();
    await untilDelivered(durable);
    const findings = judge(durable);
    console.log('killed home, durable:', JSON.stringify({ ...findings, sent: sum(durable.map(({ sent }) => sent)) }));
    expect(findings).toMatchObject(NONE_WRONG);
    expect(findings.acked).toBeGreaterThan(200);
    for (const member of durable) {
      expect([member.recovered, member.gaps, new Set(member.epochs).size]).toEqual([true, 0, 1]);
    }
    for (const member of plain) {
      expect([member.recovered, member.gaps, new Set(member.epochs).size]).toEqual([false, 1, 2]);
    }
  });
});

describe('a durable session and its Redis', () => {
  it('DB10 while Redis hangs, reliable frames are refused by name within 1.3 s, and none of them arrives later', async () => {
    const nodes = await Nodes.start(1);
    try {
      const members = await joined(nodes, 0, 'redis');
      const stop = talk(members, 10);
      await pause(300);
      nodes.redis.pause();
      await pause(1300);
      for (const member of members) member.read();
      const refused = members.flatMap((member) => member.refused);
      expect(refused.length).toBeGreaterThan(MEMBERS);
      expect(new Set(refused.map((each) => each.split(': ')[1]))).toEqual(new Set(['store_unavailable']));
      await pause(300);
      nodes.redis.resume();
      await pause(1500);
      const ackedBefore = sum(members.map(({ acked }) => acked.size));
      await pause(500);
      stop();
      await untilDelivered(members);
      const findings = judge(members);
      console.log('hung Redis:', JSON.stringify(findings));
      expect(findings).toMatchObject(NONE_WRONG);
      expect(findings.acked).toBeGreaterThan(ackedBefore);
    } finally {
      await nodes.stop();
    }
  });

  it('DB14 a Redis that comes back empty gets the entries back from the living home, and the next home has them', async () => {
    let redis = await startRedisServer();
    const env = { SALLYPORT_REDIS_URL: redis.url, SALLYPORT_FAILED_HANDSHAKES_PER_S: '0', SALLYPORT_LOG_LEVEL: 'info' };
    const home = await startGatewayProcess(env);
    const session = await new Backend(home.url).createSession(MEMBERS, {
      durability: 'redis',
      resume_window_ms: 60_000,
    });
    const next = await startGatewayProcess(env);
    try {
      const members = Array.from({ length: MEMBERS }, (_, n) => new DurableMember(`m${String(n)}`));
      for (const [n, member] of members.entries()) await member.join(home.socketUrl, session, n);
      const stop = talk(members, 10);
      await pause(300);
      await redis.stop();
      redis = await startRedisServer([], redis.port);
      const before = judge(members).acked;
      await eventually(() => (judge(members).acked > before + 100 ? null : 'it does not acknowledge again'));
      home.child.kill('SIGKILL');
      await pause(100);
      stop();
      await Promise.all(members.map((member) => member.resume(next.socketUrl)));
      await untilDelivered(members);
      const findings = judge(members);
      console.log('empty Redis:', JSON.stringify(findings));
      expect(findings).toMatchObject(NONE_WRONG);
      for (const { recovered, gaps, epochs } of members) {
        expect([recovered, gaps, new Set(epochs).size]).toEqual([true, 0, 1]);
      }
    } finally {
      await Promise.all([home, next].map((node) => node.stop('SIGKILL')));
      await redis.stop();
    }
  });
});

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}
