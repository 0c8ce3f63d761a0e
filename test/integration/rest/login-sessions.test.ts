/** Login sessions over real HTTP, with every status that can be provoked, on both stores: `/session/...`. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { STORES } from '../../support/both-stores.js';
import { eventually } from '../../support/eventually.js';
import { startGateway, type RunningGateway } from '../../support/gateway.js';
import { LoginApi, type CallOptions, type LoginAnswer, type TestUser } from '../../support/login.js';

const NOBODYS = `lsid_${'0'.repeat(27)}_${'0'.repeat(43)}`;
const NO_USER = `user_${'0'.repeat(27)}`;
const NO_ORGANIZATION = `org_${'0'.repeat(27)}`;
const NOT_FOUND = {
  error: 'login_session_not_found',
  message: 'There is no such session, or the caller may not see it.',
};

interface Row {
  readonly row: string;
  readonly method: string;
  /** The rest of the path, after the LSID. */
  readonly tail: string;
  readonly status: number;
  /** A body that the session of this user may be sent. */
  readonly options: (user: TestUser) => CallOptions;
}

/** Every call on a session by its LSID. */
const ROWS: readonly Row[] = [
  { row: 'get', method: 'GET', tail: '', status: 200, options: () => ({}) },
  { row: 'delete', method: 'DELETE', tail: '', status: 200, options: () => ({}) },
  {
    row: 'setEffectiveUser',
    method: 'POST',
    tail: '/setEffectiveUser',
    status: 200,
    options: ({ id }) => ({ json: id }),
  },
  { row: 'assumedIdentity', method: 'DELETE', tail: '/assumedIdentity', status: 200, options: () => ({}) },
  { row: 'clone', method: 'POST', tail: '/clone', status: 201, options: () => ({}) },
  { row: 'token', method: 'POST', tail: '/token', status: 200, options: () => ({}) },
];

const ALL_ROWS: readonly Row[] = [
  ...ROWS,
  {
    row: 'setEffectiveOrg',
    method: 'POST',
    tail: '/setEffectiveOrg',
    status: 404,
    options: () => ({ json: NO_ORGANIZATION }),
  },
];

describe.each(STORES)('login sessions on $store', ({ redisUrl }) => {
  let running: RunningGateway;
  let api: LoginApi;
  let authKey: string;
  let weakKey: string;
  /** LSIDs of users whom no case changes. */
  let anAdmin: string;
  let stranger: string;

  beforeAll(async () => {
    running = await startGateway({
      redisUrl: redisUrl(),
      env: { SALLYPORT_SIGN_IN_ATTEMPTS_PER_ADDRESS: '0' },
    });
    api = new LoginApi(running.url);
    authKey = await api.newKey('auth');
    weakKey = await api.newKey('relays', 'sessions', 'admin');
    anAdmin = await api.logIn(await api.newUser({ admin: true }));
    stranger = await api.logIn(await api.newUser());
  });

  afterAll(() => running.stop());

  function errorOf({ status, body }: LoginAnswer): readonly unknown[] {
    return [status, body];
  }

  it.each(ROWS)('LS7 $row: the LSID of the path is enough', async ({ method, tail, status, options }) => {
    const user = await api.newUser();
    const answer = await api.call(method, `/session/${await api.logIn(user)}${tail}`, options(user));
    expect([answer.status, answer.text.includes(user.password)]).toEqual([status, false]);
  });

  it.each(ALL_ROWS)('LS7 $row: takes ;lsid= in any segment, or an API key in the query', async (row) => {
    const user = await api.newUser();
    const own = await api.logIn(user);
    const admin = await api.anotherSession(anAdmin);
    const carried = (lsid: string, by: string): readonly string[] => [
      `/session;lsid=${by}/${lsid}${row.tail}`,
      `/session/${lsid};lsid=${by}${row.tail}`,
      `/session/${lsid}${row.tail};lsid=${encodeURIComponent(by)};other=x`,
    ];
    const keyed = (lsid: string): readonly string[] =>
      ['apiKey', 'api_key'].map((name) => `/session/${lsid}${row.tail}?${name}=${authKey}`);
    for (const pathOf of [(lsid: string) => carried(lsid, own), (lsid: string) => carried(lsid, admin), keyed]) {
      for (const n of pathOf('').keys()) {
        const path = pathOf(await api.anotherSession(own))[n] ?? '';
        const { status, body } = await api.call(row.method, path, row.options(user));
        expect([path, status]).toEqual([path, row.status]);
        if (status === 404) expect(body).toMatchObject({ error: 'organization_not_found' });
      }
    }
  });

  it.each(ALL_ROWS)('LS8 $row: 404 with one text for what is no session, is over, or not the caller’s', async (row) => {
    const user = await api.newUser();
    const lsid = await api.logIn(user);
    const over = await api.anotherSession(lsid);
    await api.call('DELETE', `/session/${over}`);
    const [, idLetters = '', secret = ''] = lsid.split('_');
    const paths = [
      ...[
        NOBODYS,
        over,
        'x',
        `sess_${idLetters}`,
        `lsid_${idLetters}_${'0'.repeat(43)}`,
        `lsid_${'0'.repeat(27)}_${secret}`,
      ],
      ...[`${lsid};lsid=${stranger}`, `${lsid};lsid=${over}`, `${lsid};lsid=`, `${over};lsid=${lsid}`],
    ].map((segment) => `/session/${segment}${row.tail}`);
    const queries = [
      ...[`apiKey=${weakKey}`, `apiKey=${authKey}x`, 'apiKey=', `apiKey=${authKey}&api_key=${authKey}`],
      `apiKey=${authKey}&apiKey=${authKey}`,
    ].map((query) => `/session/${lsid}${row.tail}?${query}`);
    const both = `/session/${lsid};lsid=${lsid}${row.tail}?apiKey=${authKey}`;
    for (const path of [...paths, ...queries, both]) {
      const answer = await api.call(row.method, path, row.options(user));
      expect([path, ...errorOf(answer)]).toEqual([path, 404, NOT_FOUND]);
    }
    expect(await api.isAlive(lsid)).toBe(true);
  });

  it('LS10 get: 200 with the session; it counts as access', async () => {
    const user = await api.newUser();
    const lsid = await api.logIn(user);
    const first = await api.call('GET', `/session/${lsid}`);
    expect(first.status).toBe(200);
    const session = first.body as Record<string, number>;
    expect(session).toMatchObject({ sessionId: lsid, userId: user.id, username: user.username, assumed: false });
    await eventually(async () => {
      const { body } = await api.call('GET', `/session/${lsid}`);
      const { lastAccessedAt = 0, expiresAt = 0, createdAt = 0 } = body as Record<string, number>;
      if (lastAccessedAt === session['lastAccessedAt']) return 'the access did not count';
      expect(createdAt).toBe(session['createdAt']);
      expect(expiresAt).toBeLessThanOrEqual(createdAt + 604_800_000);
      return null;
    });
  });

  it('LS11 delete: 200; without a body or with false this session, with true all of the user', async () => {
    const user = await api.newUser();
    const first = await api.logIn(user);
    const [second, third] = [await api.anotherSession(first), await api.anotherSession(first)];
    const lsids = [first, second, third, await api.anotherSession(first)];
    const one = await api.call('DELETE', `/session/${first}`);
    expect(errorOf(one)).toEqual([200, { terminated: 1 }]);
    expect(errorOf(await api.call('DELETE', `/session/${second}`, { raw: 'false' }))).toEqual([200, { terminated: 1 }]);
    expect(await Promise.all(lsids.map((lsid) => api.isAlive(lsid)))).toEqual([false, false, true, true]);
    const typed = { raw: 'true', headers: { 'content-type': 'application/json1' } };
    expect(errorOf(await api.call('DELETE', `/session/${third}`, typed))).toEqual([200, { terminated: 2 }]);
    expect(await Promise.all(lsids.map((lsid) => api.isAlive(lsid)))).toEqual([false, false, false, false]);
    expect(errorOf(await api.call('DELETE', `/session/${third}`, typed))).toEqual([404, NOT_FOUND]);
  });

  it('LS11 delete: 400 for a body that is no boolean', async () => {
    const lsid = await api.logIn(await api.newUser());
    for (const raw of ['"true"', '1', '{}', '[true]', 'true false', 'null']) {
      expect([raw, (await api.call('DELETE', `/session/${lsid}`, { raw })).status]).toEqual([raw, 400]);
    }
    expect(await api.isAlive(lsid)).toBe(true);
  });

  it('LS12 setEffectiveUser: 200 for an admin, in the target’s home organization; later calls act as that user', async () => {
    const target = await api.newUser();
    const organization = await api.newOrganization(target);
    await api.root.native('PATCH', `/v1/users/${target.id}`, { home_organization_id: organization });
    const admin = await api.newUser({ admin: true });
    const lsid = await api.logIn(admin);
    const seen = { effectiveUserId: target.id, effectiveOrgId: organization, assumed: true, userId: admin.id };
    for (const json of [target.id, { userId: target.id }]) {
      const answer = await api.call('POST', `/session/${lsid}/setEffectiveUser`, { json });
      expect([answer.status, answer.body]).toEqual([200, expect.objectContaining(seen)]);
    }
    expect((await api.call('GET', `/session/${lsid}`)).body).toMatchObject(seen);
    const other = await api.newUser();
    expect((await api.call('POST', `/authenticate;lsid=${lsid}/block/${other.username}`)).status).toBe(403);
    expect((await api.call('GET', `/authenticate;lsid=${lsid}/block/${target.username}`)).status).toBe(200);
    const onwards = await api.call('POST', `/session/${lsid}/setEffectiveUser`, { json: other.id });
    expect(onwards.body).toMatchObject({ effectiveUserId: other.id, effectiveOrgId: null, userId: admin.id });
  });

  it('LS12 setEffectiveUser: 400 for another body; 404 for nobody, for one who may not be assumed, and for no right', async () => {
    const target = await api.newUser();
    const admin = await api.logIn(await api.newUser({ admin: true }));
    const user = await api.newUser();
    const plain = await api.logIn(user);
    const assume = (lsid: string, options: CallOptions) =>
      api.call('POST', `/session/${lsid}/setEffectiveUser`, options);
    for (const options of [
      {},
      { raw: 'x' },
      { json: 5 },
      { json: {} },
      { json: { userId: 5 } },
      { json: [target.id] },
    ]) {
      expect((await assume(admin, options)).status).toBe(400);
    }
    const banned = await api.newUser();
    await api.root.native('POST', `/v1/users/${banned.id}/ban`);
    const refused = [
      ...[await assume(admin, { json: NO_USER }), await assume(admin, { json: 'nobody' })],
      ...[await assume(admin, { json: banned.id }), await assume(plain, { json: target.id })],
      await assume(plain, { json: NO_USER }),
    ];
    for (const answer of refused) {
      expect(errorOf(answer)).toEqual([404, { error: 'user_not_found', message: 'There is no such user.' }]);
    }
    expect((await assume(plain, { json: user.id })).status).toBe(200);
    expect(
      (await api.call('POST', `/session/${plain}/setEffectiveUser?apiKey=${authKey}`, { json: target.id })).body,
    ).toMatchObject({ userId: user.id, effectiveUserId: target.id });
  });

  it('LS12 setEffectiveUser: an admin turns somebody else’s session as well; its holder acts as the target then', async () => {
    const [user, target] = [await api.newUser(), await api.newUser()];
    const lsid = await api.logIn(user);
    const boss = await api.logIn(await api.newUser({ admin: true }));
    const path = (name: string) => `/authenticate;lsid=${lsid}/block/${name}`;
    expect((await api.call('GET', path(target.username))).status).toBe(403);
    const turned = await api.call('POST', `/session/${lsid};lsid=${boss}/setEffectiveUser`, { json: target.id });
    expect([turned.status, turned.body]).toEqual([
      200,
      expect.objectContaining({ sessionId: lsid, userId: user.id, effectiveUserId: target.id, assumed: true }),
    ]);
    const statuses = [await api.call('GET', path(target.username)), await api.call('GET', path(user.username))];
    expect(statuses.map(({ status }) => status)).toEqual([200, 403]);
    expect((await api.call('DELETE', `/session/user;lsid=${lsid}/${user.id}`)).status).toBe(403);
  });

  it('LS12 an admin who is one no more has no session left to act as others in', async () => {
    const target = await api.newUser();
    const admin = await api.newUser({ admin: true });
    const lsid = await api.logIn(admin);
    await api.call('POST', `/session/${lsid}/setEffectiveUser`, { json: target.id });
    expect((await api.root.native('PATCH', `/v1/users/${admin.id}`, { admin: false })).status).toBe(200);
    expect(errorOf(await api.call('GET', `/session/${lsid}`))).toEqual([404, NOT_FOUND]);
  });

  it('LS12 relay credentials that are bound to a session are for the user it acts as', async () => {
    const target = await api.newUser();
    const admin = await api.newUser({ admin: true });
    const lsid = await api.logIn(admin);
    const { session_id: relay } = await api.root.createSession();
    const mint = (user_id: string) =>
      api.root.native('POST', `/v1/relays/sessions/${relay}/tokens`, {
        user_id,
        user_session_id: `sess_${lsid.split('_')[1] ?? ''}`,
      });
    expect([(await mint(admin.id)).status, (await mint(target.id)).status]).toEqual([200, 404]);
    await api.call('POST', `/session/${lsid}/setEffectiveUser`, { json: target.id });
    expect([(await mint(admin.id)).status, (await mint(target.id)).status]).toEqual([404, 200]);
  });

  it('LS12 an assumed user who is banned or removed gives the session no rights; it can be reset', async () => {
    const target = await api.newUser();
    const admin = await api.newUser({ admin: true });
    const lsid = await api.logIn(admin);
    await api.call('POST', `/session/${lsid}/setEffectiveUser`, { json: target.id });
    await api.root.native('DELETE', `/v1/users/${target.id}`);
    expect((await api.call('GET', `/authenticate;lsid=${lsid}/block/${target.username}`)).status).toBe(403);
    const { status, body } = await api.call('DELETE', `/session/${lsid}/assumedIdentity`);
    expect([status, body]).toEqual([200, expect.objectContaining({ effectiveUserId: admin.id, assumed: false })]);
    expect((await api.call('GET', `/authenticate;lsid=${lsid}/block/${target.username}`)).status).toBe(200);
  });

  it('LS13 assumedIdentity: 200; the real user in the home organization again', async () => {
    const target = await api.newUser();
    const admin = await api.newUser({ admin: true });
    const [home, elsewhere] = [await api.newOrganization(admin), await api.newOrganization(admin)];
    await api.root.native('PATCH', `/v1/users/${admin.id}`, { home_organization_id: home });
    const lsid = await api.logIn(admin);
    await api.call('POST', `/session/${lsid}/setEffectiveUser`, { json: target.id });
    await api.call('POST', `/session/${lsid}/setEffectiveOrg`, { json: elsewhere });
    const { status, body } = await api.call('DELETE', `/session/${lsid}/assumedIdentity`);
    const own = { effectiveUserId: admin.id, effectiveOrgId: home, assumed: false, orgId: home };
    expect([status, body]).toEqual([200, expect.objectContaining(own)]);
  });

  it('LS14 setEffectiveOrg: 200 for organizations of the effective user, and any for an admin; 404 for others; 400', async () => {
    const user = await api.newUser();
    const [mine, others] = [await api.newOrganization(user), await api.newOrganization()];
    const set = (lsid: string, options: CallOptions) => api.call('POST', `/session/${lsid}/setEffectiveOrg`, options);
    const lsid = await api.logIn(user);
    for (const json of [mine, { orgId: mine }]) {
      const answer = await set(lsid, { json });
      expect([answer.status, (answer.body as { effectiveOrgId: string }).effectiveOrgId]).toEqual([200, mine]);
    }
    const keyed = await api.call('POST', `/session/${lsid}/setEffectiveOrg?apiKey=${authKey}`, { json: mine });
    expect([keyed.status, (keyed.body as { effectiveOrgId: string }).effectiveOrgId]).toEqual([200, mine]);
    for (const json of [others, NO_ORGANIZATION, 'nothing']) {
      const answer = await set(lsid, { json });
      expect([answer.status, (answer.body as { error: string }).error]).toEqual([404, 'organization_not_found']);
    }
    for (const options of [{}, { json: 5 }, { json: { org: mine } }, { json: null }, { raw: '"' }]) {
      expect((await set(lsid, options)).status).toBe(400);
    }
    const admin = await api.logIn(await api.newUser({ admin: true }));
    expect((await set(admin, { json: others })).status).toBe(200);
    expect((await set(admin, { json: NO_ORGANIZATION })).status).toBe(404);
    await api.call('POST', `/session/${admin}/setEffectiveUser`, { json: user.id });
    expect((await set(admin, { json: others })).status).toBe(404);
    expect((await set(admin, { json: mine })).status).toBe(200);
  });

  it('LS15 clone: 201 with an LSID and an end of its own, the same user and organization', async () => {
    const target = await api.newUser();
    const organization = await api.newOrganization(target);
    const admin = await api.newUser({ admin: true });
    const lsid = await api.logIn(admin);
    await api.call('POST', `/session/${lsid}/setEffectiveUser`, { json: target.id });
    await api.call('POST', `/session/${lsid}/setEffectiveOrg`, { json: organization });
    const { status, body } = await api.call('POST', `/session/${lsid}/clone`);
    const clone = body as { sessionId: string; createdAt: number; expiresAt: number };
    const seen = { userId: admin.id, effectiveUserId: target.id, effectiveOrgId: organization, assumed: true };
    expect([status, clone]).toEqual([201, expect.objectContaining(seen)]);
    expect(clone.sessionId).not.toBe(lsid);
    expect(clone.expiresAt).toBe(clone.createdAt + 604_800_000);
    await api.call('DELETE', `/session/${lsid}`);
    expect([await api.isAlive(lsid), await api.isAlive(clone.sessionId)]).toEqual([false, true]);
  });

  it('LS16 logout by user: 200 for the user, an admin and a key; 403 for others, 404 for nobody, 401 without', async () => {
    const user = await api.newUser();
    const admin = await api.anotherSession(anAdmin);
    const byUser = await api.logIn(user);
    const path = (id: string, by: string) => `/session/user;lsid=${by}/${id}`;
    for (const id of [user.id, NO_USER]) {
      const refused = await api.call('DELETE', path(id, stranger));
      expect([refused.status, (refused.body as { error: string }).error]).toEqual([403, 'not_allowed']);
    }
    const rounds = [
      () => api.call('DELETE', path(user.id, byUser)),
      () => api.call('DELETE', path(user.id, admin)),
      () => api.call('DELETE', `/session/user/${user.id}?api_key=${authKey}`),
    ];
    for (const round of rounds) {
      const lsids = [await api.logIn(user), await api.logIn(user)];
      const { status, body } = await round();
      expect([status, (body as { terminated: number }).terminated >= 2]).toEqual([200, true]);
      expect(await Promise.all(lsids.map((lsid) => api.isAlive(lsid)))).toEqual([false, false]);
    }
    const elsewhere = await api.root.native('POST', '/v1/sessions', { user_id: user.id });
    expect((await api.call('DELETE', path(user.id, admin))).body).toEqual({ terminated: 1 });
    const { body } = await api.root.native('GET', `/v1/sessions?user_id=${user.id}&status=active`);
    expect([elsewhere.status, (body as { sessions: unknown[] }).sessions]).toEqual([201, []]);
    for (const id of [NO_USER, 'nobody']) expect((await api.call('DELETE', path(id, admin))).status).toBe(404);
    expect((await api.call('DELETE', `/session/user/${user.id}`)).status).toBe(401);
    expect((await api.call('DELETE', `/session/user/${user.id}?apiKey=${weakKey}`)).status).toBe(403);
  });

  it('LS8 a banned user’s LSID is dead at once; so is one whose user is removed', async () => {
    const banned = await api.newUser();
    const removed = await api.newUser();
    const lsids = [await api.logIn(banned), await api.logIn(removed)];
    await api.root.native('POST', `/v1/users/${banned.id}/ban`);
    await api.root.native('DELETE', `/v1/users/${removed.id}`);
    expect(await Promise.all(lsids.map((lsid) => api.isAlive(lsid)))).toEqual([false, false]);
  });
});
