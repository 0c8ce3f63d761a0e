/** Organizations, memberships and JWT templates over HTTP, on both stores. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Backend, type Answer } from '../../support/backend.js';
import { STORES } from '../../support/both-stores.js';
import { freshName, newOrganization, newUser, withKey } from '../../support/directory.js';
import { startGateway, type RunningGateway } from '../../support/gateway.js';

const NOBODY = `user_${'0'.repeat(27)}`;
const NOWHERE = `org_${'0'.repeat(27)}`;

const outcome = ({ status, body }: Answer): readonly [number, string | undefined] => [
  status,
  (body as { code?: string }).code,
];

describe.each(STORES)('organizations and templates on $store', ({ redisUrl }) => {
  let running: RunningGateway;
  let backend: Backend;

  beforeAll(async () => {
    running = await startGateway({ redisUrl: redisUrl() });
    backend = await withKey(new Backend(running.url), ['admin']);
  });

  afterAll(() => running.stop());

  it('DI9 an organization is made, found by id and slug, changed and removed', async () => {
    const slug = freshName();
    const made = await backend.native('POST', '/v1/organizations', {
      name: 'Acme, Inc.',
      slug,
      public_metadata: { a: 1 },
      private_metadata: { b: 2 },
    });
    expect([made.status, made.body as unknown]).toEqual([
      201,
      {
        id: expect.stringMatching(/^org_[0-9A-Za-z]{27}$/) as string,
        name: 'Acme, Inc.',
        slug,
        public_metadata: { a: 1 },
        private_metadata: { b: 2 },
        created_at: expect.any(Number) as number,
        updated_at: expect.any(Number) as number,
      },
    ]);
    const { id } = made.body as { id: string };
    for (const key of [id, slug]) {
      const got = await backend.native('GET', `/v1/organizations/${key}`);
      expect([got.status, got.body as unknown]).toEqual([200, made.body]);
    }
    const changed = await backend.native('PATCH', `/v1/organizations/${id}`, { name: 'Acme', slug: `${slug}-2` });
    expect([changed.status, changed.body.name, changed.body.slug, changed.body.public_metadata]).toEqual([
      ...[200, 'Acme', `${slug}-2`],
      { a: 1 },
    ]);
    expect(outcome(await backend.native('GET', `/v1/organizations/${slug}`))).toEqual([404, 'organization_not_found']);
    expect((await backend.native('DELETE', `/v1/organizations/${id}`)).status).toBe(204);
    for (const key of [id, `${slug}-2`]) {
      expect(outcome(await backend.native('GET', `/v1/organizations/${key}`))).toEqual([404, 'organization_not_found']);
    }
    expect(outcome(await backend.native('DELETE', `/v1/organizations/${id}`))).toEqual([404, 'organization_not_found']);
  });

  it('DI9 a slug belongs to one organization; one that is made of the name makes way', async () => {
    const name = freshName();
    const first = await backend.native('POST', '/v1/organizations', { name });
    const second = await backend.native('POST', '/v1/organizations', { name });
    expect([first.body.slug, second.status]).toEqual([name, 201]);
    expect(second.body.slug).toMatch(new RegExp(`^${name}-[0-9a-z]{8}$`));
    const taken = await backend.native('POST', '/v1/organizations', { name: 'x', slug: name });
    expect([taken.status, taken.body.code, taken.body.details[0].path]).toEqual([409, 'name_taken', 'slug']);
    const moved = await backend.native('PATCH', `/v1/organizations/${second.body.id as string}`, { slug: name });
    expect(outcome(moved)).toEqual([409, 'name_taken']);
  });

  it('DI9 organizations are listed newest first, each once', async () => {
    const made: string[] = [];
    for (let n = 0; n < 5; n += 1) made.unshift(await newOrganization(backend));
    const seen: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const { body } = await backend.native('GET', `/v1/organizations?limit=2${cursor && `&cursor=${cursor}`}`);
      seen.push(...(body.organizations as { id: string }[]).map(({ id }) => id));
      cursor = body.next_cursor as string | null;
    }
    expect([seen.slice(0, 5), new Set(seen).size]).toEqual([made, seen.length]);
  });

  it.each([
    {},
    { name: '' },
    { name: 'x', slug: '' },
    { name: 'x', slug: 'Upper' },
    { name: 'x', slug: 'a_b' },
    { name: 'x', slug: 'a'.repeat(65) },
    { name: 'x', public_metadata: [] },
    { name: 'x', members: 1 },
  ])('DI9 %j makes no organization', async (body) => {
    expect(outcome(await backend.native('POST', '/v1/organizations', body))).toEqual([400, 'invalid_request']);
  });

  it('DI9 unknown organizations are 404, an empty change is 400', async () => {
    for (const unknown of [NOWHERE, 'nowhere', 'no.where']) {
      const at = `/v1/organizations/${unknown}`;
      const answers = [
        await backend.native('GET', at),
        await backend.native('PATCH', at, { name: 'x' }),
        await backend.native('DELETE', at),
        await backend.native('GET', `${at}/memberships`),
        await backend.native('POST', `${at}/memberships`, { user_id: NOBODY }),
      ];
      expect(answers.map(outcome)).toEqual(answers.map(() => [404, 'organization_not_found']));
    }
    const id = await newOrganization(backend);
    expect(outcome(await backend.native('PATCH', `/v1/organizations/${id}`, {}))).toEqual([400, 'invalid_request']);
  });

  it('DI10 members are added once, listed oldest first, changed and removed', async () => {
    const organization = await newOrganization(backend);
    const at = `/v1/organizations/${organization}/memberships`;
    const [one, two] = [await newUser(backend), await newUser(backend)];
    const added = await backend.native('POST', at, { user_id: one });
    expect([added.status, added.body as unknown]).toEqual([
      201,
      {
        organization_id: organization,
        user_id: one,
        role: 'org:member',
        permissions: [],
        created_at: expect.any(Number) as number,
      },
    ]);
    const more = { user_id: two, role: 'org:admin', permissions: ['org:billing:manage'] };
    expect((await backend.native('POST', at, more)).body).toMatchObject(more);
    expect(outcome(await backend.native('POST', at, more))).toEqual([409, 'membership_exists']);
    const first = await backend.native('GET', `${at}?limit=1`);
    const second = await backend.native('GET', `${at}?limit=1&cursor=${first.body.next_cursor as string}`);
    const listed = [first, second].flatMap(({ body }) => body.memberships as { user_id: string }[]);
    expect(listed.map(({ user_id }) => user_id).toSorted()).toEqual([one, two].toSorted());
    expect(second.body.next_cursor).toBeNull();
    const changed = await backend.native('PATCH', `${at}/${one}`, { role: 'org:guest' });
    expect([changed.status, changed.body as unknown]).toEqual([200, { ...added.body, role: 'org:guest' }]);
    const granted = await backend.native('PATCH', `${at}/${one}`, { permissions: ['org:read'] });
    expect([granted.body.role, granted.body.permissions]).toEqual(['org:guest', ['org:read']]);
    expect((await backend.native('DELETE', `${at}/${one}`)).status).toBe(204);
    const gone = [
      await backend.native('DELETE', `${at}/${one}`),
      await backend.native('PATCH', `${at}/${one}`, { role: 'org:admin' }),
      await backend.native('PATCH', `${at}/nobody`, { role: 'org:admin' }),
    ];
    expect(gone.map(outcome)).toEqual(gone.map(() => [404, 'membership_not_found']));
    const left = (await backend.native('GET', at)).body.memberships as { user_id: string }[];
    expect(left.map(({ user_id }) => user_id)).toEqual([two]);
  });

  it('DI10 of many who add one member at once one does', async () => {
    const at = `/v1/organizations/${await newOrganization(backend)}/memberships`;
    const user_id = await newUser(backend);
    const answers = await Promise.all(Array.from({ length: 20 }, () => backend.native('POST', at, { user_id })));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(19);
  });

  it('DI10 memberships want a user that is there, and plain roles and permissions', async () => {
    const at = `/v1/organizations/${await newOrganization(backend)}/memberships`;
    expect(outcome(await backend.native('POST', at, { user_id: NOBODY }))).toEqual([404, 'user_not_found']);
    const user_id = await newUser(backend);
    for (const body of [
      {},
      { user_id: 'nobody' },
      { user_id, role: '' },
      { user_id, role: 'an admin' },
      { user_id, permissions: 'all' },
      { user_id, permissions: Array.from({ length: 101 }, (_, n) => `p${String(n)}`) },
      { user_id, organization_id: NOWHERE },
    ]) {
      expect(outcome(await backend.native('POST', at, body))).toEqual([400, 'invalid_request']);
    }
    await backend.native('POST', at, { user_id });
    expect(outcome(await backend.native('PATCH', `${at}/${user_id}`, {}))).toEqual([400, 'invalid_request']);
  });

  it('DI15 a template is made with its defaults, listed by name, changed and removed', async () => {
    const name = freshName();
    const claims = { role: '{{user.public_metadata.role}}', aud: 'game', nested: { list: [1, null] } };
    const made = await backend.native('POST', '/v1/jwt_templates', { name, claims });
    expect([made.status, made.body as unknown]).toEqual([
      201,
      {
        name,
        claims,
        lifetime: 60,
        allowed_clock_skew: 5,
        created_at: expect.any(Number) as number,
        updated_at: expect.any(Number) as number,
      },
    ]);
    expect((await backend.native('GET', `/v1/jwt_templates/${name}`)).body).toEqual(made.body);
    const other = `a${name}`;
    await backend.native('POST', '/v1/jwt_templates', { name: other, claims: {}, lifetime: 30, allowed_clock_skew: 0 });
    const names = ((await backend.native('GET', '/v1/jwt_templates')).body.jwt_templates as { name: string }[]).map(
      (template) => template.name,
    );
    expect([names.includes(name), names.includes(other), names]).toEqual([true, true, names.toSorted()]);
    expect(outcome(await backend.native('POST', '/v1/jwt_templates', { name, claims }))).toEqual([409, 'name_taken']);
    const changed = await backend.native('PATCH', `/v1/jwt_templates/${name}`, { lifetime: 315_360_000 });
    expect([changed.status, changed.body.lifetime, changed.body.claims]).toEqual([200, 315_360_000, claims]);
    expect((await backend.native('DELETE', `/v1/jwt_templates/${name}`)).status).toBe(204);
    for (const gone of [name, 'no.name']) {
      const at = `/v1/jwt_templates/${gone}`;
      const answers = [
        await backend.native('GET', at),
        await backend.native('PATCH', at, { lifetime: 60 }),
        await backend.native('DELETE', at),
      ];
      expect(answers.map(outcome)).toEqual(answers.map(() => [404, 'template_not_found']));
    }
  });

  it('DI15 templates are listed by limit and cursor, each once', async () => {
    for (let n = 0; n < 3; n += 1) await backend.native('POST', '/v1/jwt_templates', { name: freshName(), claims: {} });
    const seen: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const { status, body } = await backend.native('GET', `/v1/jwt_templates?limit=2${cursor && `&cursor=${cursor}`}`);
      expect(status).toBe(200);
      seen.push(...(body.jwt_templates as { name: string }[]).map(({ name }) => name));
      cursor = body.next_cursor as string | null;
    }
    const { body } = await backend.native('GET', '/v1/jwt_templates');
    expect(seen).toEqual((body.jwt_templates as { name: string }[]).map(({ name }) => name));
    expect(body.next_cursor).toBeNull();
    for (const query of ['limit=0', 'limit=1001', 'cursor=', 'cursor=a%20b']) {
      expect(outcome(await backend.native('GET', `/v1/jwt_templates?${query}`))).toEqual([400, 'invalid_request']);
    }
  });

  it.each([
    {},
    { name: 'x' },
    { claims: {} },
    { name: 'x y', claims: {} },
    { name: 'x', claims: [] },
    ...['azp', 'exp', 'iat', 'iss', 'jti', 'nbf', 'sid', 'sub'].map((claim) => ({ name: 'x', claims: { [claim]: 1 } })),
    { name: 'x', claims: { a: 'a'.repeat(4096) } },
    { name: 'x', claims: {}, lifetime: 29 },
    { name: 'x', claims: {}, lifetime: 315_360_001 },
    { name: 'x', claims: {}, lifetime: 60.5 },
    { name: 'x', claims: {}, allowed_clock_skew: -1 },
    { name: 'x', claims: {}, allowed_clock_skew: 301 },
    { name: 'x', claims: {}, signing_key: 'mine' },
  ])('DI15 %j makes no template', async (body) => {
    expect(outcome(await backend.native('POST', '/v1/jwt_templates', body))).toEqual([400, 'invalid_request']);
    const valid = await backend.native('GET', '/v1/jwt_templates/x');
    expect(valid.status).toBe(404);
  });

  it('DI15 a change keeps to the same bounds', async () => {
    const name = freshName();
    await backend.native('POST', '/v1/jwt_templates', { name, claims: { a: 1 } });
    for (const body of [{}, { claims: { sub: 'me' } }, { lifetime: 1 }, { name: 'y' }]) {
      expect(outcome(await backend.native('PATCH', `/v1/jwt_templates/${name}`, body))).toEqual([
        400,
        'invalid_request',
      ]);
    }
    const replaced = await backend.native('PATCH', `/v1/jwt_templates/${name}`, { claims: { b: 2 } });
    expect(replaced.body.claims).toEqual({ b: 2 });
  });

  it('DI15 there are a hundred templates at most', async () => {
    const { jwt_templates: before } = (await backend.native('GET', '/v1/jwt_templates')).body as {
      jwt_templates: unknown[];
    };
    const make = () => backend.native('POST', '/v1/jwt_templates', { name: freshName(), claims: {} });
    for (let n = before.length; n < 100; n += 1) expect((await make()).status).toBe(201);
    expect(outcome(await make())).toEqual([409, 'too_many_templates']);
  });
});
