/** The services over the directory, on the memory store, where a test can get between two of their steps. */
import { expect, it } from 'vitest';
import { createMemoryStore } from '../../../src/adapters/memory/memory-store.js';
import { systemCrypto } from '../../../src/adapters/system/crypto.js';
import { AuditLog } from '../../../src/identity/audit.js';
import { Entrance } from '../../../src/identity/entrance.js';
import { Organizations } from '../../../src/identity/organizations.js';
import { SessionSweep } from '../../../src/identity/session-sweep.js';
import { Tickets } from '../../../src/identity/tickets.js';
import { UserSessions } from '../../../src/identity/user-sessions.js';
import { Users } from '../../../src/identity/users.js';
import { Failure } from '../../../src/protocol/failure.js';
import type { UserId } from '../../../src/protocol/ids.js';
import { emptyTallies } from '../../../src/ports/metrics.js';
import type { DirectoryStore } from '../../../src/ports/directory-store.js';
import type { Passwords } from '../../../src/ports/passwords.js';
import type { UserSession } from '../../../src/ports/user-session-store.js';
import { ManualClock } from '../../support/manual-clock.js';
import { RecordingLog } from '../../support/silent-log.js';
import { eventually } from '../../support/eventually.js';

const NOBODY = 'user_000000000000000000000000000' as UserId;
/** As the port says, without the cost. */
const passwords: Passwords = {
  hash: async (password) => `hash of ${password}`,
  matches: async (phc, password) => phc === `hash of ${password}`,
};

function start() {
  const clock = new ManualClock();
  const crypto = systemCrypto();
  const store = createMemoryStore({ clock });
  /** Runs right before the next write of a user. */
  const hooks: {
    beforePut?: (() => Promise<unknown>) | undefined;
    beforeFinish?: (() => Promise<unknown>) | undefined;
    failFinish?: boolean;
    afterUser?: (() => Promise<unknown>) | undefined;
  } = {};
  const userSessions = overlay(store.userSessions, {
    finishAllOf: async (...args: Parameters<typeof store.userSessions.finishAllOf>) => {
      const hook = hooks.beforeFinish;
      hooks.beforeFinish = undefined;
      await hook?.();
      const isFailing = hooks.failFinish === true;
      hooks.failFinish = false;
      if (isFailing) throw new Failure('store_unavailable');
      return store.userSessions.finishAllOf(...args);
    },
  });
  const directory: DirectoryStore = overlay(store.directory, {
    putUser: async (user) => {
      const hook = hooks.beforePut;
      hooks.beforePut = undefined;
      await hook?.();
      return store.directory.putUser(user);
    },
  });
  const over: UserSession[] = [];
  const reach = { closed: 1, nodesAcked: 1, nodesTimedOut: 0 };
  const enforcer = {
    touched: () => undefined,
    over: async (session: UserSession) => {
      over.push(session);
      return reach;
    },
  };
  const policy = { lifetimeMs: 10_000, inactivityMs: 5000, limit: { max: 0, whenFull: 'reject_new' as const } };
  const organizations = new Organizations({ store: store.directory, crypto, clock });
  const sessions = new UserSessions({
    store: userSessions,
    enforcer,
    organizations,
    crypto,
    policy,
    tallies: emptyTallies(),
  });
  const users = new Users({ store: directory, sessions, passwords, crypto, clock });
  const entrance = new Entrance({ users, sessions, clock });
  return { clock, store, hooks, over, sessions, users, entrance };
}

function overlay<T extends object>(below: T, above: Partial<T>): T {
  return new Proxy(below, {
    get: (target, name) => {
      const value: unknown = Reflect.get(Reflect.has(above, name) ? above : target, name);
      return typeof value === 'function' && !Reflect.has(above, name) ? (value.bind(target) as unknown) : value;
    },
  });
}

const opening = (userId: UserId) => ({ userId, deviceId: null, kind: 'client' as const });

it('DI5 of two changes at once none is lost', async () => {
  const { users, hooks } = start();
  const { id } = await users.create({ username: 'alice' });
  hooks.beforePut = () => users.update(id, { lastName: 'Liddell' });
  const { user } = await users.update(id, { firstName: 'Alice' });
  expect(user).toMatchObject({ version: 3, firstName: 'Alice', lastName: 'Liddell', username: 'alice' });
});

it('LO3 of two changes at once that take one name each, one is refused', async () => {
  const { users, hooks } = start();
  const { id } = await users.create({ username: 'alice', email: 'alice@mail.example' });
  hooks.beforePut = () => users.update(id, { email: null });
  await expect(users.update(id, { username: null, firstName: 'Alice' })).rejects.toMatchObject({
    code: 'invalid_request',
    details: [{ path: 'username' }],
  });
  expect(await users.existing(id)).toMatchObject({ version: 2, username: 'alice', email: null, firstName: null });
});

it('DI5 who keeps losing is told changed_meanwhile', async () => {
  const { users, hooks } = start();
  const { id } = await users.create({ username: 'alice' });
  let others = 0;
  const interfere = async (): Promise<void> => {
    others += 1;
    await users.update(id, { lastName: String(others) });
    hooks.beforePut = interfere;
  };
  hooks.beforePut = interfere;
  await expect(users.update(id, { firstName: 'Alice' })).rejects.toMatchObject({ code: 'changed_meanwhile' });
  expect([others, (await users.existing(id)).firstName]).toEqual([5, null]);
});

it('DI7 a sign-in time that others race is given up, not failed', async () => {
  const { users, hooks, clock } = start();
  const { id } = await users.create({ username: 'alice' });
  clock.advance(5);
  await users.noteSignIn(id);
  expect((await users.existing(id)).lastSignInAtMs).toBe(clock.nowMs());
  const interfere = async (): Promise<void> => {
    await users.update(id, { admin: true });
    hooks.beforePut = interfere;
  };
  hooks.beforePut = interfere;
  await users.noteSignIn(id);
  await expect(users.noteSignIn(NOBODY)).rejects.toMatchObject({ code: 'user_not_found' });
});

it('DI6 a ban, a block, another password, the loss of the admin right and a removal end all sessions as revoked', async () => {
  const acts: [name: string, act: (users: Users, id: UserId) => Promise<unknown>][] = [
    ['ban', (users, id) => users.ban(id)],
    ['block', (users, id) => users.block(id, Number.MAX_SAFE_INTEGER)],
    ['password', (users, id) => users.update(id, { password: 'another one' })],
    ['no password', (users, id) => users.update(id, { password: null })],
    ['no admin any more', (users, id) => users.update(id, { admin: false })],
    ['removal', (users, id) => users.remove(id)],
  ];
  for (const [name, act] of acts) {
    const { users, entrance, sessions, over } = start();
    const { id } = await users.create({ username: 'alice', password: 'a password', admin: true });
    const other = await users.create({ username: 'bob' });
    const mine = [await entrance.open(opening(id)), await entrance.open({ ...opening(id), kind: 'login' })];
    const theirs = await entrance.open(opening(other.id));
    await act(users, id);
    const after = await Promise.all(mine.map((session) => sessions.get(session.id)));
    expect([name, ...after.map((session) => session?.status)]).toEqual([name, 'revoked', 'revoked']);
    expect((await sessions.get(theirs.id))?.status).toBe('active');
    expect(over.map((session) => session.id).toSorted()).toEqual(mine.map((session) => session.id).toSorted());
  }
});

it('LO1 what ends all sessions of a user ends those in which the user acts as others, and no other of theirs', async () => {
  const acts: [name: string, act: (parts: ReturnType<typeof start>, id: UserId) => Promise<unknown>][] = [
    ['ban', ({ users }, id) => users.ban(id)],
    ['block', ({ users }, id) => users.block(id, Number.MAX_SAFE_INTEGER)],
    ['password', ({ users }, id) => users.setPassword(id, 'another one', { kept: null, resetToken: null })],
    ['no admin any more', ({ users }, id) => users.update(id, { admin: false })],
    ['removal', ({ users }, id) => users.remove(id)],
    ['revocation', ({ sessions }, id) => sessions.finishAllOf(id, 'revoked')],
  ];
  for (const [name, act] of acts) {
    const parts = start();
    const { users, entrance, sessions, over } = parts;
    const { id: actorId } = await users.create({ username: 'actor', password: 'a password', admin: true });
    const bob = await users.create({ username: 'bob' });
    const acted = await entrance.open({ ...opening(bob.id), actorId });
    const own = await entrance.open(opening(bob.id));
    await act(parts, actorId);
    expect([name, (await sessions.get(acted.id))?.status]).toEqual([name, 'revoked']);
    expect((await sessions.get(own.id))?.status).toBe('active');
    expect(over.map(({ id }) => id)).toEqual([acted.id]);
  }
});

it('LO1 a removal that broke off before the acted sessions is finished by a repeat', async () => {
  const { users, entrance, sessions, store } = start();
  const actor = await users.create({ username: 'actor' });
  const bob = await users.create({ username: 'bob' });
  const acted = await entrance.open({ ...opening(bob.id), actorId: actor.id });
  await store.directory.removeUser(actor.id);
  expect((await users.remove(actor.id)).sessions.map(({ id }) => id)).toEqual([acted.id]);
  expect((await sessions.get(acted.id))?.status).toBe('revoked');
  await expect(users.remove(actor.id)).rejects.toMatchObject({ code: 'user_not_found' });
});

it('LO4 the loss of the admin right whose sessions did not end is finished by a repeat, and ends none later', async () => {
  const { users, entrance, sessions, hooks } = start();
  const { id } = await users.create({ username: 'alice', admin: true });
  const session = await entrance.open(opening(id));
  hooks.failFinish = true;
  await expect(users.update(id, { admin: false })).rejects.toMatchObject({ code: 'store_unavailable' });
  // A change of something else, or of the same back, is no repeat.
  expect((await users.update(id, { firstName: 'Alice' })).ended).toBeNull();
  expect((await sessions.get(session.id))?.status).toBe('active');
  expect((await users.update(id, { admin: false })).ended?.sessions).toMatchObject([{ id: session.id }]);
  expect((await users.existing(id)).sessionsToEnd).toBeNull();
  const later = await entrance.open(opening(id));
  expect((await users.update(id, { admin: false })).ended).toBeNull();
  expect((await sessions.get(later.id))?.status).toBe('active');
});

it('LO4 the end of an older change leaves the mark of a newer one', async () => {
  const { users, hooks } = start();
  const { id } = await users.create({ username: 'alice', password: 'one' });
  const set = (password: string) => users.setPassword(id, password, { kept: null, resetToken: null });
  // Between the writes of the first change the second one is made, and its sessions do not end.
  hooks.beforeFinish = async () => {
    hooks.failFinish = true;
    await expect(set('three')).rejects.toMatchObject({ code: 'store_unavailable' });
  };
  await set('two');
  const { sessionsToEnd, passwordHash } = await users.existing(id);
  expect([sessionsToEnd, passwordHash]).toEqual([
    { version: 3, formerHash: 'hash of two', resetToken: null },
    'hash of three',
  ]);
});

it('DI6 a change of anything else ends none', async () => {
  const { users, entrance, sessions } = start();
  const { id } = await users.create({ username: 'alice' });
  const session = await entrance.open(opening(id));
  expect((await users.update(id, { username: 'alicia', admin: false })).ended).toBeNull();
  expect((await users.update(id, { admin: true })).ended).toBeNull();
  await users.unban(id);
  await users.unblock(id);
  expect((await sessions.get(session.id))?.status).toBe('active');
});

it('DI7 who is banned, blocked or gone opens no session; who is unbanned or whose block is over does', async () => {
  const { users, entrance, clock } = start();
  const { id } = await users.create({ username: 'alice' });
  await expect(entrance.open(opening(NOBODY))).rejects.toMatchObject({ code: 'user_not_found' });
  await users.ban(id);
  await expect(entrance.open(opening(id))).rejects.toMatchObject({ code: 'user_banned' });
  await users.unban(id);
  await entrance.open(opening(id));
  await users.block(id, clock.nowMs() + 1000);
  await expect(entrance.open(opening(id))).rejects.toMatchObject({ code: 'user_blocked' });
  clock.advance(1000);
  await entrance.open(opening(id));
  await users.block(id, Number.MAX_SAFE_INTEGER);
  await expect(entrance.open(opening(id))).rejects.toMatchObject({ code: 'user_blocked' });
});

it('DI7 a ban between the look at the user and the opening still leaves no session', async () => {
  const { users, sessions, clock, store } = start();
  const { id } = await users.create({ username: 'alice' });
  const late = overlay(sessions, {
    open: async (request) => {
      await users.ban(id);
      return sessions.open(request);
    },
  });
  const active = async () =>
    (await store.userSessions.list({ userId: id, status: 'active', limit: 10 })).sessions.length;
  await late.open(opening(id));
  // The control: without the second look the session stays.
  expect(await active()).toBe(1);
  await users.unban(id);
  await sessions.finishAllOf(id, 'revoked');
  const entrance = new Entrance({ users, sessions: late, clock });
  await expect(entrance.open(opening(id))).rejects.toMatchObject({ code: 'user_banned' });
  expect(await active()).toBe(0);
});

it('DI7 a new password between the look at the old one and the opening still leaves no session', async () => {
  const { users, sessions, clock, store } = start();
  const { id } = await users.create({ username: 'alice', password: 'the old one' });
  const shownHash = (await users.existing(id)).passwordHash;
  const late = overlay(sessions, {
    open: async (request) => {
      await users.update(id, { password: 'a new one' });
      return sessions.open(request);
    },
  });
  const active = async () =>
    (await store.userSessions.list({ userId: id, status: 'active', limit: 10 })).sessions.length;
  const entrance = new Entrance({ users, sessions: late, clock });
  // The control: who showed something else than the password stays.
  await entrance.open(opening(id));
  expect(await active()).toBe(1);
  await sessions.finishAllOf(id, 'revoked');
  await users.update(id, { password: 'the old one' });
  await expect(entrance.open(opening(id), shownHash)).rejects.toMatchObject({ code: 'login_failed' });
  expect(await active()).toBe(0);
});

it('DI8 a removal that broke off behind the record is finished by a repeat', async () => {
  const { users, entrance, sessions, store } = start();
  const { id } = await users.create({ username: 'alice' });
  const session = await entrance.open(opening(id));
  await store.directory.removeUser(id);
  expect((await users.remove(id)).sessions).toHaveLength(1);
  expect((await sessions.get(session.id))?.status).toBe('revoked');
  await expect(users.remove(id)).rejects.toMatchObject({ code: 'user_not_found' });
});

it('DI11 sessions whose time is up are acted on within two seconds, through failures of the store', async () => {
  const { users, entrance, sessions, clock, over } = start();
  const { id } = await users.create({ username: 'alice' });
  const log = new RecordingLog();
  const failures = [new Failure('store_unavailable'), new Error('unexpected')];
  let runs = 0;
  const flaky = overlay(sessions, {
    sweep: async () => {
      runs += 1;
      const failure = failures.shift();
      if (failure !== undefined) throw failure;
      return sessions.sweep();
    },
  });
  const sweep = new SessionSweep({ sessions: flaky, clock, log });
  sweep.start();
  const swept = async (upTo: number): Promise<void> => {
    clock.advance(1000);
    await eventually(() => (runs >= upTo && clock.pendingTimers === 1 ? null : `${runs} runs`));
  };
  await entrance.open(opening(id));
  await swept(1);
  await swept(2);
  expect(log.events.map(({ event }) => event)).toEqual(['session_sweep_failed']);
  await swept(3);
  await swept(4);
  expect(over).toEqual([]);
  await swept(5);
  await swept(6);
  expect(over.map(({ status }) => status)).toEqual(['abandoned']);
  sweep.stop();
  sweep.stop();
  expect(clock.pendingTimers).toBe(0);
});

it('DI10 who was removed meanwhile does not come back by a change', async () => {
  const { users, store, clock } = start();
  const { id } = await users.create({ username: 'alice' });
  const crypto = systemCrypto();
  const slow = overlay(store.directory, {
    replaceMembership: async (membership) => {
      await store.directory.removeMembership(membership.organizationId, membership.userId);
      return store.directory.replaceMembership(membership);
    },
  });
  const organizations = new Organizations({ store: slow, crypto, clock });
  const acme = await organizations.create({ name: 'Acme' });
  await organizations.addMember(acme.id, id, {});
  const change = organizations.changeMember(acme.id, id, { role: 'org:admin' });
  await expect(change).rejects.toMatchObject({ code: 'membership_not_found' });
  expect(await organizations.membership(acme.id, id)).toBeNull();
});

it('DI10 a member of what was removed meanwhile is none', async () => {
  const { users, store, clock } = start();
  const { id } = await users.create({ username: 'alice' });
  const crypto = systemCrypto();
  const slow = overlay(store.directory, {
    addMembership: async (membership) => {
      await store.directory.removeOrganization(membership.organizationId);
      return store.directory.addMembership(membership);
    },
  });
  const organizations = new Organizations({ store: slow, crypto, clock });
  const acme = await organizations.create({ name: 'Acme' });
  await expect(organizations.addMember(acme.id, id, {})).rejects.toMatchObject({ code: 'organization_not_found' });
  expect(await organizations.membershipsOf(id)).toEqual([]);
});

it('DI14 a ticket is redeemed once, of a thousand tries, and not after its time', async () => {
  const { users, entrance, store, clock } = start();
  const { id } = await users.create({ username: 'alice' });
  const tickets = new Tickets({
    store: store.oneTime,
    entrance,
    audit: new AuditLog(new RecordingLog()),
    crypto: systemCrypto(),
    clock,
  });
  const order = { actorId: null, ttlMs: 5000, keyId: 'key_1' };
  const { text, expiresAtMs } = await tickets.issue({ ...order, userId: id });
  expect(expiresAtMs).toBe(clock.nowMs() + 5000);
  const redeemed = await Promise.all(Array.from({ length: 1000 }, () => tickets.redeem(text)));
  expect(redeemed.filter((holder) => holder !== null)).toEqual([{ userId: id, actorId: null }]);
  for (const wrong of ['', 'x', `${text}x`, text.slice(1), 'a'.repeat(43)]) {
    expect(await tickets.redeem(wrong)).toBeNull();
  }
  const late = await tickets.issue({ ...order, userId: id });
  clock.advance(5000);
  expect(await tickets.redeem(late.text)).toBeNull();
  await expect(tickets.issue({ ...order, userId: NOBODY })).rejects.toMatchObject({ code: 'user_not_found' });
});
