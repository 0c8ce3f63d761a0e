import { expect, it } from 'vitest';
import { createArgon2Passwords, DECOY_HASH } from '../../../src/adapters/argon2/passwords.js';
import { emptyTallies } from '../../../src/ports/metrics.js';

const COST = '$argon2id$v=19$m=19456,t=2,p=1$';

function start(concurrency = 2) {
  const tallies = emptyTallies();
  return { passwords: createArgon2Passwords({ concurrency, tallies }), tallies };
}

it('DI3 passwords are kept as argon2id with a salt of their own', async () => {
  const { passwords } = start();
  const [one, other] = await Promise.all([passwords.hash('correct horse'), passwords.hash('correct horse')]);
  expect([one.startsWith(COST), other.startsWith(COST), one === other]).toEqual([true, true, false]);
  expect(await passwords.matches(one, 'correct horse')).toBe(true);
  expect(await passwords.matches(one, 'correct Horse')).toBe(false);
  expect(await passwords.matches(one, '')).toBe(false);
});

it('DI3 where there is no password, one of the same cost is checked, and it is never right', async () => {
  const { passwords } = start();
  expect(DECOY_HASH.startsWith(COST)).toBe(true);
  expect(DECOY_HASH.length).toBe((await passwords.hash('x')).length);
  expect(await passwords.matches(null, 'correct horse')).toBe(false);
});

it('DI4 a few at once, a bounded line behind them, and too_many_requests for the rest', async () => {
  const { passwords, tallies } = start(1);
  // One runs, 32 wait; nobody is too much of it, so a null takes its turn like a password.
  const calls = Array.from({ length: 35 }, () => passwords.matches(null, 'x'));
  const settled = Promise.allSettled(calls);
  expect(passwords.waiting()).toBe(32);
  const outcomes = await settled;
  expect(outcomes.slice(0, 33)).toEqual(Array.from({ length: 33 }, () => ({ status: 'fulfilled', value: false })));
  expect(outcomes.slice(33)).toMatchObject([
    { status: 'rejected', reason: { code: 'too_many_requests' } },
    { status: 'rejected', reason: { code: 'too_many_requests' } },
  ]);
  expect([passwords.waiting(), tallies.passwordsRefused]).toEqual([0, 2]);
  expect(await passwords.matches(await passwords.hash('y'), 'y')).toBe(true);
});

it('DI4 one that fails gives its place back', async () => {
  const { passwords } = start(1);
  for (let n = 0; n < 3; n += 1) await expect(passwords.matches('not a hash', 'x')).rejects.toThrow();
  expect(await passwords.matches(null, 'x')).toBe(false);
});
