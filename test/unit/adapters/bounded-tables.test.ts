/** Each table of the embedded store with ten times as many entries as it may hold. */
import { expect, it } from 'vitest';
import { DeviceTable } from '../../../src/adapters/memory/device-table.js';
import { createMemoryOneTimeStore } from '../../../src/adapters/memory/one-time-store.js';
import { createMemoryRateLimitStore } from '../../../src/adapters/memory/rate-limit-store.js';
import { createMemoryUserSocketStore } from '../../../src/adapters/memory/user-socket-store.js';
import type { DeviceId, NodeId, UserId } from '../../../src/protocol/ids.js';
import { ManualClock } from '../../support/manual-clock.js';

const MOST = 100;
const MINUTE_MS = 60_000;
const REFUSE = { most: MOST, whenFull: 'refuse' } as const;
const NODE = 'node_1' as NodeId;

it('LO7 a flood of other keys gives nobody a used-up limit back; keys that are there go on', async () => {
  const rates = createMemoryRateLimitStore(new ManualClock(), REFUSE);
  const rate = { burst: 2, periodMs: MINUTE_MS };
  const take = (...keys: string[]) => rates.take(keys.map((key) => ({ key, rate })));
  for (let n = 0; n < 2; n += 1) expect((await take('victim')).allowed).toBe(true);
  let passed = 0;
  for (let n = 0; n < 10 * MOST; n += 1) if ((await take(`flood ${n}`)).allowed) passed += 1;
  expect(passed).toBe(MOST - 1);
  expect([(await take('victim')).allowed, (await take('flood 0')).allowed]).toEqual([false, true]);
  // A call with a new key beside an old one takes none of both.
  expect(await take('flood 1', 'new')).toEqual({ allowed: false, retryAfterMs: 1000 });
  expect((await take('flood 1')).allowed).toBe(true);
});

it('LO7 limits that are restored make room', async () => {
  const clock = new ManualClock();
  const rates = createMemoryRateLimitStore(clock, REFUSE);
  const rate = { burst: 1, periodMs: MINUTE_MS };
  for (let n = 0; n < MOST; n += 1) await rates.take([{ key: String(n), rate }]);
  expect((await rates.take([{ key: 'new', rate }])).allowed).toBe(false);
  clock.advance(MINUTE_MS);
  expect((await rates.take([{ key: 'new', rate }])).allowed).toBe(true);
});

it('LO7 a flood of nonces pushes out nonces, and no ticket', async () => {
  const clock = new ManualClock();
  const oneTime = createMemoryOneTimeStore(clock, { most: MOST, whenFull: 'drop' });
  await oneTime.put('sign_in_ticket', 'ticket', 'value', MINUTE_MS);
  for (let n = 0; n < 10 * MOST; n += 1) {
    await oneTime.put('wallet_nonce', String(n), 'value', MINUTE_MS);
    clock.advance(1);
  }
  expect(await oneTime.take('wallet_nonce', String(9 * MOST - 1))).toBeNull();
  expect(await oneTime.take('wallet_nonce', String(9 * MOST))).toBe('value');
  expect(await oneTime.take('sign_in_ticket', 'ticket')).toBe('value');
});

it('LO7 a full table of sockets refuses other users, and keeps the exact limit of those it has', async () => {
  const sockets = createMemoryUserSocketStore(new ManualClock(), REFUSE);
  const limit = { max: 1, whenFull: 'reject_new' } as const;
  const outcomes: string[] = [];
  for (let n = 0; n < 10 * MOST; n += 1) {
    const socket = { userId: `user_${n}` as UserId, socketId: String(n), nodeId: NODE };
    outcomes.push((await sockets.take(socket, limit, MINUTE_MS)).outcome);
  }
  expect(outcomes.filter((outcome) => outcome === 'taken')).toHaveLength(MOST);
  const first = { userId: 'user_0' as UserId, socketId: '0', nodeId: NODE };
  expect((await sockets.take({ ...first, socketId: 'x' }, limit, MINUTE_MS)).outcome).toBe('too_many_sockets');
  await sockets.release(first);
  const other = { userId: 'user_x' as UserId, socketId: 'x', nodeId: NODE };
  expect((await sockets.take(other, limit, MINUTE_MS)).outcome).toBe('taken');
});

it('LO7 a full table of devices refuses new ones and signs nobody out', () => {
  const devices = new DeviceTable(new ManualClock(), REFUSE);
  const create = (n: number) => devices.create(`client_${n}` as DeviceId, MINUTE_MS);
  for (let n = 0; n < MOST; n += 1) create(n);
  for (let n = MOST; n < 10 * MOST; n += 1) expect(() => create(n)).toThrow(/try again later/);
  for (let n = 0; n < MOST; n += 1) expect(devices.get(`client_${n}` as DeviceId)).not.toBeNull();
});
