/** Gateway processes write about each other: their starts, their drains, and one that was killed. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRedisStore } from '../../src/adapters/redis/redis-store.js';
import type { NodeFacts } from '../../src/ports/event.js';
import type { Store } from '../../src/ports/store.js';
import { DEPLOYMENT, dispatch, factsOf, logged } from '../contract/suites/event-fixtures.js';
import { eventually } from '../support/eventually.js';
import { Nodes } from '../support/nodes.js';
import { silentLog } from '../support/silent-log.js';
import { untilReady } from '../support/stores.js';

const PREFIX = 'node-events';

describe('events of nodes', () => {
  let nodes: Nodes;
  let store: Store;

  beforeAll(async () => {
    nodes = await Nodes.start(4, { SALLYPORT_REDIS_PREFIX: PREFIX });
    store = createRedisStore({ url: nodes.redis.url, keyPrefix: PREFIX, log: silentLog, onFailure: () => undefined });
    store.start();
    await untilReady(store);
  });

  afterAll(async () => {
    await store.stop();
    await nodes.stop();
  });

  async function told(type: NodeFacts['type']): Promise<readonly string[]> {
    await dispatch(store).catch(() => []);
    const facts = factsOf(await logged(store, DEPLOYMENT));
    return facts.flatMap((one) => (one.type === type && 'nodeId' in one ? [one.nodeId] : []));
  }

  async function idOf(zone: number): Promise<string> {
    const { body } = await nodes.at(zone).native('GET', '/v1/nodes');
    const found = (body as { nodes: { id: string; labels: Record<string, string> }[] }).nodes;
    const id = found.find(({ labels }) => labels['zone'] === String(zone))?.id;
    if (id === undefined) throw new Error('the node does not know itself');
    return id;
  }

  it('EV29 a killed node is lost once, though all others see it; one that drains and leaves is drained, and never lost', async () => {
    const ids = await Promise.all([0, 1, 2, 3].map(idOf));
    await eventually(async () => ((await told('node.joined')).length === 4 ? null : 'not all have joined'));
    expect((await told('node.joined')).toSorted()).toEqual(ids.toSorted());
    nodes.leave(1);
    nodes.leave(2);
    await Promise.all([nodes.process(1).stop('SIGKILL'), nodes.process(2).stop('SIGTERM')]);
    await eventually(async () => ((await told('node.lost')).length > 0 ? null : 'no node is lost'));
    await eventually(async () => ((await told('node.drained')).length > 0 ? null : 'no node is drained'));
    await nodes.untilComplete();
    expect(await told('node.lost')).toEqual([ids[1]]);
    expect(await told('node.drained')).toEqual([ids[2]]);
    expect(await told('node.joined')).toHaveLength(4);
  });
});
