import { describe, expect, test } from 'vitest';
import { USER_NAMES } from '../../../src/ports/directory-store.js';
import type { OpenStore } from '../../support/stores.js';
import * as f from './fixtures.js';
import * as i from './identity-fixtures.js';

const WRITTEN = { outcome: 'written' };
const OUTDATED = { outcome: 'outdated' };

export function directoryRules(open: OpenStore): void {
  const on = f.useStore(open);

  describe('users', () => {
    test('IS1 a user comes back as it was written, by its id and by each of its names', async () => {
      const { directory } = on.all.store;
      const user = i.newUser({
        username: 'ada',
        email: 'ada@example.com',
        phone: '+1555',
        mobile: '+1666',
        firstName: 'Ada ✓',
        admin: true,
        publicMetadata: { a: [1, 2.5, null, { b: [] }], empty: {}, slash: 'a/b "c"\u0000é' },
        privateMetadata: 'text',
        unsafeMetadata: null,
        passwordHash: '$argon2id$v=19$m=1,t=1,p=1$c2FsdA$aGFzaA',
        homeOrganizationId: i.organizationId(),
        banned: true,
        blockedUntilMs: Number.MAX_SAFE_INTEGER,
        lastSignInAtMs: 5,
        sessionsToEnd: { version: 1, formerHash: 'h', resetToken: 'd' },
      });
      expect(await directory.putUser(user)).toMatchObject(WRITTEN);
      expect(await directory.user(user.id)).toEqual(user);
      for (const name of USER_NAMES) expect(await directory.findUser(name, f.sure(user[name]))).toEqual(user);
      expect(await directory.findUser('username', 'ada@example.com')).toBeNull();
      expect(await directory.findUser('username', 'ADA')).toBeNull();
      expect(await directory.user(i.directoryUserId())).toBeNull();
    });

    test('IS1 nothing that goes in or comes out is shared with the store', async () => {
      const { directory } = on.all.store;
      const list = [1];
      const user = i.newUser({ publicMetadata: { list } });
      await directory.putUser(user);
      list.push(2);
      const before = await directory.user(user.id);
      await directory.putUser({ ...user, version: 2, firstName: 'later' });
      expect(before).toMatchObject({ version: 1, firstName: null, publicMetadata: { list: [1] } });
    });

    test('IS2 a record is written over the version before it alone: of 100 writers at once one is not outdated', async () => {
      const { directory } = on.all.store;
      const user = i.newUser();
      expect(await directory.putUser({ ...user, version: 2 })).toEqual(OUTDATED);
      expect(await directory.putUser(user)).toMatchObject(WRITTEN);
      expect(await directory.putUser(user)).toEqual(OUTDATED);
      const writers = i.times(100, (at) => directory.putUser({ ...user, version: 2, firstName: `writer ${at}` }));
      const results = await Promise.all(writers);
      expect(results.filter(({ outcome }) => outcome === 'written')).toHaveLength(1);
      expect(results.filter(({ outcome }) => outcome === 'outdated')).toHaveLength(99);
      expect((await directory.user(user.id))?.version).toBe(2);
    });

    test.each(USER_NAMES)('IS3 of 1,000 creates of one %s at once exactly one is written', async (name) => {
      const { directory } = on.all.store;
      const creates = i.times(1_000, () => directory.putUser(i.newUser({ [name]: 'same' })));
      const results = await Promise.all(creates);
      expect(results.filter(({ outcome }) => outcome === 'written')).toHaveLength(1);
      expect(results.filter((result) => result.outcome === 'taken' && result.field === name)).toHaveLength(999);
      expect((await directory.listUsers({ limit: 10 })).items).toHaveLength(1);
    });

    test('IS3 a write that is refused for one name takes none of its others', async () => {
      const { directory } = on.all.store;
      const owner = i.newUser({ email: 'a@example.com' });
      await directory.putUser(owner);
      const refused = i.newUser({ username: 'free', email: 'a@example.com' });
      expect(await directory.putUser(refused)).toEqual({ outcome: 'taken', field: 'email' });
      expect(await directory.user(refused.id)).toBeNull();
      expect(await directory.findUser('username', 'free')).toBeNull();
      expect(await directory.putUser(i.newUser({ username: 'free' }))).toMatchObject(WRITTEN);
    });

    test('IS4 names that a user gives up, or leaves behind, are free again', async () => {
      const { directory } = on.all.store;
      const user = i.newUser({ username: 'old', email: 'a@example.com' });
      await directory.putUser(user);
      await directory.putUser({ ...user, version: 2, username: 'new', email: null });
      expect(await directory.findUser('username', 'old')).toBeNull();
      expect((await directory.findUser('username', 'new'))?.id).toBe(user.id);
      const next = i.newUser({ username: 'old', email: 'a@example.com' });
      expect(await directory.putUser(next)).toMatchObject(WRITTEN);
      expect(await directory.removeUser(user.id)).toBe(true);
      expect(await directory.removeUser(user.id)).toBe(false);
      expect(await directory.user(user.id)).toBeNull();
      expect(await directory.findUser('username', 'new')).toBeNull();
      expect((await directory.findUser('username', 'old'))?.id).toBe(next.id);
      expect(await directory.putUser(i.newUser({ username: 'new' }))).toMatchObject(WRITTEN);
    });

    test('IS5 users are listed newest first, each once by cursors, though others come and go', async () => {
      const { directory } = on.all.store;
      const users = i.times(7, () => i.newUser());
      for (const user of users) await directory.putUser(user);
      await directory.putUser({ ...f.sure(users[0]), version: 2 });
      const first = await directory.listUsers({ limit: 3 });
      await directory.putUser(i.newUser());
      await directory.removeUser(f.sure(users[2]).id);
      const second = await directory.listUsers({ limit: 4, cursor: f.sure(first.nextCursor) });
      expect(second.nextCursor).toBeNull();
      const seen = [...first.items, ...second.items].map(({ id }) => users.findIndex((user) => user.id === id));
      expect(seen).toEqual([6, 5, 4, 3, 1, 0]);
      expect(await directory.listUsers({ limit: 8 })).toMatchObject({ nextCursor: null });
      const malformed = directory.listUsers({ limit: 3, cursor: 'nonsense' });
      await expect(malformed).rejects.toMatchObject({ code: 'invalid_request' });
    });
  });

  describe('organizations', () => {
    test('IS2, IS3 organizations change by version, and a slug belongs to one of 1,000 creates at once', async () => {
      const { directory } = on.all.store;
      const creates = i.times(1_000, () => directory.putOrganization(i.newOrganization({ slug: 'acme' })));
      const results = await Promise.all(creates);
      expect(results.filter(({ outcome }) => outcome === 'written')).toHaveLength(1);
      expect(results.filter(({ outcome }) => outcome === 'taken')).toHaveLength(999);
      const found = f.sure(await directory.findOrganization('acme'));
      expect(await directory.organization(found.id)).toEqual(found);
      const changed = { ...found, version: 2, slug: 'acme-2', publicMetadata: { a: [] } };
      expect(await directory.putOrganization({ ...changed, version: 3 })).toEqual(OUTDATED);
      expect(await directory.putOrganization(changed)).toMatchObject(WRITTEN);
      expect(await directory.findOrganization('acme')).toBeNull();
      expect(await directory.findOrganization('acme-2')).toEqual(changed);
    });

    test('IS5 organizations are listed newest first by cursors', async () => {
      const { directory } = on.all.store;
      const organizations = i.times(3, () => i.newOrganization());
      for (const organization of organizations) await directory.putOrganization(organization);
      const first = await directory.listOrganizations({ limit: 2 });
      const second = await directory.listOrganizations({ limit: 2, cursor: f.sure(first.nextCursor) });
      expect([...first.items, ...second.items]).toEqual(organizations.reverse());
      expect(second.nextCursor).toBeNull();
    });
  });

  describe('memberships', () => {
    test('IS6 memberships are read from both sides, oldest first, and replaced', async () => {
      const { directory } = on.all.store;
      const one = i.newMembership({ createdAtMs: 9 });
      const older = i.newMembership({ organizationId: one.organizationId, createdAtMs: 3 });
      const elsewhere = i.newMembership({ userId: one.userId, createdAtMs: 5, permissions: [] });
      for (const membership of [one, older, elsewhere]) expect(await directory.addMembership(membership)).toBe(true);
      expect(await directory.addMembership({ ...one, role: 'org:other' })).toBe(false);
      expect(await directory.membership(one.organizationId, one.userId)).toEqual(one);
      expect(await directory.membership(one.organizationId, elsewhere.userId)).toEqual(one);
      expect(await directory.membership(elsewhere.organizationId, older.userId)).toBeNull();
      expect(await directory.membersOf(one.organizationId)).toEqual([older, one]);
      expect(await directory.membershipsOf(one.userId)).toEqual([elsewhere, one]);
      expect(await directory.replaceMembership({ ...one, role: 'org:admin' })).toBe(true);
      expect(await directory.membersOf(one.organizationId)).toEqual([older, { ...one, role: 'org:admin' }]);
      expect(await directory.removeMembership(one.organizationId, one.userId)).toBe(true);
      expect(await directory.removeMembership(one.organizationId, one.userId)).toBe(false);
      expect(await directory.replaceMembership(one)).toBe(false);
      expect(await directory.membershipsOf(one.userId)).toEqual([elsewhere]);
      expect(await directory.membersOf(i.organizationId())).toEqual([]);
    });

    test('IS6 a user or an organization that is removed takes its memberships, and no others', async () => {
      const { directory } = on.all.store;
      const [user, organization] = [i.newUser(), i.newOrganization()];
      await directory.putUser(user);
      await directory.putOrganization(organization);
      const both = i.newMembership({ userId: user.id, organizationId: organization.id });
      const ofUser = i.newMembership({ userId: user.id });
      const ofOrganization = i.newMembership({ organizationId: organization.id });
      for (const membership of [both, ofUser, ofOrganization]) await directory.addMembership(membership);
      await directory.removeUser(user.id);
      expect(await directory.membershipsOf(user.id)).toEqual([]);
      expect(await directory.membersOf(ofUser.organizationId)).toEqual([]);
      expect(await directory.membersOf(organization.id)).toEqual([ofOrganization]);
      expect(await directory.removeOrganization(organization.id)).toBe(true);
      expect(await directory.membershipsOf(ofOrganization.userId)).toEqual([]);
      expect(await directory.membership(organization.id, ofOrganization.userId)).toBeNull();
      expect(await directory.organization(organization.id)).toBeNull();
      expect(await directory.removeOrganization(organization.id)).toBe(false);
    });
  });

  test('IS7 templates are read by name, listed by name, changed by version and removed once', async () => {
    const { directory } = on.all.store;
    const [b, a] = [i.newTemplate({ name: 'b' }), i.newTemplate({ name: 'a', claims: {} })];
    for (const template of [b, a]) expect(await directory.putTemplate(template, 2)).toMatchObject(WRITTEN);
    expect(await directory.putTemplate(a, 2)).toEqual(OUTDATED);
    expect(await directory.putTemplate({ ...a, version: 2, lifetimeS: 90 }, 2)).toMatchObject(WRITTEN);
    expect(await directory.template('b')).toEqual(b);
    expect(await directory.template('c')).toBeNull();
    expect(await directory.templates()).toEqual([{ ...a, version: 2, lifetimeS: 90 }, b]);
    expect(await directory.removeTemplate('a')).toBe(true);
    expect(await directory.removeTemplate('a')).toBe(false);
    expect(await directory.putTemplate(a, 2)).toMatchObject(WRITTEN);
    expect(await directory.putTemplate(i.newTemplate({ name: 'c' }), 2)).toEqual({ outcome: 'full' });
  });

  test('IS7 of templates that are put at the same time there are no more than there may be', async () => {
    const { directory } = on.all.store;
    const puts = Array.from({ length: 20 }, (_, n) =>
      directory.putTemplate(i.newTemplate({ name: `t${String(n)}` }), 7),
    );
    const outcomes = (await Promise.all(puts)).map(({ outcome }) => outcome);
    expect(outcomes.filter((outcome) => outcome === 'written')).toHaveLength(7);
    expect(outcomes.filter((outcome) => outcome === 'full')).toHaveLength(13);
    expect(await directory.templates()).toHaveLength(7);
  });
}
