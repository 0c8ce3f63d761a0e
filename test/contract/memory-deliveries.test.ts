import { createMemoryStore } from '../../src/adapters/memory/memory-store.js';
import { MAX_FEED_EVENTS } from '../../src/ports/event-feed.js';
import { ManualClock } from '../support/manual-clock.js';
import { openMemoryStore } from '../support/stores.js';
import { endpointRules } from './suites/endpoint-rules.js';
import { deliveryRules } from './suites/delivery-rules.js';
import * as f from './suites/fixtures.js';

const LEASE_MS = 3_600_000;

endpointRules('memory', openMemoryStore);

deliveryRules('memory', async (deliveryBounds) => {
  const clock = new ManualClock();
  const { feed, events, deliveries } = createMemoryStore({ clock, deliveryBounds });
  let owner = f.HERE;
  return {
    queue: deliveries,
    clock,
    feedStart: '0',
    claim: async () => {
      for (const nodeId of [f.HERE, f.ELSEWHERE]) {
        const hold = await feed.claim(0, nodeId, LEASE_MS);
        if (hold !== null) await feed.release(hold);
      }
      owner = owner === f.HERE ? f.ELSEWHERE : f.HERE;
      return f.sure(await feed.claim(0, owner, LEASE_MS));
    },
    feed: async (count) => {
      for (let at = 0; at < count; at += 1) await events.append({ type: 'node.joined', nodeId: f.HERE });
      return (await feed.read(0, MAX_FEED_EVENTS)).entries.map(({ position }) => position);
    },
    feedSize: async () => (await feed.read(0, MAX_FEED_EVENTS)).entries.length,
    close: async () => undefined,
  };
});
