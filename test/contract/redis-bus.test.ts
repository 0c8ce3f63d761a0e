import { afterEach, describe, expect, inject, test } from 'vitest';
import { createRedisBusTransport } from '../../src/adapters/redis/bus-transport.js';
import type { NodeId } from '../../src/protocol/ids.js';
import { ChaosProxy } from '../support/chaos-proxy.js';
import { eventually } from '../support/eventually.js';
import { startRedisCluster } from '../support/redis-cluster.js';
import { startRedisServer } from '../support/redis-server.js';
import { silentLog } from '../support/silent-log.js';
import { randomPrefix } from '../support/stores.js';
import { busRules, startBusNode, type BusNode } from './suites/bus-rules.js';

busRules('redis', () => transportsAt(inject('redisUrl')));

function transportsAt(url: string, keyPrefix = randomPrefix()) {
  return (self: NodeId) => createRedisBusTransport({ url, keyPrefix, self, log: silentLog });
}

describe('the node bus through a Redis that fails', () => {
  const cleanups: (() => Promise<unknown>)[] = [];

  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  async function start(transportOf: (self: NodeId) => ReturnType<typeof createRedisBusTransport>): Promise<BusNode> {
    const node = await startBusNode(transportOf);
    cleanups.push(() => node.bus.stop());
    return node;
  }

  test('NB12 a receiver whose link is cut hears of the loss, and receives again', async () => {
    const redis = await startRedisServer();
    cleanups.push(() => redis.stop());
    const proxy = await ChaosProxy.start(redis.port);
    cleanups.push(() => proxy.stop());
    const keyPrefix = randomPrefix();
    const sender = await start(transportsAt(redis.url, keyPrefix));
    const receiver = await start(transportsAt(`redis://127.0.0.1:${String(proxy.port)}`, keyPrefix));
    sender.bus.send(receiver.id, Buffer.from('before'));
    await eventually(() => (receiver.received.length === 1 ? null : 'it is on its way'));
    receiver.lost.length = 0;

    proxy.cut();
    sender.bus.send(receiver.id, Buffer.from('while it is cut'));
    await eventually(() => (receiver.lost.includes(sender.id) ? null : 'no loss was reported'));
    await eventually(() => {
      sender.bus.send(receiver.id, Buffer.from('after'));
      return receiver.received.length > 1 ? null : 'nothing arrives';
    });
    expect(receiver.received).not.toContain(`${sender.id} while it is cut`);
  });

  test('NB12 a receiver whose subscriptions end silently subscribes again', async () => {
    const redis = await startRedisServer();
    cleanups.push(() => redis.stop());
    const proxy = await ChaosProxy.start(redis.port);
    cleanups.push(() => proxy.stop());
    const keyPrefix = randomPrefix();
    const sender = await start(transportsAt(redis.url, keyPrefix));
    const receiver = await start(transportsAt(`redis://127.0.0.1:${String(proxy.port)}`, keyPrefix));
    await eventually(() => (receiver.bus.heard === 1 ? null : 'the receiver does not hear the sender'));
    // The connections stand, and nothing comes over them.
    proxy.stall();
    await eventually(() => (receiver.lost.includes(sender.id) ? null : 'no loss was reported'));
    const connections = proxy.accepted;
    await eventually(() => (proxy.accepted > connections ? null : 'the receiver keeps the connection'));
    proxy.resume();
    await eventually(() => {
      sender.bus.send(receiver.id, Buffer.from('after'));
      return receiver.received.includes(`${sender.id} after`) ? null : 'nothing arrives';
    });
  });

  test('NB13 a Redis that hangs costs a sender a bounded amount of memory', async () => {
    const redis = await startRedisServer();
    cleanups.push(() => redis.stop());
    const keyPrefix = randomPrefix();
    const sender = await start(transportsAt(redis.url, keyPrefix));
    const receiver = await start(transportsAt(redis.url, keyPrefix));
    redis.pause();
    cleanups.push(async () => {
      redis.resume();
    });
    const before = process.memoryUsage().arrayBuffers;
    const megabyte = new Uint8Array(1024 * 1024);
    for (let i = 0; i < 400; i += 1) {
      sender.bus.send(receiver.id, megabyte);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect((process.memoryUsage().arrayBuffers - before) / megabyte.length).toBeLessThan(200);
    redis.resume();
    await eventually(() => {
      sender.bus.send(receiver.id, Buffer.from('after'));
      return receiver.received.includes(`${sender.id} after`) ? null : 'nothing arrives';
    });
    expect(receiver.lost).toContain(sender.id);
  });

  test('NB14 on a Redis Cluster each node has a channel on one shard, and a moved slot is followed', async () => {
    const cluster = await startRedisCluster(3);
    cleanups.push(() => cluster.stop());
    const keyPrefix = randomPrefix();
    const transportOf = transportsAt(cluster.url, keyPrefix);
    const [sender, receiver] = [await start(transportOf), await start(transportOf)];
    sender.bus.send(receiver.id, Buffer.from('before'));
    sender.bus.send('all', Buffer.from('to all'));
    await eventually(() => (receiver.received.length === 2 ? null : 'they are on their way'));
    expect(await cluster.shardChannels()).toEqual(
      [receiver.id, sender.id, 'all'].map((target) => `${keyPrefix}:bus:{${target}}`).sort(),
    );

    await cluster.moveSlotOf(`${keyPrefix}:bus:{${receiver.id}}`);
    await eventually(() => {
      sender.bus.send(receiver.id, Buffer.from('after'));
      return receiver.received.includes(`${sender.id} after`) ? null : 'nothing arrives';
    });
  });
});
