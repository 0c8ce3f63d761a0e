import { expect, it } from 'vitest';
import { createMemoryStore } from '../../../src/adapters/memory/memory-store.js';
import { systemCrypto } from '../../../src/adapters/system/crypto.js';
import { ApiKeys } from '../../../src/identity/api-keys.js';
import { newKey, parseKey } from '../../../src/identity/key-format.js';
import { Failure } from '../../../src/protocol/failure.js';
import type { KeyStore } from '../../../src/ports/key-store.js';
import { ManualClock } from '../../support/manual-clock.js';
import { RecordingLog } from '../../support/silent-log.js';
import { loneNode } from '../../support/lone-node.js';

const ROOT_KEY = 'root-key-of-at-least-32-characters!';
const crypto = systemCrypto();

function start(env: 'live' | 'dev' = 'live') {
  const clock = new ManualClock();
  const store = createMemoryStore({ clock }).keys;
  const calls = { get: 0, noted: 0, failing: false };
  const log = new RecordingLog();
  const counted: KeyStore = {
    ...store,
    get: (id) => {
      calls.get += 1;
      return calls.failing ? Promise.reject(new Failure('store_unavailable')) : store.get(id);
    },
    noteUse: (id, atMs) => {
      calls.noted += 1;
      return calls.failing ? Promise.reject(new Failure('store_unavailable')) : store.noteUse(id, atMs);
    },
  };
  const nodes = [0, 1].map(
    () => new ApiKeys({ store: counted, calls: loneNode, crypto, clock, log, rootKey: ROOT_KEY, env }),
  );
  const [here, there] = nodes;
  if (here === undefined || there === undefined) throw new Error('no nodes');
  return { here, there, clock, calls, log };
}

async function rootOf(keys: ApiKeys) {
  const root = await keys.verify(ROOT_KEY);
  if (root === null) throw new Error('no root');
  return root;
}

it('KY1 keys name their environment and carry 256 bits', () => {
  const keys = Array.from({ length: 200 }, () => newKey(crypto, 'live'));
  expect(new Set(keys.map(({ text }) => text)).size).toBe(200);
  for (const { id, text, secretHash } of keys) {
    expect(text).toMatch(/^sp_live_[0-9A-Za-z]{16}_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}$/);
    expect(parseKey(crypto, text)).toEqual({ id, secretHash });
  }
});

it('KY2 a typo is refused without a call of the store', async () => {
  const { here, calls } = start();
  const { text } = await here.create(await rootOf(here), { name: 'k', scopes: ['relays'] });
  for (let at = 0; at < text.length; at += 1) {
    const typo = text.slice(0, at) + (text[at] === 'a' ? 'b' : 'a') + text.slice(at + 1);
    expect(await here.verify(typo)).toBeNull();
    expect(await here.verify(text.slice(0, at))).toBeNull();
  }
  expect(calls.get).toBe(0);
});

it('KY2 a good check over a wrong secret, or over an id that is not there, is refused', async () => {
  const { here } = start();
  const { key, text } = await here.create(await rootOf(here), { name: 'k', scopes: ['relays'] });
  expect(await here.verify(newKey(crypto, 'live').text)).toBeNull();
  const forged = text.replace(/_[0-9A-Za-z]{43}_/, `_${'0'.repeat(43)}_`).slice(0, -6);
  const check = crypto.sha256(forged.slice(0, -1)).replaceAll(/[-_]/g, '').slice(0, 6);
  expect(parseKey(crypto, forged + check)?.id).toBe(key.id);
  expect(await here.verify(forged + check)).toBeNull();
});

it('KY4 a removed key is refused here at once and on every node within half a second', async () => {
  const { here, there, clock } = start();
  const root = await rootOf(here);
  const { key, text } = await here.create(root, { name: 'k', scopes: ['relays'] });
  expect(await here.verify(text)).toMatchObject({ id: key.id, sees: key.projectId });
  expect(await there.verify(text)).not.toBeNull();
  await here.remove(root, key.id);
  expect(await here.verify(text)).toBeNull();
  expect(await there.verify(text)).not.toBeNull();
  clock.advance(500);
  expect(await there.verify(text)).toBeNull();
});

it('KY4 a look-up that was on its way during a removal is not remembered', async () => {
  const { here } = start();
  const root = await rootOf(here);
  const { key, text } = await here.create(root, { name: 'k', scopes: ['relays'] });
  const onItsWay = here.verify(text);
  await here.remove(root, key.id);
  await onItsWay;
  expect(await here.verify(text)).toBeNull();
});

it('KY7 concurrent calls with one key ask the store once, later ones not until half a second has passed', async () => {
  const { here, calls, clock } = start();
  const { text } = await here.create(await rootOf(here), { name: 'k', scopes: ['relays'] });
  await Promise.all(Array.from({ length: 50 }, () => here.verify(text)));
  clock.advance(499);
  await here.verify(text);
  expect(calls.get).toBe(1);
  clock.advance(1);
  await here.verify(text);
  expect(calls.get).toBe(2);
});

it('KY7 a store that is unavailable is said, not remembered; the root key needs no store', async () => {
  const { here, calls } = start();
  const { text } = await here.create(await rootOf(here), { name: 'k', scopes: ['relays'] });
  calls.failing = true;
  await expect(here.verify(text)).rejects.toMatchObject({ code: 'store_unavailable' });
  expect(await here.verify(ROOT_KEY)).toMatchObject({ id: 'root', sees: 'all', projectId: 'default' });
  calls.failing = false;
  expect(await here.verify(text)).not.toBeNull();
});

it('KY8 the last use is told to the store once a minute a key and node, and is never waited for', async () => {
  const { here, there, clock, calls, log } = start();
  const root = await rootOf(here);
  const { key, text } = await here.create(root, { name: 'k', scopes: ['relays'] });
  expect(key.lastUsedAtMs).toBeNull();
  await here.verify(`${text}x`);
  await here.verify(ROOT_KEY);
  expect(calls.noted).toBe(0);
  const firstMs = clock.nowMs();
  for (let n = 0; n < 10; n += 1) await here.verify(text);
  expect(calls.noted).toBe(1);
  await there.verify(text);
  expect(calls.noted).toBe(2);
  expect((await here.list(root)).map(({ lastUsedAtMs }) => lastUsedAtMs)).toEqual([firstMs]);
  clock.advance(59_999);
  await here.verify(text);
  expect(calls.noted).toBe(2);
  clock.advance(1);
  await here.verify(text);
  expect(calls.noted).toBe(3);
  expect((await here.list(root)).map(({ lastUsedAtMs }) => lastUsedAtMs)).toEqual([firstMs + 60_000]);
  expect(log.events).toEqual([]);
});

it('KY8 a store that does not take the last use fails no call', async () => {
  const { here, clock, calls, log } = start();
  const { text } = await here.create(await rootOf(here), { name: 'k', scopes: ['relays'] });
  await here.verify(text);
  clock.advance(60_000);
  await here.verify(text);
  clock.advance(60_000);
  const answer = here.verify(text);
  calls.failing = true;
  expect(await answer).not.toBeNull();
  await Promise.resolve();
  expect(log.events.map(({ event }) => event)).toEqual(['key_use_not_kept']);
});

it('MN4 a removal whose answer is lost tells the other nodes and waits for none of them', async () => {
  const clock = new ManualClock();
  const { keys: store } = createMemoryStore({ clock });
  const announced: unknown[] = [];
  const keys = new ApiKeys({
    store: { ...store, remove: () => Promise.reject(new Failure('outcome_unknown')) },
    // No node ever answers an order.
    calls: { ...loneNode, order: () => new Promise(() => undefined), announce: (_kind, body) => announced.push(body) },
    crypto,
    clock,
    log: new RecordingLog(),
    rootKey: ROOT_KEY,
    env: 'live',
  });
  const { id } = newKey(crypto, 'live');
  await expect(keys.remove(await rootOf(keys), id)).rejects.toMatchObject({ code: 'outcome_unknown' });
  expect(announced).toEqual([{ id }]);
});
