/** The rules of every transport of the node bus. `open` returns the transports of one cluster, one for each node. */
import { afterEach, describe, expect, test } from 'vitest';
import { NumberedBus } from '../../../src/cluster/bus/numbered-bus.js';
import { newNodeId } from '../../../src/cluster/node-id.js';
import { systemClock } from '../../../src/adapters/system/clock.js';
import { systemCrypto } from '../../../src/adapters/system/crypto.js';
import type { BusTransport } from '../../../src/ports/bus-transport.js';
import { emptyTallies, type Tallies } from '../../../src/ports/metrics.js';
import type { NodeId } from '../../../src/protocol/ids.js';
import { eventually } from '../../support/eventually.js';
import { silentLog } from '../../support/silent-log.js';

export interface BusNode {
  readonly id: NodeId;
  readonly bus: NumberedBus;
  readonly tallies: Tallies;
  /** `<sender> <text>` in the order of arrival. */
  readonly received: string[];
  readonly lost: NodeId[];
}

export async function startBusNode(transportOf: (self: NodeId) => BusTransport): Promise<BusNode> {
  const id = newNodeId(systemCrypto());
  const tallies = emptyTallies();
  const bus = new NumberedBus({ self: id, transport: transportOf(id), clock: systemClock(), log: silentLog, tallies });
  const node: BusNode = { id, bus, tallies, received: [], lost: [] };
  bus.onMessage((from, bytes) => node.received.push(`${from} ${Buffer.from(bytes).toString()}`));
  bus.onLost((from) => node.lost.push(from));
  await bus.start();
  return node;
}

export function busRules(engine: string, transports: () => (self: NodeId) => BusTransport): void {
  describe(`the node bus over ${engine}`, () => {
    const nodes: BusNode[] = [];

    afterEach(async () => {
      for (const { bus } of nodes.splice(0)) await bus.stop();
    });

    async function startThree(): Promise<readonly [BusNode, BusNode, BusNode]> {
      const transportOf = transports();
      const three = [
        await startBusNode(transportOf),
        await startBusNode(transportOf),
        await startBusNode(transportOf),
      ] as const;
      nodes.push(...three);
      await eventually(() => (three.every(({ bus }) => bus.heard === 2) ? null : 'not every node hears the others'));
      for (const { lost } of three) lost.length = 0;
      return three;
    }

    test('NB1 messages to one node arrive at it alone, once and in the order of sending', async () => {
      const [a, b, c] = await startThree();
      const texts = Array.from({ length: 1000 }, (_, i) => `m${String(i)}`);
      for (const [i, text] of texts.entries()) {
        a.bus.send(b.id, Buffer.from(text));
        if (i % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      await eventually(() => (b.received.length >= 1000 ? null : `${String(b.received.length)} arrived`));
      expect(b.received).toEqual(texts.map((text) => `${a.id} ${text}`));
      expect([a.received, c.received, a.lost, b.lost, c.lost]).toEqual([[], [], [], [], []]);
    });

    test('NB2 messages to all arrive at every other node, and not at their sender', async () => {
      const [a, b, c] = await startThree();
      a.bus.send('all', Buffer.from('one'));
      a.bus.send('all', Buffer.from('two'));
      const both = [`${a.id} one`, `${a.id} two`];
      await eventually(() => (b.received.length + c.received.length >= 4 ? null : 'they are on their way'));
      expect([a.received, b.received, c.received]).toEqual([[], both, both]);
    });

    test('NB3 what is sent to one target in one turn leaves in one envelope', async () => {
      const [a, b] = await startThree();
      const before = a.tallies.busEnvelopesOut;
      for (let i = 0; i < 100; i += 1) a.bus.send(b.id, Buffer.from('x'));
      expect(a.tallies.busEnvelopesOut).toBe(before);
      await new Promise((resolve) => setImmediate(resolve));
      // A beat may have come in between.
      expect(a.tallies.busEnvelopesOut - before).toBeLessThanOrEqual(2);
      await eventually(() => (b.received.length === 100 ? null : 'they are on their way'));
    });

    test('NB4 a message larger than an envelope arrives whole, and an empty one too', async () => {
      const [a, b] = await startThree();
      const large = 'x'.repeat(600_000);
      for (const text of [large, '', 'after']) a.bus.send(b.id, Buffer.from(text));
      await eventually(() => (b.received.length === 3 ? null : 'they are on their way'));
      expect(b.received).toEqual([`${a.id} ${large}`, `${a.id} `, `${a.id} after`]);
      expect(b.lost).toEqual([]);
    });
  });
}
