import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { createKeys } from '../../src/adapters/redis/keys.js';
import { createRedisStore } from '../../src/adapters/redis/redis-store.js';
import type { Store } from '../../src/ports/store.js';
import type { UserSession } from '../../src/ports/user-session-store.js';
import type { UserId } from '../../src/protocol/ids.js';
import { eventually } from '../support/eventually.js';
import { ManualClock } from '../support/manual-clock.js';
import { commandsDuring } from '../support/redis-monitor.js';
import { startRedisServer } from '../support/redis-server.js';
import { silentLog } from '../support/silent-log.js';
import { findKeys, randomPrefix, untilReady } from '../support/stores.js';
import * as f from './suites/fixtures.js';
import * as i from './suites/identity-fixtures.js';
import { useIdentityStores } from './suites/use-identity-stores.js';

/** The directory, and the feeds of events with their owners. */
const STAYS = /:\{directory\}:|:\{p\d+\}:(?:feed|owner)$/;
const RATE = { burst: 100, periodMs: 3_600_000 };

let keyPrefix: string;
let client: Redis;
let clock: ManualClock;
let store: Store;
const stops: (() => Promise<void>)[] = [];

async function openStore(url = inject('redisUrl'), told: ManualClock | null = clock): Promise<Store> {
  const common = { url, keyPrefix, log: silentLog, onFailure: () => undefined };
  const opened = createRedisStore(told === null ? common : { ...common, clock: told });
  stops.push(() => opened.stop());
  opened.start();
  await untilReady(opened);
  return opened;
}

beforeEach(async () => {
  keyPrefix = randomPrefix();
  client = new Redis(inject('redisUrl'));
  clock = new ManualClock();
  store = await openStore();
});

afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
  const keys = await findKeys(client, keyPrefix);
  if (keys.length > 0) await client.unlink(...keys);
  client.disconnect();
});

/** The keys of the user's sessions that exist. */
async function keysOfUser(id: UserId): Promise<string[]> {
  const all = createKeys(keyPrefix).sessionsOfUser(id);
  const found = await Promise.all(all.map((key) => client.exists(key)));
  return all.filter((_key, n) => found[n] === 1);
}

/** Without the key of the format's version, which every store writes. */
async function findDataKeys(): Promise<string[]> {
  return (await findKeys(client, keyPrefix)).filter((key) => key !== `${keyPrefix}:format`);
}

describe('what the identity stores leave in Redis', () => {
  test('IS29 every key has an expiry, but for the directory and the feeds', async () => {
    await useIdentityStores(store, clock.nowMs());
    const keys = await findDataKeys();
    const longestMs = i.LIFETIME_MS + i.KEPT_MS + 120_000;
    expect(keys.length).toBeGreaterThanOrEqual(15);
    for (const key of keys) {
      const leftMs = await client.pttl(key);
      if (STAYS.test(key)) expect([key, leftMs]).toEqual([key, -1]);
      else expect(leftMs, key).toBeGreaterThan(0);
      expect(leftMs, key).toBeLessThanOrEqual(longestMs);
    }
  });

  test('IS29 when all sessions of a user are over its keys go a day later', async () => {
    const session = await i.openSession(store.userSessions);
    await store.userSessions.finish(session.id, 'ended');
    const keys = await keysOfUser(session.userId);
    expect(keys.length).toBeGreaterThan(0);
    for (const key of keys) expect(await client.pttl(key)).toBeLessThanOrEqual(i.KEPT_MS + 60_000);
  });

  test('IS37 the entry of an acted session goes with its end, or by itself a minute after its lifetime', async () => {
    const { userSessions } = store;
    const actorId = i.directoryUserId();
    const key = createKeys(keyPrefix).acting(actorId);
    const [one, two] = [await i.openSession(userSessions, { actorId }), await i.openSession(userSessions, { actorId })];
    expect(await client.zcard(key)).toBe(2);
    expect(await client.pttl(key)).toBeGreaterThan(i.LIFETIME_MS);
    expect(await client.pttl(key)).toBeLessThanOrEqual(i.LIFETIME_MS + 60_000);
    await userSessions.finish(one.id, 'ended');
    expect(await client.zcard(key)).toBe(1);
    clock.advance(i.INACTIVITY_MS);
    expect(i.idsOf(await userSessions.sweepDue(10))).toEqual([two.id]);
    expect(await client.exists(key)).toBe(0);
  });

  test('IS29 a directory whose records were removed has no key left but its counter', async () => {
    const { directory } = store;
    const [user, organization] = [i.newUser({ username: 'a', email: 'b' }), i.newOrganization()];
    await directory.putUser(user);
    await directory.putOrganization(organization);
    await directory.putTemplate(i.newTemplate(), 100);
    await directory.addMembership(i.newMembership({ userId: user.id, organizationId: organization.id }));
    await directory.removeUser(user.id);
    await directory.removeOrganization(organization.id);
    await directory.removeTemplate('game');
    expect(await findDataKeys()).toEqual([`${keyPrefix}:{directory}:positions`]);
  });
});

describe('how the identity stores talk to Redis', () => {
  test('IS30 a transition is one script; a session is found by one more read, a client with its sessions by one batch', async () => {
    // Other tests share the run's server.
    const own = await startRedisServer();
    stops.push(() => own.stop());
    const monitored = new Redis(own.url);
    stops.push(async () => monitored.disconnect());
    const { userSessions, oneTime, rateLimits, directory, userSockets } = await openStore(own.url);
    const { id: deviceId } = await userSessions.createDevice(i.deviceId(), i.LIFETIME_MS);
    const session = await i.openSession(userSessions, { deviceId });
    await i.openSession(userSessions, { deviceId, userId: session.userId });
    await i.openSession(userSessions, { deviceId });
    const limits = ['a', 'b', 'c'].map((key) => ({ key, rate: RATE }));
    const socket = { userId: session.userId, socketId: 's', nodeId: f.HERE };
    const calls: readonly [Record<string, number>, () => Promise<unknown>][] = [
      [{ get: 1, evalsha: 1 }, () => userSessions.get(session.id)],
      [{ get: 1, evalsha: 1 }, () => userSessions.change(session.id, { touch: { inactivityMs: i.INACTIVITY_MS } })],
      // The device, and its sessions of two users.
      [{ evalsha: 1 + 2 }, () => userSessions.device(deviceId)],
      [{ evalsha: 1 }, () => userSessions.changeDevice(deviceId, { rotate: true })],
      // The owner, the index, the session.
      [{ evalsha: 3 }, () => i.openSession(userSessions)],
      // The sessions, the index, two owners, and their device twice.
      [{ evalsha: 2 + 2 + 2 }, () => userSessions.finishAllOf(session.userId, 'revoked', 'any')],
      [{ evalsha: 1 }, () => oneTime.put('wallet_nonce', 'digest', 'value', 60_000)],
      [{ evalsha: 1 }, () => oneTime.take('wallet_nonce', 'digest')],
      [{ evalsha: 1 }, () => rateLimits.take(limits)],
      [{ evalsha: 1 }, () => directory.putUser(i.newUser({ username: 'a', email: 'b' }))],
      [{ evalsha: 1 }, () => directory.findUser('username', 'a')],
      [{ evalsha: 1 }, () => directory.listUsers({ limit: 10 })],
      [{ evalsha: 1 }, () => userSockets.take(socket, { max: 1, whenFull: 'replace_old' }, 60_000)],
    ];
    for (const [expected, call] of calls) expect(await commandsDuring(monitored, call)).toEqual(expected);
  });

  test('IS12 a listing by status looks at 1,000 sessions at once, and says where to go on', async () => {
    const { userSessions } = store;
    const userId = i.directoryUserId();
    const oldest = await i.openSession(userSessions, { userId });
    await userSessions.finish(oldest.id, 'ended');
    for (let at = 0; at < 11; at += 1) {
      await Promise.all(i.times(100, () => i.openSession(userSessions, { userId })));
    }
    for (const whose of [{}, { userId }]) {
      const query = { ...whose, status: 'ended', limit: 5 } as const;
      const first = await userSessions.list(query);
      expect(first.sessions).toEqual([]);
      const second = await userSessions.list({ ...query, cursor: f.sure(first.nextCursor) });
      expect(i.idsOf(second.sessions)).toEqual([oldest.id]);
      expect(second.nextCursor).toBeNull();
    }
  });

  test('IS22 of 10,000 takes over four gateways exactly the burst passes, in the time of Redis', async () => {
    const gateways = await Promise.all(i.times(4, () => openStore(undefined, null)));
    let passed = 0;
    for (let round = 0; round < 5; round += 1) {
      const takes = i.times(2_000, (at) => f.sure(gateways[at % 4]).rateLimits.take([{ key: 'one', rate: RATE }]));
      passed += (await Promise.all(takes)).filter(({ allowed }) => allowed).length;
    }
    // One comes back every 36 s.
    expect(passed).toBeGreaterThanOrEqual(RATE.burst);
    expect(passed).toBeLessThanOrEqual(RATE.burst + 1);
    const [key, more] = await findDataKeys();
    expect(more).toBeUndefined();
    expect(await client.pttl(f.sure(key))).toBeLessThanOrEqual(RATE.periodMs + 60_000);
  });
});

describe('what a gateway that died in the middle of a call leaves behind', () => {
  const due = (): string => `${keyPrefix}:{user-sessions}:due`;
  const memberOf = ({ id, userId }: UserSession): string => `${id} ${userId}`;

  test('IS31 pointers to a session that was never opened are followed by nobody, and go', async () => {
    const { userSessions } = store;
    const { id: deviceId } = await userSessions.createDevice(i.deviceId(), i.LIFETIME_MS);
    const alive = await i.openSession(userSessions, { deviceId });
    const missing = await i.openSession(userSessions, { deviceId });
    await client.unlink(...(await keysOfUser(missing.userId)));

    expect(await userSessions.get(missing.id)).toBeNull();
    expect(await userSessions.finish(missing.id, 'ended')).toEqual({ outcome: 'not_found' });
    expect((await userSessions.list({ limit: 10 })).sessions).toEqual([alive]);
    // It may be about to be opened: for a minute the pointer stays.
    const pointers = () => client.zrange(`${keyPrefix}:{${deviceId}}:sessions`, '0', '-1');
    expect((await userSessions.device(deviceId))?.sessions).toEqual([alive]);
    expect(await pointers()).toEqual([memberOf(alive), memberOf(missing)]);
    clock.advance(60_001);
    expect((await userSessions.device(deviceId))?.sessions).toEqual([alive]);
    await eventually(async () => ((await pointers()).length === 1 ? null : 'the pointer is still there'));
    clock.advance(i.INACTIVITY_MS);
    expect(i.idsOf(await userSessions.sweepDue(10))).toEqual([alive.id]);
    expect(await client.exists(due())).toBe(0);
  });

  test('IS31 a session without a hint ends at its time', async () => {
    const { userSessions } = store;
    const session = await i.openSession(userSessions);
    await client.zrem(due(), memberOf(session));
    clock.advance(i.INACTIVITY_MS);
    expect(await userSessions.get(session.id)).toMatchObject({ status: 'abandoned' });
  });

  test('IS31 a hint that an ended session left behind names nobody, and goes', async () => {
    const { userSessions } = store;
    const session = await i.openSession(userSessions);
    await userSessions.finish(session.id, 'ended');
    await client.zadd(due(), String(clock.nowMs()), memberOf(session));
    expect(await userSessions.sweepDue(10)).toEqual([]);
    expect(await client.exists(due())).toBe(0);
  });

  test('IS31 sessions that a sweeper claimed before it died are named by the next one, 10 s later', async () => {
    const { userSessions } = store;
    const session = await i.openSession(userSessions);
    clock.advance(i.INACTIVITY_MS);
    await client.zadd(due(), String(clock.nowMs() + 10_000), memberOf(session));
    expect(await userSessions.sweepDue(10)).toEqual([]);
    clock.advance(10_000);
    expect(i.idsOf(await userSessions.sweepDue(10))).toEqual([session.id]);
    expect(await userSessions.sweepDue(10)).toEqual([]);
  });
});
