import { expect, test } from 'vitest';
import { createPlanner } from '../../../src/events/planner.js';
import { createSealer } from '../../../src/adapters/system/sealer.js';
import { EndpointList } from '../../../src/events/endpoint-list.js';
import { parseEndpointId } from '../../../src/protocol/ids.js';
import { systemCrypto } from '../../../src/adapters/system/crypto.js';
import { createMemoryStore } from '../../../src/adapters/memory/memory-store.js';
import { ManualClock } from '../../support/manual-clock.js';
import * as f from '../../contract/suites/fixtures.js';

test("WH24 the addresses of a project's sessions on one host are one target; each delivery keeps its own address", async () => {
  const store = createMemoryStore({ clock: new ManualClock() });
  const endpoints = { renew: async () => Promise.resolve(), wanting: async () => Promise.resolve([]) };
  const planner = createPlanner({ endpoints, crypto: systemCrypto(), sessionBody: () => '{}' });
  const targetOf = async (webhookUrl: string, projectId = f.ACME) => {
    const session = await store.relay.create({ ...f.newSession({ webhookUrl }), projectId }, []);
    const facts = { type: 'session.ended', why: 'ended', session } as const;
    const event = { id: 'evt_1', sequence: 1, createdAtMs: 1, projectId, sessionId: session.session.id, facts };
    const [planned] = await planner.plan([event]);
    return { key: f.sure(planned).targetKey, target: f.sure(planned).target };
  };
  const one = await targetOf('https://a.example/one');
  const two = await targetOf('https://a.example/two?x=1');
  expect(two.key).toBe(one.key);
  expect([one.target, two.target]).toMatchObject([
    { url: 'https://a.example/one' },
    { url: 'https://a.example/two?x=1' },
  ]);
  expect((await targetOf('https://b.example/one')).key).not.toBe(one.key);
});

test('WH33 an event that follows the registration of an endpoint at another node is planned for it', async () => {
  const clock = new ManualClock();
  const store = createMemoryStore({ clock });
  const list = new EndpointList({ store: store.endpoints, sealer: createSealer('s'.repeat(32)), clock });
  const planner = createPlanner({ endpoints: list, crypto: systemCrypto(), sessionBody: () => '{}' });
  // This node knows that there is none.
  expect(await list.wanting(f.ACME, 'user.banned')).toEqual([]);
  const id = f.sure(parseEndpointId(`wh_${'a'.repeat(24)}`));
  const endpoint = { id, owner: f.ACME, url: 'https://a.example/', types: null, secrets: [], paused: null } as const;
  await store.endpoints.put({ ...endpoint, createdAtMs: 1, version: 1 }, 20);
  // The control: what this node knows is young, and says nothing of it.
  expect(await list.wanting(f.ACME, 'user.banned')).toEqual([]);
  const facts = { type: 'user.banned', userId: f.userId() } as const;
  const event = { id: 'evt_1', sequence: 1, createdAtMs: 1, projectId: f.ACME, sessionId: f.sessionId(), facts };
  expect((await planner.plan([event])).map(({ targetKey }) => targetKey)).toEqual([id]);
});
