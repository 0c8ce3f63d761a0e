import { describe, expect, test } from 'vitest';
import type { EndpointRecord } from '../../../src/ports/endpoint-store.js';
import { parseEndpointId } from '../../../src/protocol/ids.js';
import type { OpenStore } from '../../support/stores.js';
import * as f from './fixtures.js';

const MOST = 2;

function endpoint(letter: string, change: Partial<EndpointRecord> = {}): EndpointRecord {
  const id = f.sure(parseEndpointId(`wh_${letter.repeat(24)}`));
  const secrets = [{ sealed: 'sealed', validUntilMs: null }];
  const rest = { url: 'https://a.example/', types: null, paused: null, createdAtMs: letter.charCodeAt(0), version: 1 };
  return { id, owner: f.ACME, secrets, ...rest, ...change };
}

/** Rule WH22 of docs/SPEC.md. */
export function endpointRules(engine: string, open: OpenStore): void {
  describe(`the endpoints of the ${engine} store`, () => {
    const on = f.useStore(open);

    test('WH22 an owner has a limited number, each change needs the version before, and changes the revision', async () => {
      const { endpoints } = on.all.store;
      const before = await endpoints.revision();
      expect(await endpoints.put(endpoint('a', { types: ['member.*'] }), MOST)).toBe('written');
      expect(await endpoints.put(endpoint('b'), MOST)).toBe('written');
      expect(await endpoints.put(endpoint('c'), MOST)).toBe('full');
      expect(await endpoints.put(endpoint('d', { owner: 'all' }), MOST)).toBe('written');
      expect(await endpoints.put(endpoint('a', { paused: 'gone', version: 2 }), MOST)).toBe('written');
      expect(await endpoints.put(endpoint('a', { paused: 'asked', version: 2 }), MOST)).toBe('changed');
      expect(await endpoints.put(endpoint('e', { version: 2 }), MOST)).toBe('changed');
      const changed = endpoint('a', { paused: 'gone', version: 2 });
      expect(await endpoints.list()).toEqual([changed, endpoint('b'), endpoint('d', { owner: 'all' })]);
      expect(await endpoints.remove(changed.id)).toBe(true);
      expect(await endpoints.remove(changed.id)).toBe(false);
      expect(await endpoints.put(endpoint('c'), MOST)).toBe('written');
      expect(await endpoints.revision()).not.toBe(before);
    });
  });
}
