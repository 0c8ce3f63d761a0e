/** Keyed calls over a Redis that loses replies: each makes one thing, whatever became of its first try. */
import { afterEach, describe, expect, it } from 'vitest';
import { Backend, type Answer } from '../../support/backend.js';
import { ChaosProxy, seeded } from '../../support/chaos-proxy.js';
import { eventually } from '../../support/eventually.js';
import { startGateway } from '../../support/gateway.js';
import { MAKINGS, type Making, type MakingStage } from '../../support/makings.js';
import { startRedisServer } from '../../support/redis-server.js';

const CALLS = Number(process.env['SALLYPORT_TEST_KEYED_CALLS'] ?? 1_000);
const SEED = Number(process.env['SALLYPORT_TEST_SEED'] ?? Date.now() % 1_000_000);
const AT_ONCE = 8;
const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function stage(): Promise<{ backend: Backend; proxy: ChaosProxy; redisUrl: string }> {
  const redis = await startRedisServer();
  cleanups.push(() => redis.stop());
  const proxy = await ChaosProxy.start(redis.port);
  cleanups.push(() => proxy.stop());
  const running = await startGateway({ redisUrl: `redis://127.0.0.1:${String(proxy.port)}` });
  cleanups.push(() => running.stop());
  return { backend: new Backend(running.url), proxy, redisUrl: redis.url };
}

async function prepared(kind: string, stage: MakingStage): Promise<Making> {
  const prepare = MAKINGS[kind];
  if (prepare === undefined) throw new Error(`no making is called ${kind}`);
  return await prepare(stage);
}

async function untilReady(backend: Backend): Promise<void> {
  await eventually(async () => ((await backend.call('GET', '/readyz')).status === 200 ? null : 'not ready'));
}

/** Repeats a call under its key until its outcome is known. Gives every answer that is one. */
async function settle(send: () => Promise<Answer>): Promise<{ answer: Answer; unknown: number }> {
  let unknown = 0;
  const answers: Answer[] = [];
  await eventually(async () => {
    const answer = await send();
    answers.push(answer);
    const { status, body } = answer;
    if (status === 503 && body.outcome === 'unknown') unknown += 1;
    return status === 503 || status === 500 || body.code === 'idempotency_in_progress'
      ? `answers ${String(status)}`
      : null;
  }, 30_000);
  const answer = answers.at(-1);
  if (answer === undefined) throw new Error('unreachable');
  return { answer, unknown };
}

const PER_KIND = Math.ceil(CALLS / Object.keys(MAKINGS).length);

describe('a call with an Idempotency-Key', () => {
  const unknown: Record<string, number> = {};

  it.each(Object.keys(MAKINGS))(
    'HT26 (F9) makes one thing though 5 percent of the replies of Redis are lost, and answers a later repeat alike: %s',
    async (kind) => {
      const { backend, proxy, redisUrl } = await stage();
      const making = await prepared(kind, { backend, redisUrl, calls: PER_KIND });
      const { send, idOf, count } = making;
      const calls = Math.min(PER_KIND, making.atMost ?? PER_KIND);
      const random = seeded(SEED + Object.keys(MAKINGS).indexOf(kind) * 7919);
      const ids = new Map<number, string>();
      const before = await count();
      proxy.cutsReply = () => random() < 0.05;
      let next = 0;
      const worker = async (): Promise<void> => {
        while (next < calls) {
          const n = (next += 1);
          const settled = await settle(() => send(n, { 'idempotency-key': `key-${String(n)}` }));
          unknown[kind] = (unknown[kind] ?? 0) + settled.unknown;
          expect([settled.answer.status < 300, settled.answer.body], `seed ${String(SEED)}`).toEqual([
            true,
            expect.anything(),
          ]);
          ids.set(n, idOf(settled.answer));
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, worker));
      proxy.cutsReply = () => false;
      await untilReady(backend);
      expect([new Set(ids.values()).size, await count()], `seed ${String(SEED)}`).toEqual([calls, before + calls]);
      for (const [n, id] of [...ids].slice(0, 20)) {
        expect(idOf(await send(n, { 'idempotency-key': `key-${String(n)}` }))).toBe(id);
      }
    },
    900_000,
  );

  it('HT26 control: outcomes were unknown on the way, so repeats were put to the test', () => {
    expect(Object.keys(unknown)).toEqual(Object.keys(MAKINGS));
    expect(Object.values(unknown).reduce((sum, count) => sum + count, 0)).toBeGreaterThan(0);
  });

  it('HT26 control: the same calls without a key make some things twice', async () => {
    const { backend, proxy, redisUrl } = await stage();
    const { send, count } = await prepared('relay sessions', { backend, redisUrl, calls: 60 });
    const random = seeded(7);
    proxy.cutsReply = () => random() < 0.2;
    for (let n = 1; n <= 60; n += 1) await settle(() => send(n, {}));
    proxy.cutsReply = () => false;
    await untilReady(backend);
    expect(await count()).toBeGreaterThan(60);
  }, 120_000);
});

describe('an outcome that is not known', () => {
  it('HT26 is named in the shape of the surface', async () => {
    const { backend, proxy } = await stage();
    const session = await backend.createSession(1);
    const calls: (() => Promise<Answer>)[] = [
      () => backend.relays('POST', '/v1/relays/sessions', { users: [{ ip: '10.0.0.1' }] }),
      () => backend.relays('DELETE', `/v1/relays/sessions/${session.session_id}`),
      () => backend.native('POST', '/v1/users', { username: 'ada' }),
    ];
    for (const call of calls) {
      // Mutations go out and are served; their replies do not come.
      proxy.cutsReply = () => false;
      await untilReady(backend);
      await eventually(async () => {
        proxy.stall();
        const answer = await call();
        proxy.resume();
        await untilReady(backend);
        const isUnknown = answer.status === 503 && answer.body.outcome === 'unknown';
        expect(answer.headers.get('retry-after')).toBe('1');
        return isUnknown ? null : JSON.stringify(answer.body);
      }, 20_000);
    }
  }, 120_000);
});
