/**
 * The common behaviour of all calls of the login surface, over real HTTP on both stores: methods, sizes, faults,
 * repeats.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Failure } from '../../../src/protocol/failure.js';
import type { Store } from '../../../src/ports/store.js';
import { STORES } from '../../support/both-stores.js';
import { eventually } from '../../support/eventually.js';
import { startGateway, type RunningGateway } from '../../support/gateway.js';
import { LoginApi, type CallOptions, type LoginAnswer, type TestUser } from '../../support/login.js';

const PAGE = 'https://app.example/reset';
const NEW_PASSWORD = 'a new password, or the hash of one';
const MAX_BODY_BYTES = 65_536;

/** The credentials of a call: an admin who has logged in, and a reset token of that admin. */
interface Place {
  readonly admin: TestUser;
  readonly lsid: string;
  readonly organization: string;
  readonly token: string;
  /** A time to come. */
  readonly untilMs: number;
}

interface Row {
  readonly row: string;
  readonly method: string;
  readonly path: (place: Place) => string;
  readonly status: number;
  /** Absent: it takes no body. */
  readonly json?: (place: Place) => unknown;
  /** Methods that the path takes. */
  readonly allow: string;
}

const ROWS: readonly Row[] = [
  {
    row: 'authenticate',
    method: 'POST',
    status: 200,
    allow: 'POST',
    path: ({ admin }) => `/authenticate/${admin.username}`,
    json: ({ admin }) => ({ password: admin.password }),
  },
  {
    row: 'get block',
    method: 'GET',
    status: 200,
    allow: 'DELETE, GET, HEAD, POST',
    path: ({ admin, lsid }) => `/authenticate/block/${admin.username};lsid=${lsid}`,
  },
  {
    row: 'block',
    method: 'POST',
    status: 200,
    allow: 'DELETE, GET, HEAD, POST',
    path: ({ admin, lsid }) => `/authenticate/block/${admin.username};lsid=${lsid}`,
    json: ({ untilMs }) => ({ until: untilMs }),
  },
  {
    row: 'unblock',
    method: 'DELETE',
    status: 200,
    allow: 'DELETE, GET, HEAD, POST',
    path: ({ admin, lsid }) => `/authenticate/block/${admin.username};lsid=${lsid}`,
  },
  {
    row: 'get session',
    method: 'GET',
    status: 200,
    allow: 'DELETE, GET, HEAD',
    path: ({ lsid }) => `/session/${lsid}`,
  },
  {
    row: 'delete session',
    method: 'DELETE',
    status: 200,
    allow: 'DELETE, GET, HEAD',
    path: ({ lsid }) => `/session/${lsid}`,
    json: () => true,
  },
  {
    row: 'setEffectiveUser',
    method: 'POST',
    status: 200,
    allow: 'POST',
    path: ({ lsid }) => `/session/${lsid}/setEffectiveUser`,
    json: ({ admin }) => admin.id,
  },
  {
    row: 'assumedIdentity',
    method: 'DELETE',
    status: 200,
    allow: 'DELETE',
    path: ({ lsid }) => `/session/${lsid}/assumedIdentity`,
  },
  {
    row: 'setEffectiveOrg',
    method: 'POST',
    status: 200,
    allow: 'POST',
    path: ({ lsid }) => `/session/${lsid}/setEffectiveOrg`,
    json: ({ organization }) => ({ orgId: organization }),
  },
  {
    row: 'logout by user',
    method: 'DELETE',
    status: 200,
    allow: 'DELETE',
    path: ({ admin, lsid }) => `/session;lsid=${lsid}/user/${admin.id}`,
  },
  {
    row: 'clone',
    method: 'POST',
    status: 201,
    allow: 'POST',
    path: ({ lsid }) => `/session/${lsid}/clone`,
  },
  {
    row: 'reset',
    method: 'POST',
    status: 200,
    allow: 'POST',
    path: () => '/password/reset',
    json: ({ admin }) => ({ email: admin.email, resetUrl: PAGE }),
  },
  {
    row: 'confirm',
    method: 'POST',
    status: 200,
    allow: 'POST',
    path: () => '/password/reset/confirm',
    json: ({ admin, token }) => ({ token, username: admin.username, newPasswordHash: NEW_PASSWORD }),
  },
  {
    row: 'change password',
    method: 'PUT',
    status: 200,
    allow: 'PUT',
    path: ({ admin, lsid }) => `/password/${admin.id};lsid=${lsid}`,
    json: ({ admin }) => ({ oldPasswordHash: admin.password, newPasswordHash: NEW_PASSWORD }),
  },
];
const MUTATING = ROWS.filter(({ method }) => method !== 'GET');
const WITH_BODY = ROWS.filter(({ json }) => json !== undefined);

describe.each(STORES)('every call of the login surface on $store', ({ redisUrl }) => {
  let running: RunningGateway;
  let api: LoginApi;
  /** For calls that are refused: none of them changes anything. */
  let untouched: Place;
  /** While it is set, the store's calls about users fail with it. */
  let fault: Error | null = null;

  beforeAll(async () => {
    running = await startGateway({
      redisUrl: redisUrl(),
      env: {
        SALLYPORT_ENV: 'development',
        SALLYPORT_RESET_URLS: PAGE,
        SALLYPORT_SIGN_IN_ATTEMPTS_PER_ADDRESS: '0',
        SALLYPORT_PASSWORD_RESETS_PER_ADDRESS: '0',
      },
      wrapStore: (store) => faulty(store, () => fault),
    });
    api = new LoginApi(running.url);
    untouched = await newPlace();
  });

  afterEach(() => {
    fault = null;
  });

  afterAll(() => running.stop());

  async function newPlace(): Promise<Place> {
    const admin = await api.newUser({ admin: true });
    const [lsid, organization] = [await api.logIn(admin), await api.newOrganization(admin)];
    await api.call('POST', '/password/reset', { json: { userId: admin.id, resetUrl: PAGE } });
    return { admin, lsid, organization, token: await resetToken(api, admin), untilMs: Date.now() + 600_000 };
  }

  function send({ method, path, json }: Row, place: Place, options: CallOptions = {}): Promise<LoginAnswer> {
    const body = json === undefined ? {} : { json: json(place) };
    return api.call(method, path(place), { ...body, ...options });
  }

  /** Every error of this surface has these members and nothing else. */
  function errorOf({ body }: LoginAnswer): string {
    expect(body).toEqual({ error: expect.any(String) as unknown, message: expect.any(String) as unknown });
    return (body as { error: string }).error;
  }

  it.each(ROWS)('HT1 $row: answers with the X-Request-Id of the call, and is not stored', async (row) => {
    const answer = await send(row, await newPlace(), { headers: { 'x-request-id': 'call-5' } });
    const headers = ['x-request-id', 'cache-control', 'content-type'].map((name) => answer.headers.get(name));
    expect([answer.status, ...headers]).toEqual([row.status, 'call-5', 'no-store', 'application/json']);
  });

  it.each(ROWS)('HT5 $row: its path with another method is 405 with Allow', async (row) => {
    for (const method of ['PATCH', 'PUT', 'GET'].filter((each) => !row.allow.includes(each))) {
      const answer = await send({ ...row, method }, untouched);
      expect([answer.status, errorOf(answer)]).toEqual([405, 'method_not_allowed']);
      expect([answer.headers.get('allow'), answer.headers.has('x-request-id')]).toEqual([row.allow, true]);
    }
  });

  it.each(MUTATING)('HT6 $row: a body over 64 KiB is 413', async (row) => {
    const raw = JSON.stringify('x'.repeat(MAX_BODY_BYTES));
    const answer = await send(row, untouched, { raw });
    expect([answer.status, errorOf(answer)]).toEqual([413, 'body_too_large']);
    expect(answer.headers.has('x-request-id')).toBe(true);
  });

  it.each(WITH_BODY)('HT7 $row: malformed JSON is 400', async (row) => {
    for (const raw of ['{"', '{"a":1}x', 'tru', '\uFEFF{}']) {
      const answer = await send(row, untouched, { raw });
      expect([raw, answer.status, errorOf(answer)]).toEqual([raw, 400, 'malformed_json']);
    }
  });

  it.each(ROWS)(
    'LS9 $row: 500 when something breaks, 503 with Retry-After while the store is unavailable',
    async (row) => {
      const place = await newPlace();
      fault = new Error('broken');
      const broken = await send(row, place);
      expect([broken.status, errorOf(broken)]).toEqual([500, 'internal']);
      expect(broken.text).not.toContain('broken');
      fault = new Failure('store_unavailable');
      const away = await send(row, place);
      expect([away.status, errorOf(away)]).toEqual([503, 'store_unavailable']);
      expect(Number(away.headers.get('retry-after'))).toBeGreaterThan(0);
      fault = null;
      expect((await send(row, place)).status).toBe(row.status);
    },
  );

  it.each(MUTATING)(
    'LS30 $row: repeated under one Idempotency-Key it answers the same; 409 for another body',
    async (row) => {
      const place = await newPlace();
      const headers = { 'idempotency-key': 'once' };
      const first = await send(row, place, { headers });
      expect([first.status, first.headers.get('idempotent-replayed')]).toEqual([row.status, null]);
      const second = await send(row, place, { headers });
      expect([second.status, second.text]).toEqual([first.status, first.text]);
      expect(second.headers.get('idempotent-replayed')).toBe('true');
      const other = await send(row, place, { headers, raw: '{"other":"body"}' });
      expect([other.status, errorOf(other)]).toEqual([409, 'idempotency_conflict']);
    },
  );

  it('LS30 control: what ends its own session can be repeated by its proof alone, and not without the key', async () => {
    const user = await api.newUser();
    const [lsid, other] = [await api.logIn(user), await api.logIn(user)];
    const headers = { 'idempotency-key': 'once' };
    const path = `/session/${lsid}`;
    expect((await api.call('DELETE', path, { headers })).status).toBe(200);
    for (const [again, options] of [
      [path, {}],
      [path, { headers: { 'idempotency-key': 'another' } }],
      [path.slice(0, -1) + (path.endsWith('0') ? '1' : '0'), { headers }],
      [`${path};lsid=${lsid}x`, { headers }],
      [`${path};lsid=${other}`, { headers }],
      [`${path}?apiKey=x`, { headers }],
    ] as const) {
      const answer = await api.call('DELETE', again, options);
      expect([again, answer.status, errorOf(answer)]).toEqual([again, 404, 'login_session_not_found']);
    }
    const byUser = `/session/user/${user.id};lsid=${other}`;
    expect((await api.call('DELETE', byUser, { headers })).status).toBe(200);
    expect((await api.call('DELETE', byUser, { headers })).headers.get('idempotent-replayed')).toBe('true');
    const without = await api.call('DELETE', byUser);
    expect([without.status, errorOf(without)]).toEqual([401, 'login_session_invalid']);
    const unproven = await api.call('DELETE', `/session/user/${user.id}`, { headers });
    expect([unproven.status, errorOf(unproven)]).toEqual([401, 'login_session_invalid']);
  });

  it('LS7 ;lsid= is read percent-decoded, name and value, among other parameters; named twice the path is unknown', async () => {
    const user = await api.newUser();
    const lsid = await api.logIn(user);
    const encoded = lsid.replaceAll('_', '%5F');
    for (const path of [
      `/authenticate;%6csid=${encoded}/block/${user.username}`,
      `/authenticate/block;a=%2F;lsid=${encoded};b=%3B;c/${user.username}`,
      `/authenticate/block/${user.username};LSID=x;lsid=${encoded}`,
    ]) {
      expect([path, (await api.call('GET', path)).status]).toEqual([path, 200]);
    }
    const twice = await api.call('GET', `/authenticate;lsid=${lsid}/block/${user.username};lsid=${lsid}`);
    expect([twice.status, (twice.body as { code: string }).code]).toEqual([404, 'unknown_path']);
    expect((await api.call('GET', `/authenticate/block/${user.username}?lsid=${lsid}`)).status).toBe(401);
  });

  it('LS31 fixed words of the group surface’s paths are no LSIDs, and an LSID opens nothing there', async () => {
    const lsid = await api.logIn(await api.newUser());
    const groups: readonly (readonly [string, string, number])[] = [
      ['GET', '/session/current', 401],
      ['DELETE', '/session/current', 401],
      ['POST', '/session/disconnect', 401],
      ['POST', '/session/join', 401],
      ['POST', '/session', 401],
      ['GET', '/session/join', 405],
      ['GET', '/session', 405],
    ];
    for (const [method, path, status] of groups) {
      for (const carried of [`${path};lsid=${lsid}`, `${path}?apiKey=${api.root.key}`]) {
        const answer = await api.call(method, carried, { headers: { authorization: `Bearer ${lsid}` } });
        expect([method, path, answer.status]).toEqual([method, path, status]);
        expect(Object.keys(answer.body as object)).toEqual(['code', 'message']);
      }
    }
    const logins: readonly (readonly [string, string, number])[] = [
      ['GET', '/session/user', 404],
      ['DELETE', '/session/user', 404],
      ['POST', '/session/current/clone', 404],
      ['POST', '/session/user/clone', 405],
      ['DELETE', `/session/user/${lsid}`, 401],
    ];
    for (const [method, path, status] of logins) {
      const answer = await api.call(method, path);
      expect([method, path, answer.status]).toEqual([method, path, status]);
      errorOf(answer);
    }
    expect(await api.isAlive(lsid)).toBe(true);
  });
});

/** Returns the token in the user's newest mail. */
async function resetToken(api: LoginApi, { email }: TestUser): Promise<string> {
  let token = '';
  await eventually(async () => {
    const { body } = await api.root.native('GET', '/v1/outbox');
    const mail = (body as { mails: readonly { to: string; text: string }[] }).mails.find(({ to }) => to === email);
    token = /token=([0-9A-Za-z]{43})/.exec(mail?.text ?? '')?.[1] ?? '';
    return token === '' ? 'no mail' : null;
  });
  return token;
}

/** Every call about users, sessions, one-time values and limits rejects with the fault, while there is one. */
function faulty(store: Store, fault: () => Error | null): Store {
  const broken = <T extends object>(port: T): T =>
    new Proxy(port, {
      get:
        (target, name) =>
        (...call: unknown[]) => {
          const error = fault();
          if (error !== null) return Promise.reject(error);
          const method = Reflect.get(target, name) as (...args: unknown[]) => Promise<unknown>;
          return method.apply(target, call);
        },
    });
  const { userSessions, directory, oneTime, rateLimits } = store;
  return {
    ...store,
    userSessions: broken(userSessions),
    directory: broken(directory),
    oneTime: broken(oneTime),
    rateLimits: broken(rateLimits),
  };
}
