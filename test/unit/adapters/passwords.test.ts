import { availableParallelism } from 'node:os';
import { hash } from '@node-rs/argon2';
import { expect, it } from 'vitest';
import { createArgon2Passwords, DECOY_HASH } from '../../../src/adapters/argon2/passwords.js';
import { coresOfWorker } from '../../../src/adapters/system/load.js';
import { emptyTallies } from '../../../src/ports/metrics.js';

const COST = '$argon2id$v=19$m=19456,t=2,p=1$';

function start(concurrency = 2, cores = 8) {
  const tallies = emptyTallies();
  return { passwords: createArgon2Passwords({ concurrency, cores, tallies }), tallies };
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

it.each([
  { concurrency: 2, cores: 8, running: 2 },
  { concurrency: 8, cores: 4, running: 3 },
  { concurrency: 2, cores: 2, running: 1 },
  { concurrency: 2, cores: 1, running: 1 },
])('LO5 of $cores cores, with $concurrency wanted, $running at once', async ({ concurrency, cores, running }) => {
  const { passwords, tallies } = start(concurrency, cores);
  // As many as the queue of this setting can hold, whatever the cores.
  const calls = Array.from({ length: concurrency * 32 + running + 1 }, () => passwords.matches('not a hash', 'x'));
  const settled = Promise.allSettled(calls);
  expect([passwords.waiting(), tallies.passwordsRefused]).toEqual([concurrency * 32, 1]);
  await settled;
  expect(passwords.waiting()).toBe(0);
});

it('LO5 every worker of a machine counts with its share of the cores', () => {
  expect(coresOfWorker(1)).toBe(availableParallelism());
  expect([coresOfWorker(2), coresOfWorker(1000)]).toEqual([Math.max(1, Math.floor(availableParallelism() / 2)), 1]);
});

const COMPOSED = 'pässwörd café\u{1f600}';

it('NT5 a password matches however its letters are composed, and whichever spaces it has', async () => {
  const { passwords } = start();
  const decomposed = COMPOSED.normalize('NFD');
  expect(decomposed).not.toBe(COMPOSED);
  for (const [set, typed] of [[COMPOSED, decomposed] as const, [decomposed, COMPOSED] as const]) {
    const phc = await passwords.hash(set);
    for (const text of [typed, typed.replace(' ', '\u00a0'), typed.replace(' ', '\u3000')]) {
      expect(await passwords.matches(phc, text)).toBe(true);
    }
    // Controls: case counts, and compatible letters are other letters.
    for (const text of [typed.toUpperCase(), typed.replace('p', '\uff50'), typed.replace(' ', '')]) {
      expect(await passwords.matches(phc, text)).toBe(false);
    }
  }
});

it('NT5 a hash of an older version, made of the password as given, still matches', async () => {
  const { passwords } = start();
  for (const given of [COMPOSED.normalize('NFD'), 'a\u00a0b', 'a\u0007b']) {
    const phc = await hash(given);
    expect(await passwords.matches(phc, given)).toBe(true);
    expect(await passwords.matches(phc, `${given}x`)).toBe(false);
  }
  expect(await passwords.matches(null, COMPOSED.normalize('NFD'))).toBe(false);
});
