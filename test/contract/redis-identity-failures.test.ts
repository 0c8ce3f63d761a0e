import { Failure } from '../../src/protocol/failure.js';
import { afterEach, describe, expect, test } from 'vitest';
import { createRedisStore } from '../../src/adapters/redis/redis-store.js';
import type { Store } from '../../src/ports/store.js';
import type { UserSession } from '../../src/ports/user-session-store.js';
import type { UserRecord } from '../../src/ports/directory-store.js';
import type { DeviceId } from '../../src/protocol/ids.js';
import { freePort, startRedisServer } from '../support/redis-server.js';
import { silentLog } from '../support/silent-log.js';
import { randomPrefix, untilReady } from '../support/stores.js';
import * as f from './suites/fixtures.js';
import * as i from './suites/identity-fixtures.js';

const RATE = { burst: 2, periodMs: 3_600_000 };
const LONGEST_CALL_MS = 1_200;
const ONE_SOCKET = { max: 1, whenFull: 'reject_new' } as const;
const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function open(url: string): Store {
  const store = createRedisStore({ url, keyPrefix: randomPrefix(), log: silentLog, onFailure: () => undefined });
  cleanups.push(() => store.stop());
  store.start();
  return store;
}

interface Scene {
  readonly session: UserSession;
  readonly deviceId: DeviceId;
  readonly user: UserRecord;
}

const scene = (session: UserSession, user: UserRecord): Scene => ({
  session,
  deviceId: f.sure(session.deviceId),
  user,
});

/** Every method that changes something. */
function changesOf(store: Store, { session, deviceId, user }: Scene): readonly (() => Promise<unknown>)[] {
  const { directory, userSessions, oneTime, rateLimits, signingKeys, userSockets } = store;
  const { id, userId } = session;
  const organization = i.newOrganization({ slug: 'taken-while-away' });
  const membership = i.newMembership({ userId: user.id });
  const key = { publicJwk: '{}', sealedPrivate: '', createdAtMs: 1, signsFromMs: 1, goneAtMs: Date.now() + 60_000 };
  const socket = { userId, socketId: 'one', nodeId: f.HERE };
  return [
    () => directory.putUser(i.newUser({ username: 'taken-while-away' })),
    () => directory.putUser({ ...user, version: 2, username: null }),
    () => directory.removeUser(user.id),
    () => directory.putOrganization(organization),
    () => directory.removeOrganization(organization.id),
    () => directory.addMembership(membership),
    () => directory.removeMembership(membership.organizationId, user.id),
    () => directory.putTemplate(i.newTemplate(), 100),
    () => directory.removeTemplate('game'),
    () => userSessions.open(i.newUserSession({ userId, deviceId }), { max: 1, whenFull: 'replace_old' }),
    () => userSessions.change(id, { organizationId: organization.id }),
    () => userSessions.finish(id, 'ended'),
    () => userSessions.finishAllOf(userId, 'revoked', 'any'),
    () => userSessions.changeDevice(deviceId, { rotate: true }),
    () => userSessions.createDevice(i.deviceId(), 1_000),
    () => userSessions.sweepDue(10),
    () => oneTime.take('wallet_nonce', 'digest'),
    () => oneTime.put('wallet_nonce', 'digest', 'other', 60_000),
    () => rateLimits.take([{ key: 'one', rate: RATE }]),
    () => rateLimits.reset('used'),
    () => signingKeys.add({ kid: 'one', ...key }, null),
    () => userSockets.take({ ...socket, socketId: 'two' }, { ...ONE_SOCKET, whenFull: 'replace_old' }, 60_000),
    () => userSockets.release(socket),
    () => userSockets.renew([socket], 1),
  ];
}

function readsOf(store: Store, { session, deviceId, user }: Scene): readonly (() => Promise<unknown>)[] {
  const { directory, userSessions, oneTime, signingKeys } = store;
  return [
    () => directory.user(user.id),
    () => directory.findUser('username', 'ada'),
    () => directory.listUsers({ limit: 10 }),
    () => directory.findOrganization('taken-while-away'),
    () => directory.listOrganizations({ limit: 10 }),
    () => directory.membershipsOf(user.id),
    () => directory.templates(),
    () => userSessions.get(session.id),
    () => userSessions.device(deviceId),
    () => userSessions.list({ limit: 10 }),
    () => userSessions.list({ userId: session.userId, limit: 10 }),
    () => oneTime.peek('wallet_nonce', 'digest'),
    () => signingKeys.list(),
  ];
}

async function setUp(store: Store): Promise<Scene> {
  const user = i.newUser({ username: 'ada' });
  await store.directory.putUser(user);
  const { id: deviceId } = await store.userSessions.createDevice(i.deviceId(), i.LIFETIME_MS);
  const session = await i.openSession(store.userSessions, { deviceId });
  await store.oneTime.put('wallet_nonce', 'digest', 'value', 600_000);
  for (let at = 0; at < RATE.burst; at += 1) await store.rateLimits.take([{ key: 'used', rate: RATE }]);
  await store.userSockets.take({ userId: session.userId, socketId: 'one', nodeId: f.HERE }, ONE_SOCKET, 600_000);
  return scene(session, user);
}

/** Everything that can be read from the store, and what the limits would answer. */
async function stateOf(store: Store, there: Scene): Promise<unknown> {
  const reads = await Promise.all(readsOf(store, there).map((read) => read()));
  const { rateLimits, userSockets } = store;
  const next = { userId: there.session.userId, socketId: 'next', nodeId: f.HERE };
  return [
    ...reads,
    (await rateLimits.take([{ key: 'used', rate: RATE }])).allowed,
    (await userSockets.take(next, ONE_SOCKET, 1_000)).outcome,
  ];
}

async function expectUnavailable(call: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  const thrown: unknown = await call().catch((error: unknown) => error);
  expect(thrown).toMatchObject({ retryAfterS: 1 });
  expect(Failure.is(thrown, 'store_unavailable')).toBe(true);
  return performance.now() - startedAt;
}

describe('Redis is unavailable', () => {
  test('IS32 every method of the identity stores rejects with store_unavailable while there is no Redis', async () => {
    const store = open(`redis://127.0.0.1:${await freePort()}`);
    const session = { ...i.newUserSession(), deviceId: i.deviceId() } as const;
    const nothing = { ...session, status: 'active', createdAtMs: 1, updatedAtMs: 1, lastActiveAtMs: 1 } as const;
    const there = scene({ ...nothing, expireAtMs: 1, abandonAtMs: 1 }, i.newUser());
    for (const call of [...changesOf(store, there), ...readsOf(store, there)]) await expectUnavailable(call);
  });

  test('IS32 what was refused while Redis did not answer has changed nothing, also when it wakes', async () => {
    const redis = await startRedisServer();
    cleanups.push(() => redis.stop());
    const store = open(redis.url);
    await untilReady(store);
    const there = await setUp(store);
    const before = await stateOf(store, there);
    redis.pause();
    const tookMs = await Promise.all(changesOf(store, there).map(expectUnavailable));
    redis.resume();
    expect(Math.max(...tookMs)).toBeLessThan(LONGEST_CALL_MS);
    await untilReady(store);
    expect(await stateOf(store, there)).toEqual(before);
    expect(await store.rateLimits.take([{ key: 'one', rate: { ...RATE, burst: 1 } }])).toEqual({ allowed: true });
  });

  test('IS32 control: the same calls change all of that when Redis answers', async () => {
    const redis = await startRedisServer();
    cleanups.push(() => redis.stop());
    const store = open(redis.url);
    await untilReady(store);
    const there = await setUp(store);
    const before = await stateOf(store, there);
    for (const change of changesOf(store, there)) await change();
    expect(await stateOf(store, there)).not.toEqual(before);
    expect(await store.rateLimits.take([{ key: 'one', rate: { ...RATE, burst: 1 } }])).toMatchObject({
      allowed: false,
    });
  });
});
