/** Ended and removed items leave in Redis only the keys that docs/OPERATIONS.md names, for as long as it says. */
import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createRedisStore } from '../../src/adapters/redis/redis-store.js';
import type { NewGroupSeat } from '../../src/ports/relay-seat.js';
import type { Store } from '../../src/ports/store.js';
import type { UserSession } from '../../src/ports/user-session-store.js';
import { documentedKeys, passTime, sizesOf } from '../support/leftovers.js';
import { ManualClock } from '../support/manual-clock.js';
import { startRedisServer, type RedisServer } from '../support/redis-server.js';
import { silentLog } from '../support/silent-log.js';
import { randomPrefix, untilReady } from '../support/stores.js';
import * as f from './suites/fixtures.js';
import * as i from './suites/identity-fixtures.js';

const ROUNDS = 20;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Longer than everything that is let pass. */
const LONG_MS = 90 * DAY_MS;
const MONTH_MS = 30 * DAY_MS;

let redis: RedisServer;
let client: Redis;
let clock: ManualClock;
let store: Store;
const keyPrefix = randomPrefix();

beforeEach(async () => {
  redis = await startRedisServer();
  client = new Redis(redis.url);
  clock = new ManualClock();
  store = createRedisStore({ url: redis.url, keyPrefix, log: silentLog, onFailure: () => undefined, clock });
  store.start();
  await untilReady(store);
});

afterEach(async () => {
  await store.stop();
  client.disconnect();
  await redis.stop();
});

const text = (): string => randomBytes(9).toString('hex');
const report = (id: typeof f.HERE) => ({
  id,
  state: 'ready' as const,
  startedAtMs: 0,
  labels: {},
  publicUrl: 'http://a',
  address: 'a',
  connections: 0,
  sessions: 0,
  version: '0',
  engine: 'e',
});

/** One living thing of each kind that shares a key with others: the keys are there, and their sizes can be compared. */
async function live(): Promise<UserSession> {
  const { relay, userSessions, directory, keys } = store;
  const session = f.newSession({ ttlMs: LONG_MS });
  await relay.create(session, [f.newSeat()]);
  await f.joinMinted(relay, session.id);
  const { id: deviceId } = await userSessions.createDevice(i.deviceId(), LONG_MS);
  const lives = { lifetimeMs: LONG_MS, inactivityMs: LONG_MS };
  const userSession = await i.openSession(userSessions, { deviceId, ...lives });
  await i.openSession(userSessions, lives);
  const [user, organization] = [i.newUser({ username: 'living' }), i.newOrganization()];
  await directory.putUser(user);
  await directory.putOrganization(organization);
  await directory.addMembership(i.newMembership({ userId: user.id, organizationId: organization.id }));
  await directory.putTemplate(i.newTemplate(), 100);
  await keys.put(apiKey('a'));
  await store.nodes.heartbeat(report(f.HERE), 3000);
  return userSession;
}

const apiKey = (letter: string) => ({
  id: f.keyId(letter),
  name: 'k',
  scopes: ['relays'] as const,
  projectId: f.ACME,
  secretHash: 'h',
  createdAtMs: 1,
  lastUsedAtMs: null,
});

async function relaySessions(): Promise<void> {
  const { relay } = store;
  const session = f.newSession({ projectId: f.project(`p${text()}`), maxUsers: 8, ttlMs: HOUR_MS });
  const [one, two] = [f.newSeat(), f.newSeat()];
  await relay.create(session, [one, two]);
  const scope = 'all' as const;
  const { id: sessionId } = session;
  await relay.authorize(sessionId, scope, f.newSeat({ address: '203.0.113.99' }));
  await f.joinPair(relay, session, one);
  const hold = f.holdOf(sessionId, await f.joinMinted(relay, sessionId));
  await relay.away(hold);
  await relay.leave(hold, 'left');
  await relay.revoke(sessionId, scope, two.token);
  const selector = { by: 'user_id', userId: f.userId() } as const;
  await relay.kick({ sessionId, scope, selector, ban: true });
  await relay.end(sessionId, scope);
  // One more whose time is up.
  const short = f.newSession({ projectId: session.projectId, ttlMs: 1000 });
  await relay.create(short, [f.newSeat()]);
  await f.joinMinted(relay, short.id);
  await relay.update(short.id, scope, { ttlMs: 500 });
}

async function groupSessions(): Promise<void> {
  const { relay } = store;
  const seat = (): NewGroupSeat => {
    const wallet = `0x${randomBytes(20).toString('hex')}`;
    return { userId: f.userId(), group: { wallet, address: wallet, name: null, pseudonym: 'guest' } };
  };
  const [creator, guest] = [seat(), seat()];
  const group = { creatorId: creator.userId, passwordHash: null, whitelist: [], onlyWhitelisted: false };
  const session = f.newSession({ group });
  await relay.create(session, [creator]);
  await relay.enrol(session.id, guest);
  const selector = { by: 'user_id', userId: guest.userId } as const;
  await relay.kick({ sessionId: session.id, scope: 'all', selector, ban: true });
  await relay.end(session.id, 'all');
}

/** Sessions that end in every way there is; those of `busy` beside one of its own that goes on. */
async function userSessions({ userId: busy, deviceId: busyClient }: UserSession): Promise<void> {
  const { userSessions: sessions } = store;
  const { id: deviceId } = await sessions.createDevice(i.deviceId(), LONG_MS);
  await sessions.createDevice(i.deviceId(), LONG_MS);
  for (const whose of [
    { userId: busy, deviceId: busyClient },
    { userId: i.directoryUserId(), deviceId },
  ]) {
    const lives = { ...whose, lifetimeMs: 7 * DAY_MS, inactivityMs: 7 * DAY_MS };
    await sessions.finish((await i.openSession(sessions, lives)).id, 'ended');
    const removed = await i.openSession(sessions, lives);
    await sessions.finish(removed.id, 'ended');
    await sessions.finish(removed.id, 'removed');
    await sessions.change((await i.openSession(sessions, lives)).id, { touch: { inactivityMs: 1000 } });
    await i.openSession(sessions, { ...lives, lifetimeMs: 1000 });
    await i.openSession(sessions, { ...lives, inactivityMs: 1000, kind: 'login' });
    const logins = i.newUserSession({ ...lives, kind: 'login' });
    await sessions.open(logins, i.NO_LIMIT);
    await sessions.finishAllOf(whose.userId, 'revoked', 'login');
    await sessions.changeDevice(whose.deviceId ?? deviceId, { rotate: true, lastStrategy: 'password' });
  }
  const lives = { userId: i.directoryUserId(), deviceId, lifetimeMs: 7 * DAY_MS, inactivityMs: 7 * DAY_MS };
  await i.openSession(sessions, lives);
  await sessions.open(i.newUserSession(lives), { max: 1, whenFull: 'replace_old' });
  await sessions.open(i.newUserSession(lives), { max: 1, whenFull: 'reject_new' });
  await sessions.finishAllOf(lives.userId, 'revoked', 'any');
}

async function directoryRecords(): Promise<void> {
  const { directory, keys } = store;
  const [user, organization] = [i.newUser({ username: text(), email: `${text()}@e.example` }), i.newOrganization()];
  await directory.putUser(user);
  await directory.putUser({ ...user, version: 2, username: text(), phone: `+49${text()}` });
  await directory.putOrganization(organization);
  await directory.addMembership(i.newMembership({ userId: user.id, organizationId: organization.id }));
  const template = i.newTemplate({ name: text() });
  await directory.putTemplate(template, 100);
  await directory.removeTemplate(template.name);
  await directory.removeOrganization(organization.id);
  await directory.addMembership(i.newMembership({ userId: user.id }));
  await directory.removeUser(user.id);
  await keys.put(apiKey('b'));
  await keys.noteUse(f.keyId('b'), clock.nowMs());
  await keys.remove(f.keyId('b'), 'all');
  await keys.noteUse(f.keyId('b'), clock.nowMs() + 1);
}

async function shortLived(round: number): Promise<void> {
  const { oneTime, rateLimits, idempotency, userSockets, nodes, signingKeys } = store;
  const lives = { wallet_nonce: 5, password_reset: 30, sign_in_ticket: 43_200, known_address: 43_200 } as const;
  for (const [kind, minutes] of Object.entries(lives) as [keyof typeof lives, number][]) {
    const used = text();
    await oneTime.put(kind, used, 'v', minutes * MINUTE_MS);
    await oneTime.take(kind, used);
    await oneTime.put(kind, text(), 'v', minutes * MINUTE_MS);
  }
  const rate = { burst: 2, periodMs: DAY_MS };
  const [reset, used] = [text(), text()];
  for (const limits of [[reset, used], [used], [used]]) {
    await rateLimits.take(limits.map((key) => ({ key, rate })));
  }
  await rateLimits.reset(reset);
  const [answered, forgotten] = [text(), text()];
  for (const key of [answered, forgotten, text()])
    await idempotency.start({
      key,
      fingerprint: 'print',
      operationId: 'op',
      owner: 'one',
      runningTtlMs: MINUTE_MS,
      ttlMs: DAY_MS,
    });
  await idempotency.finish(answered, 'op', { status: 200 });
  await idempotency.forget(forgotten, 'op');
  const limit = { max: 1, whenFull: 'replace_old' } as const;
  const socket = { userId: i.directoryUserId(), socketId: 'a', nodeId: f.HERE };
  await userSockets.take(socket, limit, 20_000);
  await userSockets.take({ ...socket, socketId: 'b' }, limit, 20_000);
  await userSockets.release({ ...socket, socketId: 'b' });
  await userSockets.take({ ...socket, userId: i.directoryUserId() }, limit, 20_000);
  await nodes.heartbeat(report(f.ELSEWHERE), 3000);
  if (round % 2 === 0) await nodes.leave(f.ELSEWHERE);
  const kids = (await signingKeys.list()).map(({ kid }) => kid);
  const key = { kid: text(), publicJwk: '{}', sealedPrivate: 's', createdAtMs: 1, signsFromMs: 1 };
  await signingKeys.add({ ...key, goneAtMs: clock.nowMs() + HOUR_MS }, kids.at(-1) ?? null);
  await signingKeys.keepUntil(key.kid, clock.nowMs() + DAY_MS);
}

async function churn(living: UserSession): Promise<void> {
  for (let round = 0; round < ROUNDS; round += 1) {
    await relaySessions();
    await groupSessions();
    await userSessions(living);
    await directoryRecords();
    await shortLived(round);
  }
}

/** As nodes do, once a second; what is claimed for 10 s is looked at again. */
async function tidy(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) {
    for (let swept = 1; swept > 0;) swept = (await store.userSessions.sweepDue(100)).length;
    for (let swept = 1; swept > 0;) swept = (await store.relay.sweepExpired(100)).length;
    await passTime(client, keyPrefix, clock, 1000);
  }
  await store.nodes.heartbeat(report(f.HERE), 3000);
}

/** A feed stays, because each of its events has a later place than any before. */
const stays = (key: string): boolean => /^\{(?:p\d+|directory)\}:(?:feed|owner)$/.test(key);

/** The keys that are larger than at the start. */
async function more(start: ReadonlyMap<string, number>): Promise<Record<string, number>> {
  const now = await sizesOf(client, keyPrefix);
  return Object.fromEntries([...now].filter(([key, size]) => size !== (start.get(key) ?? 0)));
}

describe('what stays in Redis', () => {
  test('IS34, ST72 after a churn of everything only what the docs name is left, for as long as they say', async () => {
    const documented = documentedKeys();
    expect(documented.length).toBeGreaterThan(15);
    const living = await live();
    const start = await sizesOf(client, keyPrefix);
    await churn(living);
    await passTime(client, keyPrefix, clock, 2000);
    await tidy();

    const left = Object.keys(await more(start));
    expect(left.length).toBeGreaterThan(100);
    for (const key of left) {
      const row = documented.find(({ pattern }) => pattern.test(key));
      expect([key, row?.written]).toEqual([key, expect.any(String)]);
      const isShared = start.has(key);
      const leftMs = await client.pttl(`${keyPrefix}:${key}`);
      const goes = !isShared && row?.stayMs !== Number.POSITIVE_INFINITY;
      if (goes) expect([key, leftMs > 0]).toEqual([key, true]);
      if (goes) expect(leftMs, key).toBeLessThanOrEqual((row?.stayMs ?? 0) + MINUTE_MS);
    }

    const rest = async (ms: number): Promise<string[]> => {
      await passTime(client, keyPrefix, clock, ms);
      await tidy();
      // A device that lives on drops what it lists when it is used.
      await store.userSessions.device(f.sure(living.deviceId));
      return Object.keys(await more(start));
    };
    const matching = (keys: readonly string[], pattern: RegExp): string[] => keys.filter((key) => pattern.test(key));
    // Members of shared keys, too: each stays no longer than its row says.
    expect(matching(await rest(10 * MINUTE_MS), /^relay:.*(?<!:events)$|sockets|nodes/)).toEqual([]);
    expect(matching(await rest(HOUR_MS), /^relay:/)).toEqual([]);
    const aDayLater = await rest(DAY_MS);
    expect(matching(aDayLater, /^owner:|^user:|user-sessions|idem|rates|once:(?:wallet|password)/)).toEqual([]);
    expect(matching(await rest(DAY_MS + MINUTE_MS), /client_|signing-keys/)).toEqual([]);
    expect((await rest(MONTH_MS)).filter((key) => !stays(key))).toEqual([]);
    // Things that lived all the time still live.
    expect(await store.userSessions.get(living.id)).toMatchObject({ status: 'active' });
    expect((await store.userSessions.device(f.sure(living.deviceId)))?.sessions).toHaveLength(1);
  });

  test('IS34 the control: a pointer that nobody shortens is found', async () => {
    await live();
    const start = await sizesOf(client, keyPrefix);
    const session = await i.openSession(store.userSessions, { lifetimeMs: 7 * DAY_MS, inactivityMs: 7 * DAY_MS });
    const owner = `${keyPrefix}:owner:{${session.id}}`;
    const lifeMs = await client.pttl(owner);
    await store.userSessions.finish(session.id, 'ended');
    expect(await client.pttl(owner)).toBeLessThanOrEqual(DAY_MS + MINUTE_MS);
    await client.pexpire(owner, lifeMs);
    await client.zadd(
      `${keyPrefix}:{user-sessions}:forgotten`,
      clock.nowMs() + lifeMs,
      `${session.id} ${session.userId}`,
    );
    await passTime(client, keyPrefix, clock, DAY_MS + MINUTE_MS);
    await tidy();
    const left = Object.keys(await more(start)).filter((key) => !stays(key));
    expect(left.toSorted()).toEqual([`owner:{${session.id}}`, '{user-sessions}:forgotten', '{user-sessions}:listing']);
  });

  test('IS35 what a node that died right behind an end left is put right when the session would have been due', async () => {
    const { userSessions: sessions } = store;
    const session = await i.openSession(sessions, { lifetimeMs: 7 * DAY_MS, inactivityMs: HOUR_MS });
    const owner = `${keyPrefix}:owner:{${session.id}}`;
    const [member, lifeMs] = [`${session.id} ${session.userId}`, await client.pttl(owner)];
    await sessions.finish(session.id, 'ended');
    await client.pexpire(owner, lifeMs);
    await client.zadd(`${keyPrefix}:{user-sessions}:forgotten`, clock.nowMs() + lifeMs, member);
    await client.zadd(`${keyPrefix}:{user-sessions}:due`, clock.nowMs() + HOUR_MS, member);
    await passTime(client, keyPrefix, clock, HOUR_MS);
    expect(await sessions.sweepDue(10)).toEqual([]);
    expect(await client.pttl(owner)).toBeLessThanOrEqual(DAY_MS + MINUTE_MS);
    await passTime(client, keyPrefix, clock, DAY_MS);
    await tidy();
    const left = [...(await sizesOf(client, keyPrefix)).keys()].filter((key) => !stays(key));
    expect(left.toSorted()).toEqual(['format', 'nodes']);
  });
});
