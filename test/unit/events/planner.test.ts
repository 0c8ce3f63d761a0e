import { expect, test } from 'vitest';
import { createPlanner } from '../../../src/events/planner.js';
import { systemCrypto } from '../../../src/adapters/system/crypto.js';
import { createMemoryStore } from '../../../src/adapters/memory/memory-store.js';
import { ManualClock } from '../../support/manual-clock.js';
import * as f from '../../contract/suites/fixtures.js';

test("WH24 the addresses of a project's sessions on one host are one target; each delivery keeps its own address", async () => {
  const store = createMemoryStore({ clock: new ManualClock() });
  const endpoints = { wanting: async () => Promise.resolve([]) };
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
