import { expect, it } from 'vitest';
import { systemCrypto } from '../../../src/adapters/system/crypto.js';
import { createMemoryStore } from '../../../src/adapters/memory/memory-store.js';
import { Attempts } from '../../../src/identity/attempts.js';
import { Failure } from '../../../src/protocol/failure.js';
import type { OneTimeStore } from '../../../src/ports/one-time-store.js';
import type { RateLimitStore } from '../../../src/ports/rate-limit-store.js';
import { ManualClock } from '../../support/manual-clock.js';

const HOME = '192.0.2.1';
const MINUTE_MS = 60_000;

function start(policy: Partial<{ perAccount: number; perAddress: number }> = {}) {
  const clock = new ManualClock();
  const { rateLimits, oneTime } = createMemoryStore({ clock });
  const keys: string[] = [];
  const rates: RateLimitStore = {
    take: (limits) => {
      keys.push(...limits.map(({ key }) => key));
      return rateLimits.take(limits);
    },
    reset: (key) => rateLimits.reset(key),
  };
  const known: Pick<OneTimeStore, 'put' | 'peek'> = {
    put: (kind, name, value, ttlMs) => {
      keys.push(name);
      return oneTime.put(kind, name, value, ttlMs);
    },
    peek: (kind, name) => oneTime.peek(kind, name),
  };
  const made = (purpose: string) =>
    new Attempts({
      rates,
      known,
      crypto: systemCrypto(),
      purpose,
      policy: { perAccount: 5, perAddress: 20, periodMs: 10 * MINUTE_MS, ...policy },
    });
  return { clock, keys, attempts: made('sign_in'), others: made('password_reset') };
}

/** How many of so many tries are let through. */
async function passed(
  attempts: Attempts,
  tries: number,
  account: (n: number) => string,
  address: (n: number) => string,
) {
  let count = 0;
  for (let n = 0; n < tries; n += 1) {
    if ((await refusal(attempts, account(n), address(n))) === null) count += 1;
  }
  return count;
}

/** Seconds to wait; null when it passed. */
async function refusal(attempts: Attempts, account: string, address: string): Promise<number | null> {
  try {
    await attempts.begin(account, address);
    return null;
  } catch (error) {
    if (!Failure.is(error, 'too_many_requests')) throw error;
    return error.retryAfterS;
  }
}

it('LS4 ten thousand tries at one account from one address: the configured number passes', async () => {
  const { attempts } = start();
  expect(
    await passed(
      attempts,
      10_000,
      () => 'alice',
      () => HOME,
    ),
  ).toBe(5);
});

it('LS4 ten thousand accounts from one address: the configured number passes', async () => {
  const { attempts } = start();
  expect(
    await passed(
      attempts,
      10_000,
      (n) => `user${n}`,
      () => HOME,
    ),
  ).toBe(20);
});

it('LS4 one account from everywhere: ten addresses’ worth passes', async () => {
  const { attempts } = start();
  expect(
    await passed(
      attempts,
      2000,
      () => 'alice',
      (n) => `10.0.${n >> 8}.${n & 255}`,
    ),
  ).toBe(50);
});

it('LS4 addresses of one IPv6 /64 count as one, those of another do not', async () => {
  const { attempts } = start();
  expect(
    await passed(
      attempts,
      100,
      () => 'alice',
      (n) => `2001:db8:0:1::${(n + 1).toString(16)}`,
    ),
  ).toBe(5);
  expect(await refusal(attempts, 'alice', '2001:db8:0:2::1')).toBeNull();
});

it('LS4 nothing is locked for the user elsewhere, nor where it signed in lately while everybody guesses', async () => {
  const { attempts, clock } = start();
  await attempts.begin('alice', HOME);
  await attempts.succeeded('alice', HOME);
  await passed(
    attempts,
    100,
    () => 'alice',
    () => '198.51.100.1',
  );
  expect(await refusal(attempts, 'alice', '203.0.113.1')).toBeNull();
  await passed(
    attempts,
    1000,
    () => 'alice',
    (n) => `10.0.${n >> 8}.${n & 255}`,
  );
  expect(await refusal(attempts, 'alice', '203.0.113.2')).toBeGreaterThan(0);
  expect(await refusal(attempts, 'alice', HOME)).toBeNull();
  clock.advance(29 * 24 * 60 * MINUTE_MS);
  await passed(
    attempts,
    1000,
    () => 'alice',
    (n) => `10.0.${n >> 8}.${n & 255}`,
  );
  expect(await refusal(attempts, 'alice', HOME)).toBeNull();
  clock.advance(2 * 24 * 60 * MINUTE_MS);
  await passed(
    attempts,
    1000,
    () => 'alice',
    (n) => `10.0.${n >> 8}.${n & 255}`,
  );
  expect(await refusal(attempts, 'alice', HOME)).toBeGreaterThan(0);
});

it('LS4 control: without a success before, the owner’s address is under the ceiling like any other', async () => {
  const { attempts } = start();
  await passed(
    attempts,
    1000,
    () => 'alice',
    (n) => `10.0.${n >> 8}.${n & 255}`,
  );
  expect(await refusal(attempts, 'alice', HOME)).toBeGreaterThan(0);
});

it('LS4 tries come back over the period, and with a success; Retry-After says when', async () => {
  const { attempts, clock } = start();
  await passed(
    attempts,
    5,
    () => 'alice',
    () => HOME,
  );
  expect(await refusal(attempts, 'alice', HOME)).toBe(120);
  clock.advance(119_000);
  expect(await refusal(attempts, 'alice', HOME)).toBe(1);
  clock.advance(1000);
  expect(await refusal(attempts, 'alice', HOME)).toBeNull();
  await attempts.succeeded('alice', HOME);
  expect(
    await passed(
      attempts,
      10,
      () => 'alice',
      () => HOME,
    ),
  ).toBe(5);
});

it('LS4 a success does not give the address its tries at other accounts back', async () => {
  const { attempts } = start();
  await passed(
    attempts,
    19,
    (n) => `user${n}`,
    () => HOME,
  );
  await attempts.begin('mine', HOME);
  await attempts.succeeded('mine', HOME);
  expect(await refusal(attempts, 'user99', HOME)).toBeGreaterThan(0);
});

it('LS4 0 is no limit, and what has another purpose is counted apart', async () => {
  const { attempts, others } = start({ perAccount: 0, perAddress: 0 });
  expect(
    await passed(
      attempts,
      200,
      () => 'alice',
      () => HOME,
    ),
  ).toBe(200);
  const limited = start();
  await passed(
    limited.attempts,
    10,
    () => 'alice',
    () => HOME,
  );
  expect(await refusal(limited.others, 'alice', HOME)).toBeNull();
  expect(await refusal(others, 'alice', HOME)).toBeNull();
});

it('LS4 no name and no address is in a key', async () => {
  const { attempts, keys } = start();
  await attempts.begin('alice', HOME);
  await attempts.succeeded('alice', HOME);
  expect(keys).toHaveLength(4);
  for (const key of keys) expect(key).toMatch(/^[A-Za-z0-9_-]{43}$/);
});
