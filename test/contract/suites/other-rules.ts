import { describe, expect, test } from 'vitest';
import type { ApiKeyRecord } from '../../../src/ports/key-store.js';
import type { NodeReport } from '../../../src/ports/node-store.js';
import type { OpenStore } from '../../support/stores.js';
import * as f from './fixtures.js';

export function otherRules(open: OpenStore): void {
  const on = f.useStore(open);

  describe('API keys', () => {
    const key = (letter: string, change: Partial<ApiKeyRecord> = {}): ApiKeyRecord => ({
      id: f.keyId(letter),
      name: `key ${letter}`,
      scopes: ['relays', 'admin'],
      projectId: f.ACME,
      secretHash: 'aGFzaA',
      createdAtMs: 1,
      lastUsedAtMs: null,
      ...change,
    });

    test('ST43 keys are read by id and listed per project, oldest first', async () => {
      const { keys } = on.all.store;
      const young = key('a', { createdAtMs: 9 });
      const old = key('b', { scopes: [] });
      const foreign = key('c', { projectId: f.OTHER, createdAtMs: 5 });
      for (const each of [young, old, foreign]) await keys.put(each);
      expect(await keys.get(young.id)).toEqual(young);
      expect(await keys.get(f.keyId('z'))).toBeNull();
      expect(await keys.list(f.ACME)).toEqual([old, young]);
      expect(await keys.list('all')).toEqual([old, foreign, young]);
      await keys.put({ ...old, name: 'renamed' });
      expect(await keys.get(old.id)).toMatchObject({ name: 'renamed' });
    });

    test('ST44 a key is removed within its project only, and once', async () => {
      const { keys } = on.all.store;
      await keys.put(key('a'));
      expect(await keys.remove(f.keyId('a'), f.OTHER)).toBe(false);
      expect(await keys.remove(f.keyId('a'), f.ACME)).toBe(true);
      expect(await keys.remove(f.keyId('a'), 'all')).toBe(false);
      expect(await keys.get(f.keyId('a'))).toBeNull();
    });
  });

  describe('the last use of API keys', () => {
    test('ST63 the latest use is kept beside the record, of a key that is there', async () => {
      const { keys } = on.all.store;
      const id = f.keyId('a');
      const record = {
        id,
        name: 'a',
        scopes: [],
        projectId: f.ACME,
        secretHash: 'aGFzaA',
        createdAtMs: 1,
        lastUsedAtMs: null,
      };
      await keys.noteUse(id, 1_900_000_000_001);
      await keys.put(record);
      expect(await keys.get(id)).toEqual(record);
      await keys.noteUse(id, 1_900_000_000_009);
      await keys.noteUse(id, 1_900_000_000_005);
      await keys.put({ ...record, name: 'renamed' });
      const used = { ...record, name: 'renamed', lastUsedAtMs: 1_900_000_000_009 };
      expect(await keys.get(id)).toEqual(used);
      expect(await keys.list('all')).toEqual([used]);
      await keys.remove(id, 'all');
      await keys.noteUse(id, 1_900_000_000_010);
      expect(await keys.get(id)).toBeNull();
      expect(await keys.list('all')).toEqual([]);
      await keys.put(record);
      expect(await keys.get(id)).toEqual(record);
    });
  });

  describe('nodes', () => {
    const report = (letter: string, change: Partial<NodeReport> = {}): NodeReport => ({
      id: f.nodeId(letter),
      state: 'ready',
      startedAtMs: 1,
      labels: { region: 'eu' },
      publicUrl: 'wss://node.example',
      address: '192.0.2.1',
      connections: 2,
      sessions: 1,
      version: '0.1.0',
      engine: 'uws',
      ...change,
    });

    test('ST45 a heartbeat renews the lease and answers with every live node', async () => {
      const { nodes } = on.all.store;
      const a = { ...report('a'), leaseUntilMs: on.clock.nowMs() + 3_000 };
      expect(await nodes.heartbeat(report('a'), 3_000)).toEqual({ live: [a], leaseBeforeMs: null, lost: [] });
      on.clock.advance(2_000);
      const b = { ...report('b', { state: 'draining' }), leaseUntilMs: on.clock.nowMs() + 3_000 };
      const both = await nodes.heartbeat(report('b', { state: 'draining' }), 3_000);
      expect(both.live).toHaveLength(2);
      expect(both.live).toEqual(expect.arrayContaining([a, b]));
      on.clock.advance(1_000);
      const again = await nodes.heartbeat(report('b', { state: 'draining' }), 2_000);
      expect(again).toEqual({ live: [b], leaseBeforeMs: b.leaseUntilMs, lost: [f.nodeId('a')] });
    });

    test('EV28 of heartbeats at once one is told of each node whose lease has ended', async () => {
      const { nodes } = on.all.store;
      for (const letter of ['x', 'y', 'z']) await nodes.heartbeat(report(letter), 1_000);
      await nodes.leave(f.nodeId('z'));
      on.clock.advance(1_000);
      const answers = await Promise.all(['a', 'b', 'c', 'x'].map((letter) => nodes.heartbeat(report(letter), 3_000)));
      const later = await nodes.heartbeat(report('a'), 3_000);
      const lost = [...answers, later].flatMap((answer) => answer.lost);
      expect(lost.filter((id) => id === f.nodeId('y'))).toHaveLength(1);
      expect(lost).not.toContain(f.nodeId('z'));
      const isLost = lost.includes(f.nodeId('x'));
      // A node that comes back is unknown to the store if, and only if, another node was told of it.
      expect(answers[3]?.leaseBeforeMs === null).toBe(isLost);
    });

    test('ST46 a node that leaves is gone at once', async () => {
      const { nodes } = on.all.store;
      await nodes.heartbeat(report('a'), 3_000);
      await nodes.leave(f.nodeId('a'));
      const { live } = await nodes.heartbeat(report('b'), 3_000);
      expect(live.map(({ id }) => id)).toEqual([f.nodeId('b')]);
      await nodes.leave(f.nodeId('x'));
    });
  });

  describe('idempotency', () => {
    const response = { status: 201, headers: { 'content-type': 'application/json' }, body: '{"a":"é b"}' };

    const call = (key: string, fingerprint: string, by: { owner?: string; runningTtlMs?: number } = {}) => {
      const { owner = 'one', runningTtlMs = 30_000 } = by;
      return { key, fingerprint, operationId: `op ${fingerprint} ${owner}`, owner, runningTtlMs, ttlMs: 60_000 };
    };
    const started = (operationId: string) => ({ outcome: 'started', operationId });

    test('ST47 of starts with one key one runs; the others are told that it runs, then its answer', async () => {
      const { idempotency } = on.all.store;
      const owners = ['one', 'two', 'three'];
      const starts = await Promise.all(owners.map((owner) => idempotency.start(call('key', 'print', { owner }))));
      expect(starts.map(({ outcome }) => outcome).sort()).toEqual(['running', 'running', 'started']);
      const [first] = starts.flatMap((start) => (start.outcome === 'started' ? [start.operationId] : []));
      expect(await idempotency.start(call('key', 'other'))).toEqual({ outcome: 'conflict' });
      await idempotency.finish('key', first ?? '', response);
      expect(await idempotency.start(call('key', 'print'))).toEqual({ outcome: 'finished', response });
      expect(await idempotency.start(call('key', 'other'))).toEqual({ outcome: 'conflict' });
      expect(await idempotency.start(call('another', 'print'))).toEqual(started('op print one'));
    });

    test('ST48 a call under a key is remembered for its time from its start, and what is forgotten is not', async () => {
      const { idempotency } = on.all.store;
      await idempotency.start(call('key', 'print'));
      on.clock.advance(30_000);
      await idempotency.finish('key', 'op print one', { status: 204 });
      on.clock.advance(29_999);
      expect(await idempotency.start(call('key', 'print'))).toEqual({ outcome: 'finished', response: { status: 204 } });
      on.clock.advance(1);
      expect(await idempotency.start(call('key', 'other'))).toEqual(started('op other one'));
      await idempotency.forget('key', 'op other one');
      expect(await idempotency.start(call('key', 'print'))).toEqual(started('op print one'));
    });

    test('ST49 a finish that comes too late does not answer for another request under the key', async () => {
      const { idempotency } = on.all.store;
      await idempotency.start(call('key', 'slow'));
      on.clock.advance(60_000);
      await idempotency.start(call('key', 'other'));
      await idempotency.finish('key', 'op slow one', response);
      await idempotency.release('key', 'op slow one');
      await idempotency.forget('key', 'op slow one');
      expect(await idempotency.start(call('key', 'other', { owner: 'two' }))).toEqual({ outcome: 'running' });
    });

    test('ST71 a call that nobody runs any more goes on as the operation that it was', async () => {
      const { idempotency } = on.all.store;
      const first = started('op print one');
      await idempotency.start(call('died', 'print'));
      expect(await idempotency.start(call('died', 'print', { owner: 'two' }))).toEqual({ outcome: 'running' });
      on.clock.advance(30_000);
      expect(await idempotency.start(call('died', 'print', { owner: 'two' }))).toEqual(first);

      await idempotency.start(call('lost', 'print'));
      expect(await idempotency.start(call('lost', 'print'))).toEqual(first);

      await idempotency.start(call('released', 'print'));
      await idempotency.release('released', 'op print one');
      expect(await idempotency.start(call('released', 'other'))).toEqual({ outcome: 'conflict' });
      expect(await idempotency.start(call('released', 'print', { owner: 'two' }))).toEqual(first);
    });
  });
}
