import { expect } from 'vitest';
import type { Store } from '../../../src/ports/store.js';
import { parseEndpointId, type SessionId } from '../../../src/protocol/ids.js';
import { eventually } from '../../support/eventually.js';
import * as f from './fixtures.js';
import { useIdentityStores } from './use-identity-stores.js';

/** One call of everything, so that a key outside of a script's hash slot would show. */
export async function useEverything(store: Store): Promise<void> {
  const session = f.newSession({ maxUsers: 2 });
  const [seat, other] = [f.newSeat(), f.newSeat()];
  const { relay } = store;
  const { id } = session;
  await relay.create(session, [seat]);
  expect(await relay.authorize(id, f.ACME, other)).toMatchObject({ outcome: 'authorized' });
  const member = await f.joinPair(relay, session, seat);
  const second = await f.joinPair(relay, session, other);
  expect(await relay.handOverHost(id, f.HOME, second.host, second.index)).toEqual({ index: second.index, term: 2 });
  expect(await relay.away(f.holdOf(id, member))).toBe(true);
  expect(await relay.leave(f.holdOf(id, second), 'left')).toMatchObject({
    outcome: 'left',
    host: { index: member.index },
  });
  expect(await relay.mint(id, f.ACME, f.userId())).toMatchObject({ outcome: 'mintable' });
  expect(await relay.revoke(id, f.ACME, seat.token)).toMatchObject({ outcome: 'revoked' });
  const selector = { by: 'token', token: other.token } as const;
  expect(await relay.kick({ sessionId: id, scope: 'all', selector, ban: true })).toMatchObject({ outcome: 'kicked' });
  const { durableLog } = store;
  const home = { sessionId: id, nodeId: f.HERE, homeEpoch: 1 };
  expect(await durableLog.open(home, 'first')).toMatchObject({ outcome: 'opened', writer: 1 });
  expect(await durableLog.append(home, 1, { after: 0, seq: 1, bytes: Uint8Array.of(1) }, 1)).toBe('appended');
  const known = { epoch: 'first', seq: 1, oldestSeq: 1 };
  expect(await durableLog.reopen(home, known)).toMatchObject({ outcome: 'opened', writer: 2 });
  expect(await relay.claimHome(id, f.homeNow(f.HERE), f.ELSEWHERE)).not.toBeNull();
  expect(await relay.list({ scope: f.ACME, from: { offset: 0 }, limit: 5 })).toMatchObject({ totalCount: 1 });
  expect(await relay.update(id, 'all', { ttlMs: 1 })).not.toBeNull();
  await eventually(async () => ((await relay.sweepExpired(5)).includes(id) ? null : 'not swept yet'));
  const ended = f.newSession();
  await relay.create(ended, []);
  expect(await relay.end(ended.id, f.ACME)).toBe(true);
  expect(await relay.list({ scope: 'all', from: { offset: 0 }, limit: 5 })).toMatchObject({ totalCount: 0 });

  await useEvents(store, ended.id);
  await useWebhooks(store);

  const key = {
    id: f.keyId('a'),
    name: 'a',
    scopes: [],
    projectId: f.ACME,
    secretHash: 'h',
    createdAtMs: 1,
    lastUsedAtMs: null,
  };
  await store.keys.put(key);
  expect(await store.keys.list(f.ACME)).toEqual([key]);
  expect(await store.keys.remove(key.id, f.ACME)).toBe(true);
  const call = { key: 'key', fingerprint: 'print', operationId: 'op', owner: 'one', runningTtlMs: 1_000, ttlMs: 1_000 };
  expect(await store.idempotency.start(call)).toEqual({ outcome: 'started', operationId: 'op' });
  await store.idempotency.finish('key', 'op', { status: 204 });
  await store.idempotency.forget('key', 'op');
  await useIdentityStores(store, Date.now());
}

/** `id`: an ended session. */
async function useEvents({ events, feed }: Store, id: SessionId): Promise<void> {
  expect(await events.ofSession(id, f.ACME, 0, 10)).toMatchObject({ outcome: 'read', newest: 2 });
  await events.append({ type: 'node.joined', nodeId: f.HERE });
  for (let partition = 0; partition < feed.partitions; partition += 1) {
    const { entries } = await feed.read(partition, 100);
    const last = entries.at(-1);
    if (last === undefined) continue;
    const hold = f.sure(await feed.claim(partition, f.HERE, 1_000));
    await feed.publish(partition, entries);
    expect(await feed.settle(hold, last.position)).toBe(true);
    await feed.release(hold);
  }
  const [newest = 0] = await events.newest([{ of: 'all' }]);
  expect(newest).toBeGreaterThan(10);
  expect(await events.of({ of: 'all' }, newest - 1, 10)).toMatchObject({ outcome: 'read', entries: [{}] });
}

async function useWebhooks({ feed, deliveries, endpoints }: Store): Promise<void> {
  const id = f.sure(parseEndpointId(`wh_${'e'.repeat(24)}`));
  const secrets = [{ sealed: 'sealed', validUntilMs: null }];
  const endpoint = { id, owner: f.ACME, url: 'https://a.example/', types: null, secrets, paused: null };
  expect(await endpoints.put({ ...endpoint, createdAtMs: 1, version: 1 }, 1)).toBe('written');
  expect(await endpoints.list()).toHaveLength(1);
  const hold = f.sure(await feed.claim(1, f.HERE, 60_000));
  const nowMs = Date.now();
  const to = { owner: f.ACME, target: { kind: 'endpoint', endpointId: id }, targetKey: id, lane: 'lane' } as const;
  const delivery = {
    id: `evt.${id}`,
    eventId: 'evt',
    eventType: 'member.joined',
    body: '{}',
    createdAtMs: nowMs,
  } as const;
  const changed = { outcome: 'changed', evicted: 0, dropped: 0 };
  expect(await deliveries.plan(hold, '0-0', [{ ...delivery, ...to }])).toEqual(changed);
  const query = { limit: 1, perTarget: 1, inFlight: new Set<string>(), resting: new Set<string>() };
  expect(await deliveries.due(hold, nowMs + 60_000, query)).toMatchObject({ deliveries: [{ id: delivery.id }] });
  const dead = { kind: 'dead', attempts: 10, reason: 'status 500' } as const;
  expect(await deliveries.settle(hold, delivery.id, dead)).toEqual(changed);
  const letters = await deliveries.deadLetters({ scope: f.ACME, targetKey: id, before: null, limit: 1 });
  expect(letters).toMatchObject([{ id: delivery.id }]);
  expect(await deliveries.resend({ partition: 1, id: delivery.id }, f.ACME)).toBe(true);
  expect(await deliveries.settle(hold, delivery.id, { kind: 'done' })).toEqual(changed);
  expect(await deliveries.trim(hold)).toEqual(changed);
  await feed.release(hold);
  expect(await endpoints.remove(id)).toBe(true);
  expect(await endpoints.revision()).toBe(2);
}
