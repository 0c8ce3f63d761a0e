/** Redis fails over, is cut off from its replicas, or loses its subscribers: what gateways and clients see of it. */
import { Redis } from 'ioredis';
import { describe, expect, it } from 'vitest';
import { Backend, pairOf } from '../support/backend.js';
import { Client } from '../support/client.js';
import { DurableMember, talk } from '../support/durable-run.js';
import { eventually } from '../support/eventually.js';
import { startGateway, type RunningGateway } from '../support/gateway.js';
import { startRedisServer, type RedisServer } from '../support/redis-server.js';
import { startSeverableRedis, startWatchedRedis } from '../support/redis-sentinel.js';
import { durableLogOf } from '../support/session-keys.js';

const ROOMS = Number(process.env['SALLYPORT_TEST_FAULT_ROOMS'] ?? 20);
const ONE_USER = { users: [{ ip: '127.0.0.1' }] };
/** Registers what ends something when the test is over: the last one runs first. */
type Later = (end: () => Promise<void>) => void;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function gatewayAt(later: Later, redisUrl: string, env: Record<string, string> = {}): Promise<RunningGateway> {
  const running = await startGateway({ redisUrl, env });
  later(() => running.stop());
  return running;
}

/** Prints the figures that docs/RELIABILITY.md shows. */
function figures(row: string, values: Readonly<Record<string, number>>): void {
  console.log(row, JSON.stringify(values));
}

/** Creates sessions until `isOver`. Returns the ids of those that were acked, and the time without an ack, in ms. */
async function writeUntil(backend: Backend, isOver: (acked: number) => boolean) {
  const acked: string[] = [];
  const codes = new Map<number, number>();
  let [slowestMs, lastAckMs, outageMs] = [0, performance.now(), 0];
  while (!isOver(performance.now() - lastAckMs)) {
    const startedMs = performance.now();
    const { status, body } = await backend.relays('POST', '/v1/relays/sessions', ONE_USER);
    slowestMs = Math.max(slowestMs, performance.now() - startedMs);
    codes.set(status, (codes.get(status) ?? 0) + 1);
    if (status === 200) {
      acked.push((body as { session_id: string }).session_id);
      outageMs = Math.max(outageMs, performance.now() - lastAckMs);
      lastAckMs = performance.now();
    }
    await pause(20);
  }
  outageMs = Math.max(outageMs, performance.now() - lastAckMs);
  return { acked, codes, slowestMs: Math.round(slowestMs), outageMs: Math.round(outageMs), lastAckMs };
}

/** The members talk, and what is acked is followed until `stop`. */
function followAcks(members: readonly DurableMember[]) {
  const count = (): number => members.reduce((sum, { acked }) => sum + acked.size, 0);
  const hush = talk(members, 20);
  let [known, lastMs] = [0, 0];
  const look = (): void => {
    for (const member of members) member.read();
    if (count() === known) return;
    known = count();
    lastMs = performance.now();
  };
  const timer = setInterval(look, 10);
  const stop = (): Promise<void> => {
    hush();
    clearInterval(timer);
    look();
    return Promise.resolve();
  };
  return { acked: count, lastMs: () => lastMs, stop };
}

/** The number of the newest entry in a durable log. Its entries have the numbers of their last frames as ids. */
async function newestNumberAt({ url }: RedisServer, log: string): Promise<number> {
  const client = new Redis(url);
  const [newest] = await client.xrevrange(log, '+', '-', 'COUNT', 1);
  client.disconnect();
  return Number(newest?.[0].split('-')[0] ?? 0);
}

describe('a Redis that fails', () => {
  it('RF6 (F6) the master is killed: every socket stays, and writes work again within 5 s', async ({
    onTestFinished: later,
  }) => {
    const redis = await startWatchedRedis();
    later(() => redis.stop());
    const running = await gatewayAt(later, redis.url);
    // The control: a gateway that knows only the master.
    const control = new Backend((await gatewayAt(later, redis.master.url)).url);
    const backend = new Backend(running.url);
    await eventually(async () => ((await backend.call('GET', '/readyz')).status === 200 ? null : 'not ready'));
    const clients: Client[] = [];
    for (let room = 0; room < ROOMS; room += 1) {
      const session = await backend.createSession(2);
      clients.push(await Client.join(running.socketUrl, pairOf(session, 0)));
      clients.push(await Client.join(running.socketUrl, pairOf(session, 1)));
    }
    const killedAtMs = performance.now();
    await redis.master.stop();
    let isBack = false;
    const { outageMs, slowestMs, codes } = await writeUntil(backend, (idleMs) => {
      isBack ||= performance.now() - killedAtMs > 1_000 && idleMs < 100;
      return isBack || performance.now() - killedAtMs > 15_000;
    });
    figures('F6', { sockets: clients.length, outageMs, slowestMs, refused: codes.get(503) ?? 0 });
    if (outageMs >= 5_000) console.log(await redis.events(), (await backend.call('GET', '/readyz')).body);
    expect([...codes.keys()].sort()).toEqual([200, 503]);
    expect(outageMs).toBeLessThan(5_000);
    expect(slowestMs).toBeLessThan(1_500);
    const [first, second] = clients;
    let ref = 0;
    await eventually(
      () => {
        // The home refuses frames until it has its lease again.
        if ((first?.of('ack').length ?? 0) > 0) return null;
        first?.relay({ deliveryClass: 2, ref: (ref += 1), payload: 'after the failover' });
        return `no ack: ${JSON.stringify(first?.of('error'))}`;
      },
      5_000,
      200,
    );
    await second?.settle();
    expect(clients.filter(({ closed }) => closed !== null)).toEqual([]);
    expect((await control.relays('POST', '/v1/relays/sessions', ONE_USER)).status).toBe(503);
  });

  it('RF7, RF11 (F7) a master that is cut off takes no writes, and acks no durable frame that no replica has', async ({
    onTestFinished: later,
  }) => {
    // Redis counts the lag in whole seconds.
    const strict = ['--min-replicas-to-write', '1', '--min-replicas-max-lag', '1'];
    const outcome = async (args: readonly string[], replicas: string) => {
      const redis = await startSeverableRedis(args);
      later(() => redis.stop());
      // On the master's side of the cut: it reaches no sentinel and no replica.
      const env = { SALLYPORT_REDIS_PREFIX: 'cut', SALLYPORT_DURABLE_REPLICAS: replicas };
      const running = await gatewayAt(later, redis.master.url, env);
      const backend = new Backend(running.url);
      const session = await backend.createSession(2, { durability: 'redis' });
      const members = [new DurableMember('one'), new DurableMember('two')];
      for (const [n, member] of members.entries()) await member.join(running.socketUrl, session, n);
      const frames = followAcks(members);
      later(frames.stop);
      await eventually(() => (frames.acked() > 50 ? null : 'too few are acked'));
      redis.sever();
      const cutAtMs = performance.now();
      const { acked, slowestMs, lastAckMs } = await writeUntil(backend, () => performance.now() - cutAtMs > 5_000);
      const ready = await backend.call('GET', '/readyz');
      await frames.stop();
      // The entries that are left when the master is lost.
      const newest = await newestNumberAt(redis.replica, durableLogOf(session.session_id, 'cut'));
      const lostFrames = members.flatMap((member) => [...member.acked.values()]).filter((seq) => seq > newest).length;
      return {
        ...{ acked: acked.length, slowestMs, ackedForMs: Math.round(lastAckMs - cutAtMs), ready },
        ...{ ackedFrames: frames.acked(), framesAckedForMs: Math.round(frames.lastMs() - cutAtMs), lostFrames },
      };
    };
    const [{ ready, ...guarded }, { ready: controlReady, ...control }] = await Promise.all([
      outcome(strict, '1'),
      outcome([], '0'),
    ]);
    console.log('F7', JSON.stringify({ guarded, control }));
    expect(ready.status).toBe(503);
    expect(JSON.stringify(ready.body)).toContain('NOREPLICAS');
    expect(guarded.ackedForMs).toBeLessThan(3_500);
    expect(guarded.slowestMs).toBeLessThan(1_500);
    expect(guarded.framesAckedForMs).toBeLessThan(2_000);
    expect(guarded.lostFrames).toBe(0);
    // The control: what it acks for five seconds, no replica has.
    expect(control.ackedForMs).toBeGreaterThan(4_500);
    expect(control.lostFrames).toBeGreaterThan(50);
    expect(controlReady.status).toBe(200);
  });

  it('RF8 (F12) the subscribers are cut for 3 s: no frame is lost, and an order takes effect within 2 s after', async ({
    onTestFinished: later,
  }) => {
    const redis = await startRedisServer();
    later(() => redis.stop());
    const env = (zone: string) => ({ SALLYPORT_REDIS_PREFIX: 'cut', SALLYPORT_NODE_LABELS: `zone=${zone}` });
    const [one, home] = [await gatewayAt(later, redis.url, env('one')), await gatewayAt(later, redis.url, env('home'))];
    const [atOne, atHome] = [new Backend(one.url), new Backend(home.url)];
    await eventually(async () => {
      const { body } = await atOne.call('GET', '/metrics');
      return /^sallyport_nodes_heard 1$/m.test(String(body)) ? null : 'it does not hear the other node';
    });
    const filters = [{ field: 'zone', values: ['home'], filter_type: 'any' }];
    const session = await atHome.createSession(3, { filters });
    const [sender, receiver, kicked] = await Promise.all(
      [0, 1, 2].map((n) => Client.join(home.socketUrl, pairOf(session, n))),
    );
    if (sender === undefined || receiver === undefined || kicked === undefined) throw new Error('unreachable');
    const admin = new Redis(redis.url);
    later(async () => admin.disconnect());
    const endsAtMs = performance.now() + 3_000;
    let sent = 0;
    let kick: ReturnType<Backend['native']> | null = null;
    while (performance.now() < endsAtMs) {
      await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
      for (let n = 0; n < 4; n += 1) sender.relay({ deliveryClass: 2, payload: String((sent += 1)) });
      if (sent === 200) {
        kick = atOne.native('POST', `/v1/relays/sessions/${session.session_id}/kick`, { index: kicked.index });
      }
      await pause(20);
    }
    // The control: the order itself was lost.
    expect((await kick)?.body).toMatchObject({ matched: 1, closed: 0, nodes_timed_out: 1 });
    const restoredAtMs = performance.now();
    await eventually(() => (kicked.closed === null ? 'still open' : null), 5_000);
    const closedAfterMs = Math.round(performance.now() - restoredAtMs);
    await receiver.expectEntries(sent);
    figures('F12', { sent, received: receiver.entries.length, closedAfterMs });
    expect(receiver.entries.map(({ seq }) => seq)).toEqual(Array.from({ length: sent }, (_, n) => n + 1));
    expect(closedAfterMs).toBeLessThan(2_000);
  });
});
