/** API keys over HTTP, on both stores: made, listed, used on every surface, removed; and everything that is no key. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { Backend, type Answer } from '../../support/backend.js';
import { STORES } from '../../support/both-stores.js';
import { freshName } from '../../support/directory.js';
import { eventually } from '../../support/eventually.js';
import { startGateway, type RunningGateway } from '../../support/gateway.js';
import { Player } from '../../support/groups.js';

interface MadeKey {
  readonly id: string;
  readonly secret: string;
  readonly project_id: string;
}

const text = expect.any(String) as string;
const number = expect.any(Number) as number;
const told = ({ status, body }: Answer): [number, unknown] => [status, body];

const make = async (backend: Backend, more: Readonly<Record<string, unknown>> = {}): Promise<MadeKey> => {
  const answer = await backend.native('POST', '/v1/keys', { name: 'k', scopes: ['relays'], ...more });
  if (answer.status !== 201) throw new Error(`keys answered ${String(answer.status)}: ${JSON.stringify(answer.body)}`);
  return answer.body as MadeKey;
};

/** Each surface's own carrier, with a call that a key of every scope may make. */
type Door = (key: string) => Promise<Answer>;

describe.each(STORES)('API keys on $store', ({ redisUrl }) => {
  let running: RunningGateway;
  let root: Backend;
  let doors: Readonly<Record<'relays' | 'native' | 'login' | 'group', Door>>;

  beforeAll(async () => {
    running = await startGateway({ redisUrl: redisUrl() });
    root = new Backend(running.url);
    const player = await Player.at(root);
    doors = {
      relays: (key) => root.call('GET', '/v1/relays/sessions', undefined, { authorization: `token ${key}` }),
      native: (key) => root.call('GET', '/v1/keys', undefined, { authorization: `Bearer ${key}` }),
      login: (key) => root.call('GET', `/authenticate/block/nobody?apiKey=${encodeURIComponent(key)}`),
      group: (key) => player.create({}, { 'x-api-key': key }),
    };
  });

  afterAll(() => running.stop());

  const through = async (key: string): Promise<readonly [string, number, unknown][]> =>
    Promise.all(
      Object.entries(doors).map(async ([name, door]) => {
        const { status, body } = await door(key);
        return [name, status, body] as [string, number, unknown];
      }),
    );

  it('KY1 a key is made with its secret, which is shown once', async () => {
    const made = await root.native('POST', '/v1/keys', { name: 'Ünïcode', scopes: ['sessions', 'relays', 'relays'] });
    const { secret, ...shown } = made.body as MadeKey;
    expect(secret).toMatch(/^sp_(live|dev)_[0-9A-Za-z]{16}_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}$/);
    expect([made.status, shown]).toEqual([
      201,
      {
        id: `key_${secret.split('_')[2] ?? ''}`,
        name: 'Ünïcode',
        scopes: ['relays', 'sessions'],
        project_id: expect.stringMatching(/^prj_/) as string,
        created_at: number,
        last_used_at: null,
      },
    ]);
    const listed = await root.native('GET', '/v1/keys?limit=1000');
    expect((listed.body as { keys: unknown[] }).keys).toContainEqual(shown);
    expect(JSON.stringify(listed.body)).not.toContain(secret.split('_')[3]);
    const keys = await Promise.all(Array.from({ length: 50 }, () => make(root)));
    expect(new Set(keys.map((key) => key.secret.split('_')[3])).size).toBe(50);
  });

  it('KY3 an admin key sees, makes and removes keys of its own project, and no stronger ones', async () => {
    const project_id = freshName();
    const admin = await make(root, { scopes: ['admin', 'auth'], project_id });
    const stranger = await make(root);
    const backend = new Backend(running.url, admin.secret);
    const own = await make(backend, { scopes: ['auth'] });
    expect(own.project_id).toBe(project_id);
    for (const body of [
      { name: 'x', scopes: ['relays'] },
      { name: 'x', scopes: ['auth'], project_id: stranger.project_id },
    ]) {
      expect(told(await backend.native('POST', '/v1/keys', body))).toEqual([
        403,
        { code: 'scope_missing', message: text },
      ]);
    }
    const { body } = await backend.native('GET', '/v1/keys');
    expect((body as { keys: { id: string }[] }).keys.map(({ id }) => id)).toEqual([admin.id, own.id]);
    for (const id of [stranger.id, 'key_nothing', 'root', own.secret]) {
      const answer = await backend.native('DELETE', `/v1/keys/${id}`);
      expect(told(answer)).toEqual([404, { code: 'key_not_found', message: text }]);
    }
    expect((await doors.relays(stranger.secret)).status).toBe(200);
    expect((await backend.native('DELETE', `/v1/keys/${own.id}`)).status).toBe(204);
    expect((await backend.native('DELETE', `/v1/keys/${own.id}`)).status).toBe(404);
  });

  it('KY4, KY8 a key that works everywhere is refused everywhere once it is removed', async () => {
    const key = await make(root, { scopes: ['relays', 'auth', 'sessions', 'admin'] });
    expect((await through(key.secret)).map(([name, status]) => [name, status])).toEqual(
      Object.keys(doors).map((name) => [name, 200]),
    );
    await eventually(async () => {
      const { body } = await root.native('GET', '/v1/keys?limit=1000');
      const found = (body as { keys: { id: string; last_used_at: number | null }[] }).keys.find(
        ({ id }) => id === key.id,
      );
      return found === undefined || found.last_used_at === null ? 'its use is not told' : null;
    });
    expect((await root.native('DELETE', `/v1/keys/${key.id}`)).status).toBe(204);
    expect((await through(key.secret)).map(([name, status]) => [name, status])).toEqual(
      Object.keys(doors).map((name) => [name, 401]),
    );
  });

  it.each([
    {},
    { name: '', scopes: ['relays'] },
    { name: 'x'.repeat(129), scopes: ['relays'] },
    { name: 'x', scopes: [] },
    { name: 'x', scopes: ['root'] },
    { name: 'x', scopes: 'relays' },
    { name: 'x', scopes: ['relays'], secret: 'mine' },
    { name: 'x', scopes: ['relays'], project_id: 'a b' },
    [],
  ])('KY5 %j makes no key', async (body) => {
    const answer = await root.native('POST', '/v1/keys', body);
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid_request']);
  });

  it('KY6 keys are listed oldest first by limit and cursor, each once', async () => {
    const admin = await make(root, { scopes: ['admin'], project_id: freshName() });
    const backend = new Backend(running.url, admin.secret);
    const made = [admin.id];
    for (let n = 0; n < 4; n += 1) made.push((await make(backend, { scopes: ['admin'] })).id);
    const seen: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const { body } = await backend.native('GET', `/v1/keys?limit=2${cursor && `&cursor=${cursor}`}`);
      seen.push(...(body.keys as { id: string }[]).map(({ id }) => id));
      cursor = body.next_cursor as string | null;
    }
    expect(seen.toSorted()).toEqual(made.toSorted());
    expect(seen[0]).toBe(admin.id);
  });

  it('KY9 what is not exactly a key opens nothing, and is told the same at each door', async () => {
    const all = { scopes: ['relays', 'auth', 'sessions', 'admin'] };
    const [key, other, removed] = [await make(root, all), await make(root, all), await make(root, all)];
    await root.native('DELETE', `/v1/keys/${removed.id}`);
    const nothing = await through('nothing');
    expect(nothing.map(([name, status]) => [name, status])).toEqual(Object.keys(doors).map((name) => [name, 401]));
    for (const hostile of [...noKeys(key.secret, other.secret), removed.secret]) {
      expect([hostile, await through(hostile)]).toEqual([hostile, nothing]);
    }
    // The control: the keys they were made from.
    for (const { secret } of [key, other]) expect((await doors.native(secret)).status).toBe(200);
  });

  it('KY9 a key without the scope is 403 at each door', async () => {
    const wanted = { relays: 'relays', native: 'admin', login: 'auth', group: 'relays' } as const;
    for (const [name, scope] of Object.entries(wanted)) {
      const scopes = ['relays', 'auth', 'sessions', 'admin'].filter((each) => each !== scope);
      const { secret } = await make(root, { scopes });
      const found = (await through(secret)).find(([door]) => door === name);
      expect([name, found?.[1]]).toEqual([name, 403]);
    }
  });
});

describe('API keys on two nodes', () => {
  it('KY4 a key that is removed on one node is refused by the other within a second', async () => {
    const env = { SALLYPORT_REDIS_PREFIX: `sallyport-test-${freshName()}:` };
    const redisUrl = inject('redisUrl');
    const nodes = [await startGateway({ redisUrl, env }), await startGateway({ redisUrl, env })] as const;
    try {
      const [here, there] = nodes;
      const key = await make(new Backend(here.url));
      const user = new Backend(there.url, key.secret);
      expect((await user.relays('GET', '/v1/relays/sessions')).status).toBe(200);
      expect((await new Backend(here.url).native('DELETE', `/v1/keys/${key.id}`)).status).toBe(204);
      await eventually(async () => {
        const { status } = await user.relays('GET', '/v1/relays/sessions');
        return status === 401 ? null : `it answers ${String(status)}`;
      }, 1_000);
    } finally {
      await Promise.all(nodes.map((node) => node.stop()));
    }
  });
});

/** Texts made from two real keys: typos, mixtures, prefixes, and forgeries whose check is right. */
function noKeys(key: string, other: string): readonly string[] {
  const [sp = '', env = '', id = '', secret = '', check = ''] = key.split('_');
  const [, , otherId = '', otherSecret = '', otherCheck = ''] = other.split('_');
  const checked = (...parts: string[]): string => {
    const body = parts.join('_');
    const digest = createHash('sha256').update(body).digest('base64url').replaceAll(/[-_]/g, '');
    return `${body}_${digest.slice(0, 6)}`;
  };
  const flipped = (part: string): string => (part.startsWith('a') ? 'b' : 'a') + part.slice(1);
  return [
    ...[`${key}x`, key.slice(0, -1), key.toUpperCase(), key.toLowerCase(), `x${key}`, `${key}_${check}`],
    [sp, env, id, secret, flipped(check)].join('_'),
    [sp, env, id, secret, otherCheck].join('_'),
    [sp, env, id, secret].join('_'),
    checked(sp, env, id, otherSecret),
    checked(sp, env, otherId, secret),
    checked(sp, env, flipped(id), secret),
    checked(sp, env, id, flipped(secret)),
    checked(sp, env, id, secret.slice(0, -1)),
    checked(sp, env, id.slice(0, -1), secret),
    checked(sp, env === 'live' ? 'dev' : 'live', id, flipped(secret)),
    checked(sp, 'prod', id, secret),
    ...[id, `key_${id}`, secret, `${key},${key}`, `${key} ${other}`, 'root', 'null', '0'],
  ];
}
