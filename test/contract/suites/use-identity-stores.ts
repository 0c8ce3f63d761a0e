import { expect } from 'vitest';
import type { Store } from '../../../src/ports/store.js';
import * as f from './fixtures.js';
import * as i from './identity-fixtures.js';

const RATE = { burst: 2, periodMs: 60_000 };

/** One call of everything (`nowMs`: the store's time, about), so that a key outside of a script's hash slot, or without an expiry, would show. */
export async function useIdentityStores(store: Store, nowMs: number): Promise<void> {
  await useDirectory(store);
  await useUserSessions(store);
  const { oneTime, rateLimits, signingKeys, userSockets } = store;
  await oneTime.put('wallet_nonce', 'digest', 'value', 60_000);
  expect(await oneTime.peek('wallet_nonce', 'digest')).toBe('value');
  expect(await oneTime.take('wallet_nonce', 'digest')).toBe('value');
  await oneTime.put('wallet_nonce', 'kept', 'value', 60_000);

  const limits = ['a', 'b', 'c', 'd'].map((key) => ({ key, rate: RATE }));
  for (let at = 0; at < 2; at += 1) expect(await rateLimits.take(limits)).toEqual({ allowed: true });
  expect(await rateLimits.take(limits)).toMatchObject({ allowed: false });
  await rateLimits.reset('a');
  expect(await rateLimits.take(limits.slice(0, 1))).toEqual({ allowed: true });

  const key = { kid: 'one', publicJwk: '{}', sealedPrivate: 'sealed', createdAtMs: 1, signsFromMs: 1 };
  expect(await signingKeys.list()).toEqual([]);
  expect(await signingKeys.add({ ...key, goneAtMs: nowMs + i.LIFETIME_MS }, null)).toBe(true);
  expect(await signingKeys.list()).toHaveLength(1);

  const limit = { max: 1, whenFull: 'replace_old' } as const;
  const socket = { userId: i.directoryUserId(), socketId: 'one', nodeId: f.HERE };
  await userSockets.take(socket, limit, 60_000);
  const taken = await userSockets.take({ ...socket, socketId: 'two' }, limit, 60_000);
  expect(taken).toEqual({ outcome: 'taken', replaced: [socket] });
  await userSockets.renew([{ ...socket, socketId: 'two' }], 60_000);
  await userSockets.release(socket);
}

async function useDirectory({ directory }: Store): Promise<void> {
  const [user, organization] = [i.newUser({ username: 'ada', email: 'a@example.com' }), i.newOrganization()];
  const membership = i.newMembership({ userId: user.id, organizationId: organization.id });
  expect(await directory.putUser(user)).toMatchObject({ outcome: 'written' });
  expect(await directory.putUser(i.newUser({ username: 'ada' }))).toEqual({ outcome: 'taken', field: 'username' });
  expect(await directory.user(user.id)).toEqual(user);
  expect(await directory.findUser('email', 'a@example.com')).toEqual(user);
  expect(await directory.listUsers({ limit: 5 })).toEqual({ items: [user], nextCursor: null });
  expect(await directory.putOrganization(organization)).toMatchObject({ outcome: 'written' });
  expect(await directory.findOrganization(organization.slug)).toEqual(organization);
  expect(await directory.listOrganizations({ limit: 5 })).toEqual({ items: [organization], nextCursor: null });
  await directory.addMembership(membership);
  expect(await directory.membersOf(organization.id)).toEqual([membership]);
  expect(await directory.removeMembership(organization.id, user.id)).toBe(true);
  await directory.addMembership(membership);
  expect(await directory.putTemplate(i.newTemplate(), 100)).toMatchObject({ outcome: 'written' });
  expect(await directory.templates()).toEqual([i.newTemplate()]);
  expect(await directory.removeTemplate('game')).toBe(true);
  expect(await directory.removeOrganization(organization.id)).toBe(true);
  expect(await directory.membershipsOf(user.id)).toEqual([]);
  expect(await directory.removeUser(user.id)).toBe(true);
  await directory.putUser(user);
}

async function useUserSessions({ userSessions }: Store): Promise<void> {
  const { id: deviceId } = await userSessions.createDevice(i.deviceId(), i.LIFETIME_MS);
  const session = await i.openSession(userSessions, { deviceId });
  const { userId } = session;
  const limit = { max: 1, whenFull: 'reject_new' } as const;
  const refused = await userSessions.open(i.newUserSession({ deviceId, userId }), limit);
  expect(refused.outcome).toBe('too_many_sessions');
  const second = i.newUserSession({ deviceId, userId });
  const replacing = await userSessions.open(second, { ...limit, whenFull: 'replace_old' });
  expect(replacing).toMatchObject({ outcome: 'opened', replaced: [{ id: session.id }] });
  const touch = { touch: { inactivityMs: i.INACTIVITY_MS } };
  expect(await userSessions.change(second.id, touch)).toMatchObject({ outcome: 'changed' });
  const found = await userSessions.device(deviceId);
  expect(found).toMatchObject({ device: { lastActiveSessionId: second.id }, sessions: [{}, {}] });
  expect(await userSessions.changeDevice(deviceId, { rotate: true })).toMatchObject({ rotation: 2 });
  expect((await userSessions.list({ limit: 5 })).sessions).toHaveLength(2);
  expect((await userSessions.list({ userId, status: 'active', limit: 5 })).sessions).toHaveLength(1);
  expect(await userSessions.finish(second.id, 'removed')).toMatchObject({ outcome: 'changed' });
  expect(await userSessions.finishAllOf(userId, 'revoked', 'any')).toEqual([]);
  await i.openSession(userSessions);
  expect(await userSessions.sweepDue(5)).toEqual([]);
}
