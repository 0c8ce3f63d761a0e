/** Keyed calls over a Redis that loses replies: each makes one thing, whatever became of its first try. */
import { afterEach, describe, expect, it } from 'vitest';
import { Backend, type Answer } from '../../support/backend.js';
import { ChaosProxy, seeded } from '../../support/chaos-proxy.js';
import { eventually } from '../../support/eventually.js';
import { startGateway } from '../../support/gateway.js';
import { startRedisServer } from '../../support/redis-server.js';

const CALLS = Number(process.env['SALLYPORT_TEST_KEYED_CALLS'] ?? 600);
const SEED = Number(process.env['SALLYPORT_TEST_SEED'] ?? Date.now() % 1_000_000);
const AT_ONCE = 8;
const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Stage {
  readonly backend: Backend;
  readonly proxy: ChaosProxy;
}

async function stage(): Promise<Stage> {
  const redis = await startRedisServer();
  cleanups.push(() => redis.stop());
  const proxy = await ChaosProxy.start(redis.port);
  cleanups.push(() => proxy.stop());
  const running = await startGateway({ redisUrl: `redis://127.0.0.1:${String(proxy.port)}` });
  cleanups.push(() => running.stop());
  return { backend: new Backend(running.url), proxy };
}

/** A call that makes something: what it sends, and what tells the made things apart. */
interface Making {
  readonly name: string;
  readonly send: (backend: Backend, n: number, headers: Record<string, string>) => Promise<Answer>;
  readonly idOf: (answer: Answer) => string;
  /** How many there are in all. */
  readonly count: (backend: Backend) => Promise<number>;
}

async function countPages(backend: Backend, path: string, member: string): Promise<number> {
  let count = 0;
  let cursor = '';
  for (;;) {
    const answer = await backend.native('GET', `${path}?limit=100${cursor}`);
    expect(answer.status).toBe(200);
    count += answer.body[member].length as number;
    if (typeof answer.body.next_cursor !== 'string') return count;
    cursor = `&cursor=${answer.body.next_cursor as string}`;
  }
}

const MAKINGS: readonly Making[] = [
  {
    name: 'relay sessions',
    send: (backend, n, headers) =>
      backend.relays('POST', '/v1/relays/sessions', { users: [{ ip: '10.0.0.1' }], metadata: { n } }, headers),
    idOf: ({ body }) => `${String(body.session_id)} ${String(body.session_users[0].authorization_token)}`,
    count: async (backend) => (await backend.relays('GET', '/v1/relays/sessions')).body.total_count as number,
  },
  {
    name: 'users',
    send: (backend, n, headers) => backend.native('POST', '/v1/users', { username: `user-${String(n)}` }, headers),
    idOf: ({ body }) => `${String(body.id)} ${String(body.created_at)}`,
    count: (backend) => countPages(backend, '/v1/users', 'users'),
  },
  {
    name: 'organizations',
    send: (backend, n, headers) =>
      backend.native('POST', '/v1/organizations', { name: 'One name', slug: `s-${String(n)}` }, headers),
    idOf: ({ body }) => String(body.id),
    count: (backend) => countPages(backend, '/v1/organizations', 'organizations'),
  },
  {
    name: 'API keys',
    send: (backend, n, headers) =>
      backend.native('POST', '/v1/keys', { name: `k${String(n)}`, scopes: ['relays'] }, headers),
    idOf: ({ body }) => `${String(body.id)} ${String(body.secret)}`,
    count: (backend) => countPages(backend, '/v1/keys', 'keys'),
  },
];

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

describe('a call with an Idempotency-Key', () => {
  it('HT26 (F9) makes one thing though 5 % of the replies of Redis are lost, and answers a later repeat alike', async () => {
    const { backend, proxy } = await stage();
    const random = seeded(SEED);
    let unknown = 0;
    for (const { name, send, idOf, count } of MAKINGS) {
      const ids = new Map<number, string>();
      const before = await count(backend);
      proxy.cutsReply = () => random() < 0.05;
      let next = 0;
      const worker = async (): Promise<void> => {
        while (next < CALLS / MAKINGS.length) {
          const n = (next += 1);
          const keyed = { 'idempotency-key': `${name.replaceAll(' ', '-')}-${String(n)}` };
          const settled = await settle(() => send(backend, n, keyed));
          unknown += settled.unknown;
          expect([settled.answer.status < 300, settled.answer.body], `seed ${String(SEED)}`).toEqual([
            true,
            expect.anything(),
          ]);
          ids.set(n, idOf(settled.answer));
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, worker));
      proxy.cutsReply = () => false;
      await eventually(async () => ((await backend.call('GET', '/readyz')).status === 200 ? null : 'not ready'));
      expect([name, new Set(ids.values()).size, await count(backend)], `seed ${String(SEED)}`).toEqual([
        name,
        ids.size,
        before + ids.size,
      ]);
      for (const [n, id] of [...ids].slice(0, 20)) {
        const again = await send(backend, n, { 'idempotency-key': `${name.replaceAll(' ', '-')}-${String(n)}` });
        expect(idOf(again)).toBe(id);
      }
    }
    // The control: had no outcome been unknown, nothing was put to the test.
    expect(unknown).toBeGreaterThan(0);
  }, 900_000);

  it('HT26 control: the same calls without a key make some things twice', async () => {
    const { backend, proxy } = await stage();
    const [sessions] = MAKINGS;
    if (sessions === undefined) throw new Error('unreachable');
    const random = seeded(7);
    proxy.cutsReply = () => random() < 0.2;
    for (let n = 0; n < 60; n += 1) await settle(() => sessions.send(backend, n, {}));
    proxy.cutsReply = () => false;
    await eventually(async () => ((await backend.call('GET', '/readyz')).status === 200 ? null : 'not ready'));
    expect(await sessions.count(backend)).toBeGreaterThan(60);
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
      await eventually(async () => ((await backend.call('GET', '/readyz')).status === 200 ? null : 'not ready'));
      await eventually(async () => {
        proxy.stall();
        const answer = await call();
        proxy.resume();
        await eventually(async () => ((await backend.call('GET', '/readyz')).status === 200 ? null : 'not ready'));
        const isUnknown = answer.status === 503 && answer.body.outcome === 'unknown';
        expect(answer.headers.get('retry-after')).toBe('1');
        return isUnknown ? null : JSON.stringify(answer.body);
      }, 20_000);
    }
  }, 120_000);
});
