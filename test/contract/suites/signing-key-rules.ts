import { describe, expect, test } from 'vitest';
import type { SigningKeyRecord } from '../../../src/ports/signing-key-store.js';
import type { OpenStore } from '../../support/stores.js';
import * as f from './fixtures.js';
import * as i from './identity-fixtures.js';

export function signingKeyRules(open: OpenStore): void {
  const on = f.useStore(open);
  const key = (kid: string, change: Partial<SigningKeyRecord> = {}): SigningKeyRecord => ({
    kid,
    publicJwk: '{"kty":"RSA","n":"a b"}',
    sealedPrivate: 'c2VhbGVk',
    createdAtMs: on.clock.nowMs(),
    signsFromMs: on.clock.nowMs() + 5,
    goneAtMs: on.clock.nowMs() + 100_000,
    ...change,
  });

  describe('signing keys', () => {
    test('IS25 of 100 nodes that add a key after the same one exactly one does', async () => {
      const { signingKeys } = on.all.store;
      for (const newest of [null, 'next']) {
        const kids = i.times(100, (at) => `${newest ?? 'first'}-${at}`);
        if (newest !== null) await signingKeys.add(key('next'), f.sure((await signingKeys.list()).at(-1)).kid);
        const added = await Promise.all(kids.map((kid) => signingKeys.add(key(kid), newest)));
        expect(added.filter((each) => each)).toHaveLength(1);
      }
      expect(await signingKeys.list()).toHaveLength(3);
    });

    test('IS25 keys are listed oldest first, as they were added, until they are gone', async () => {
      const { signingKeys } = on.all.store;
      expect(await signingKeys.list()).toEqual([]);
      const old = key('old', { goneAtMs: on.clock.nowMs() + 1_000, createdAtMs: on.clock.nowMs() + 1 });
      const young = key('young');
      expect(await signingKeys.add(old, 'nothing')).toBe(false);
      expect(await signingKeys.add(old, null)).toBe(true);
      expect(await signingKeys.add(young, null)).toBe(false);
      expect(await signingKeys.add(young, 'old')).toBe(true);
      expect(await signingKeys.list()).toEqual([old, young]);
      on.clock.advance(1_000);
      expect(await signingKeys.list()).toEqual([young]);
      on.clock.advance(99_000);
      expect(await signingKeys.list()).toEqual([]);
      expect(await signingKeys.add(key('next'), 'young')).toBe(false);
      expect(await signingKeys.add(key('next'), null)).toBe(true);
    });

    test('TK6 a key is kept for longer, never for less, and not when it is gone', async () => {
      const { signingKeys } = on.all.store;
      const [first, second] = [key('first'), key('second')];
      await signingKeys.add(first, null);
      await signingKeys.add(second, 'first');
      const later = first.goneAtMs + 50_000;
      expect(await signingKeys.keepUntil('first', later)).toBe(true);
      expect(await signingKeys.keepUntil('first', later - 1)).toBe(true);
      expect(await signingKeys.keepUntil('nobody', later)).toBe(false);
      expect(await signingKeys.list()).toEqual([{ ...first, goneAtMs: later }, second]);
      on.clock.advance(100_000);
      expect(await signingKeys.list()).toEqual([{ ...first, goneAtMs: later }]);
      expect(await signingKeys.keepUntil('second', later)).toBe(false);
      on.clock.advance(50_000);
      expect(await signingKeys.keepUntil('first', later + 50_000)).toBe(false);
      expect(await signingKeys.list()).toEqual([]);
    });
  });
}
