/** Users of the directory over HTTP, and the scopes of their calls, on both stores. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Backend } from '../../support/backend.js';
import { STORES } from '../../support/both-stores.js';
import { freshName, newOrganization, newUser, newUserSession, withKey } from '../../support/directory.js';
import { eventually } from '../../support/eventually.js';
import { startGateway, type RunningGateway } from '../../support/gateway.js';

const NOBODY = `user_${'0'.repeat(27)}`;
const NOWHERE = `org_${'0'.repeat(27)}`;

const CALLS: readonly (readonly [scope: 'admin' | 'sessions', method: string, path: string])[] = [
  ['admin', 'POST', '/v1/users'],
  ['admin', 'GET', '/v1/users'],
  ['admin', 'GET', `/v1/users/${NOBODY}`],
  ['admin', 'PATCH', `/v1/users/${NOBODY}`],
  ['admin', 'DELETE', `/v1/users/${NOBODY}`],
  ['admin', 'POST', `/v1/users/${NOBODY}/ban`],
  ['admin', 'POST', `/v1/users/${NOBODY}/unban`],
  ['admin', 'POST', '/v1/organizations'],
  ['admin', 'GET', '/v1/organizations'],
  ['admin', 'GET', `/v1/organizations/${NOWHERE}`],
  ['admin', 'PATCH', `/v1/organizations/${NOWHERE}`],
  ['admin', 'DELETE', `/v1/organizations/${NOWHERE}`],
  ['admin', 'POST', `/v1/organizations/${NOWHERE}/memberships`],
  ['admin', 'GET', `/v1/organizations/${NOWHERE}/memberships`],
  ['admin', 'PATCH', `/v1/organizations/${NOWHERE}/memberships/${NOBODY}`],
  ['admin', 'DELETE', `/v1/organizations/${NOWHERE}/memberships/${NOBODY}`],
  ['admin', 'POST', '/v1/jwt_templates'],
  ['admin', 'GET', '/v1/jwt_templates'],
  ['admin', 'GET', '/v1/jwt_templates/none'],
  ['admin', 'PATCH', '/v1/jwt_templates/none'],
  ['admin', 'DELETE', '/v1/jwt_templates/none'],
  ['sessions', 'POST', '/v1/sessions'],
  ['sessions', 'GET', '/v1/sessions'],
  ['sessions', 'GET', '/v1/sessions/none'],
  ['sessions', 'POST', '/v1/sessions/none/revoke'],
  ['sessions', 'POST', `/v1/users/${NOBODY}/sessions/revoke`],
  ['sessions', 'POST', '/v1/sign_in_tokens'],
];

describe.each(STORES)('users of the directory on $store', ({ redisUrl }) => {
  let running: RunningGateway;
  let backend: Backend;

  beforeAll(async () => {
    running = await startGateway({ redisUrl: redisUrl() });
    backend = await withKey(new Backend(running.url), ['admin', 'sessions']);
  });

  afterAll(() => running.stop());

  it('DI1 every call wants a key with its scope: 401 without or with another, 403 without the scope', async () => {
    const root = new Backend(running.url);
    const powerless = {
      admin: await withKey(root, ['relays', 'auth', 'sessions']),
      sessions: await withKey(root, ['relays', 'auth', 'admin']),
    };
    for (const [scope, method, path] of CALLS) {
      const answers = [
        await backend.call(method, path),
        await backend.relays(method, path),
        await new Backend(running.url, `${backend.key}x`).native(method, path),
        await powerless[scope].native(method, path),
      ];
      const codes = answers.map(({ status, body }) => [status, (body as { code: string }).code]);
      const unauthorized = [401, 'unauthorized'];
      expect([method, path, codes]).toEqual([
        method,
        path,
        [unauthorized, unauthorized, unauthorized, [403, 'scope_missing']],
      ]);
    }
  });

  it('DI12 a user is made with everything, and shown without its password', async () => {
    const organization = await newOrganization(backend);
    const name = freshName();
    const made = await backend.native('POST', '/v1/users', {
      username: name.toUpperCase(),
      email: `${name}@Example.com`,
      phone: `+49 30 ${String(Date.now()).slice(-10)}`,
      mobile: `+49 (170) ${String(Date.now()).slice(-9)}`,
      first_name: 'Alice',
      last_name: 'Liddell',
      public_metadata: { a: [1, { b: null }] },
      private_metadata: { p: true },
      unsafe_metadata: { u: 'x' },
      password: 'correct horse battery',
      admin: true,
      home_organization_id: organization,
    });
    expect(made.status).toBe(201);
    expect(made.body).toEqual({
      id: expect.stringMatching(/^user_[0-9A-Za-z]{27}$/) as string,
      username: name,
      email: `${name}@example.com`,
      phone: expect.stringMatching(/^\+4930\d{10}$/) as string,
      mobile: expect.stringMatching(/^\+49170\d{9}$/) as string,
      first_name: 'Alice',
      last_name: 'Liddell',
      public_metadata: { a: [1, { b: null }] },
      private_metadata: { p: true },
      unsafe_metadata: { u: 'x' },
      has_password: true,
      admin: true,
      home_organization_id: organization,
      banned: false,
      blocked_until: null,
      created_at: expect.any(Number) as number,
      updated_at: expect.any(Number) as number,
      last_sign_in_at: null,
    });
    const got = await backend.native('GET', `/v1/users/${(made.body as { id: string }).id}`);
    expect([got.status, got.body as unknown]).toEqual([200, made.body]);
    expect(JSON.stringify(got.body)).not.toContain('argon2');
  });

  it('DI2 a name belongs to one user, in whatever case, and is free again when it is given up', async () => {
    const name = freshName();
    const id = await newUser(backend, { username: name, email: `${name}@example.com` });
    const again = await backend.native('POST', '/v1/users', { username: name.toUpperCase() });
    expect([again.status, again.body as unknown]).toEqual([
      409,
      {
        code: 'name_taken',
        message: 'username: another user has it already',
        details: [{ path: 'username', message: 'another user has it already' }],
      },
    ]);
    const other = await newUser(backend);
    const taken = await backend.native('PATCH', `/v1/users/${other}`, { email: `${name}@EXAMPLE.com` });
    expect([taken.status, taken.body.details[0].path]).toEqual([409, 'email']);
    await backend.native('PATCH', `/v1/users/${id}`, { email: null, username: freshName() });
    expect((await backend.native('PATCH', `/v1/users/${other}`, { email: `${name}@example.com` })).status).toBe(200);
    await backend.native('DELETE', `/v1/users/${other}`);
    expect((await backend.native('POST', '/v1/users', { email: `${name}@example.com` })).status).toBe(201);
  });

  it('DI2 of many who want one name at once one gets it', async () => {
    const username = freshName();
    const answers = await Promise.all(
      Array.from({ length: 40 }, () => backend.native('POST', '/v1/users', { username })),
    );
    const statuses = answers.map(({ status }) => status).toSorted((a, b) => a - b);
    expect(statuses).toEqual([201, ...Array.from({ length: 39 }, () => 409)]);
  });

  it('DI12 users are found by each name in any case, and listed newest first, each once', async () => {
    const name = freshName();
    const number = `+1${String(Date.now()).slice(-10)}`;
    const id = await newUser(backend, { username: name, email: `${name}@x.io`, phone: number, mobile: number });
    const queries = [
      `username=${name.toUpperCase()}`,
      `email=${name}%40X.IO`,
      `phone=${encodeURIComponent(number)}`,
      `mobile=${encodeURIComponent(number)}`,
    ];
    for (const query of queries) {
      const { body } = await backend.native('GET', `/v1/users?${query}`);
      expect([body.users.map((user: { id: string }) => user.id), body.next_cursor]).toEqual([[id], null]);
    }
    expect((await backend.native('GET', `/v1/users?username=${freshName()}`)).body).toEqual({
      users: [],
      next_cursor: null,
    });
    const made = [id];
    for (let n = 0; n < 4; n += 1) made.unshift(await newUser(backend));
    const seen: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const { status, body } = await backend.native('GET', `/v1/users?limit=2${cursor && `&cursor=${cursor}`}`);
      expect(status).toBe(200);
      seen.push(...(body.users as { id: string }[]).map((user) => user.id));
      cursor = body.next_cursor as string | null;
    }
    expect(seen.slice(0, 5)).toEqual(made);
    expect(new Set(seen).size).toBe(seen.length);
    for (const query of ['limit=0', 'limit=x', 'cursor=nonsense', 'username=a%20b', `username=a&email=a%40b`]) {
      const { status, body } = await backend.native('GET', `/v1/users?${query}`);
      expect([query, status, body.code]).toEqual([query, 400, 'invalid_request']);
    }
  });

  it('DI12 a change leaves what it does not name; null takes a value away', async () => {
    const name = freshName();
    const id = await newUser(backend, { username: name, first_name: 'A', password: 'a long password' });
    const { body: before } = await backend.native('GET', `/v1/users/${id}`);
    const changed = await backend.native('PATCH', `/v1/users/${id}`, { first_name: null, public_metadata: { x: 1 } });
    expect([changed.status, changed.body as unknown]).toEqual([
      200,
      {
        ...before,
        first_name: null,
        public_metadata: { x: 1 },
        updated_at: expect.any(Number) as number,
        report: null,
      },
    ]);
    const removed = await backend.native('PATCH', `/v1/users/${id}`, { password: null });
    expect([removed.body.has_password, removed.body.report.matched]).toEqual([false, 0]);
  });

  it.each([
    {},
    { first_name: 'no name to find it by' },
    { username: null },
    { username: 'a b' },
    { email: 'nobody' },
    { phone: '12' },
    { username: 'u', password: 'short' },
    { username: 'u', password: 'x'.repeat(1025) },
    { username: 'u', public_metadata: 'text' },
    { username: 'u', public_metadata: { x: 'x'.repeat(4096) } },
    { username: 'u', admin: 'yes' },
    { username: 'u', banned: true },
    { username: 'u', passwordHash: '$argon2id$' },
    { username: 'u', home_organization_id: 'org_x' },
    [],
  ])('DI12 %j makes no user', async (body) => {
    const answer = await backend.native('POST', '/v1/users', body);
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid_request']);
    expect(JSON.stringify(answer.body)).not.toContain('short');
  });

  it('DI12 unknown users and organizations are 404, an empty change is 400', async () => {
    const id = await newUser(backend);
    for (const unknown of [NOBODY, 'nobody']) {
      for (const [method, path, body] of [
        ['GET', ''],
        ['PATCH', '', { first_name: 'x' }],
        ['DELETE', ''],
        ['POST', '/ban'],
        ['POST', '/unban'],
        ['POST', '/sessions/revoke'],
      ] as const) {
        const answer = await backend.native(method, `/v1/users/${unknown}${path}`, body);
        expect([method, path, answer.status, answer.body.code]).toEqual([method, path, 404, 'user_not_found']);
      }
    }
    const home = { home_organization_id: NOWHERE };
    expect((await backend.native('POST', '/v1/users', { username: freshName(), ...home })).body.code).toBe(
      'organization_not_found',
    );
    expect((await backend.native('PATCH', `/v1/users/${id}`, home)).body.code).toBe('organization_not_found');
    expect((await backend.native('PATCH', `/v1/users/${id}`, {})).body.code).toBe('invalid_request');
  });

  it('LO3 the last name of a user cannot be taken; a first and a last name can', async () => {
    const [username, email] = [freshName(), `${freshName()}@mail.example`];
    const id = await newUser(backend, { username, email, first_name: 'A', last_name: 'B' });
    const patch = (change: object) => backend.native('PATCH', `/v1/users/${id}`, change);
    expect((await patch({ username: null, email: null })).body).toMatchObject({
      code: 'invalid_request',
      details: [{ path: 'username' }, { path: 'email' }],
    });
    expect(await patch({ email: null })).toMatchObject({ status: 200, body: { username, email: null } });
    const before = (await backend.native('GET', `/v1/users/${id}`)).body as object;
    for (const change of [{ username: null }, { username: null, first_name: 'C', password: 'a password' }]) {
      const refused = await patch(change);
      expect([refused.status, refused.body.code]).toEqual([400, 'invalid_request']);
      expect((refused.body as { message: string }).message).toMatch(/^username: the user has no other name/);
      expect((await backend.native('GET', `/v1/users/${id}`)).body).toEqual(before);
    }
    // One for another in one call leaves a name.
    expect((await patch({ username: null, mobile: '+49 170 1234567' })).status).toBe(200);
    expect((await patch({ first_name: null, last_name: null })).body).toMatchObject({
      first_name: null,
      last_name: null,
      username: null,
      mobile: '+491701234567',
    });
    expect((await patch({ mobile: null })).status).toBe(400);
  });

  it('DI6, DI7 a ban ends all sessions as revoked and lets none open until it is lifted', async () => {
    const id = await newUser(backend);
    const sessions = [await newUserSession(backend, id), await newUserSession(backend, id)];
    const banned = await backend.native('POST', `/v1/users/${id}/ban`);
    expect([banned.status, banned.body.banned, banned.body.report]).toEqual([
      200,
      true,
      { matched: 2, closed: 0, nodes_acked: 1, nodes_timed_out: 0, took_ms: expect.any(Number) as number },
    ]);
    for (const session of sessions) {
      expect((await backend.native('GET', `/v1/sessions/${session}`)).body.status).toBe('revoked');
    }
    const refused = await backend.native('POST', '/v1/sessions', { user_id: id });
    expect([refused.status, refused.body.code]).toEqual([403, 'user_banned']);
    const noTicket = await backend.native('POST', '/v1/sign_in_tokens', { user_id: id });
    expect([noTicket.status, noTicket.body.code]).toEqual([403, 'user_banned']);
    expect((await backend.native('POST', `/v1/users/${id}/ban`)).body.report.matched).toBe(0);
    const unbanned = await backend.native('POST', `/v1/users/${id}/unban`);
    expect([unbanned.status, unbanned.body.banned]).toEqual([200, false]);
    expect((await backend.native('POST', '/v1/sessions', { user_id: id })).status).toBe(201);
  });

  it('DI6 another password ends all sessions, another name none', async () => {
    const id = await newUser(backend, { password: 'the first one' });
    await newUserSession(backend, id);
    expect((await backend.native('PATCH', `/v1/users/${id}`, { last_name: 'L' })).body.report).toBeNull();
    const changed = await backend.native('PATCH', `/v1/users/${id}`, { password: 'the second one' });
    expect(changed.body.report.matched).toBe(1);
    const { body } = await backend.native('GET', `/v1/sessions?user_id=${id}&status=active`);
    expect(body.sessions).toEqual([]);
  });

  it('DI8 a removed user is gone, with sessions and memberships', async () => {
    const id = await newUser(backend);
    const organization = await newOrganization(backend);
    await backend.native('POST', `/v1/organizations/${organization}/memberships`, { user_id: id });
    const session = await newUserSession(backend, id);
    const removed = await backend.native('DELETE', `/v1/users/${id}`);
    expect([removed.status, removed.body.matched]).toEqual([200, 1]);
    expect((await backend.native('GET', `/v1/users/${id}`)).status).toBe(404);
    expect((await backend.native('GET', `/v1/sessions/${session}`)).body.status).toBe('revoked');
    const { body } = await backend.native('GET', `/v1/organizations/${organization}/memberships`);
    expect(body.memberships).toEqual([]);
    expect((await backend.native('DELETE', `/v1/users/${id}`)).body.code).toBe('user_not_found');
    expect((await backend.native('POST', '/v1/sessions', { user_id: id })).body.code).toBe('user_not_found');
  });

  it('DI5 changes at once are all kept', async () => {
    const id = await newUser(backend);
    const changes = [{ first_name: 'A' }, { last_name: 'B' }, { admin: true }, { public_metadata: { c: 1 } }];
    const answers = await Promise.all(changes.map((change) => backend.native('PATCH', `/v1/users/${id}`, change)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    const { body } = await backend.native('GET', `/v1/users/${id}`);
    expect(body).toMatchObject({ first_name: 'A', last_name: 'B', admin: true, public_metadata: { c: 1 } });
  });

  it('KY8 a key shows when it was used last', async () => {
    const root = new Backend(running.url);
    const { body: made } = await root.native('POST', '/v1/keys', { name: 'k', scopes: ['admin'] });
    const lastUsed = async (): Promise<number | null> => {
      const { body } = await root.native('GET', '/v1/keys?limit=1000');
      return (body.keys as { id: string; last_used_at: number | null }[]).find((key) => key.id === made.id)
        ?.last_used_at as number | null;
    };
    expect(await lastUsed()).toBeNull();
    await new Backend(running.url, made.secret as string).native('GET', '/v1/users');
    await eventually(async () => ((await lastUsed()) === null ? 'not told yet' : null));
  });
});
