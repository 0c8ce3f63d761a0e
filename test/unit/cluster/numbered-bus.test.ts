import { beforeEach, describe, expect, test } from 'vitest';
import { MemoryBusHub } from '../../../src/adapters/memory/bus-transport.js';
import { systemCrypto } from '../../../src/adapters/system/crypto.js';
import { BEAT_EVERY_MS, NumberedBus, SILENT_AFTER_MS } from '../../../src/cluster/bus/numbered-bus.js';
import { newNodeId } from '../../../src/cluster/node-id.js';
import type { BusTransport } from '../../../src/ports/bus-transport.js';
import { emptyTallies } from '../../../src/ports/metrics.js';
import type { NodeId } from '../../../src/protocol/ids.js';
import { ManualClock } from '../../support/manual-clock.js';
import { silentLog } from '../../support/silent-log.js';

/** A node whose envelopes can be held back: `isCut` drops what it sends. */
class LossyNode {
  isCut = false;
  /** Drops what it sends to itself, as if the channel's subscription had ended. */
  isOwnChannelGone = false;
  reconnects = 0;
  readonly heard: string[] = [];
  readonly sent: Uint8Array[] = [];
  readonly id: NodeId = newNodeId(systemCrypto());
  readonly tallies = emptyTallies();
  readonly bus: NumberedBus;
  private arrive: (envelope: Uint8Array) => void = () => undefined;

  constructor(hub: MemoryBusHub, clock: ManualClock) {
    const inner = hub.transportOf(this.id);
    const transport: BusTransport = {
      send: (to, envelope) => {
        this.sent.push(envelope.slice());
        const isLost = this.isCut || (this.isOwnChannelGone && to === this.id);
        if (!isLost) inner.send(to, envelope);
      },
      start: (receive) => {
        this.arrive = receive;
        return inner.start(receive);
      },
      refusal: () => null,
      reconnect: () => {
        this.reconnects += 1;
      },
      stop: () => inner.stop(),
    };
    this.bus = new NumberedBus({ self: this.id, transport, clock, log: silentLog, tallies: this.tallies });
    this.bus.onMessage((_from, bytes) => this.heard.push(Buffer.from(bytes).toString()));
    this.bus.onLost(() => this.heard.push('LOST'));
  }

  /** As if the transport had delivered it. */
  deliver(envelope: Uint8Array): void {
    this.arrive(envelope);
  }

  say(to: NodeId, text: string): Promise<void> {
    this.bus.send(to, Buffer.from(text));
    return turns();
  }
}

async function turns(): Promise<void> {
  for (let i = 0; i < 3; i += 1) await new Promise((resolve) => setImmediate(resolve));
}

describe('the numbers of the node bus', () => {
  let clock: ManualClock;
  let a: LossyNode;
  let b: LossyNode;

  beforeEach(async () => {
    clock = new ManualClock();
    const hub = new MemoryBusHub(clock);
    a = new LossyNode(hub, clock);
    b = new LossyNode(hub, clock);
    await Promise.all([a.bus.start(), b.bus.start()]);
    await turns();
  });

  async function pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 25) {
      clock.advance(25);
      await turns();
    }
  }

  test('NB5 a receiver hears of a missing envelope before the envelope that follows', async () => {
    await a.say(b.id, 'one');
    a.isCut = true;
    await a.say(b.id, 'two');
    a.isCut = false;
    await a.say(b.id, 'three');
    expect(b.heard).toEqual(['one', 'LOST', 'three']);
  });

  test('NB5 without a missing envelope a receiver hears of no loss, however long it waits', async () => {
    await a.say(b.id, 'one');
    await pass(3_000);
    await a.say(b.id, 'two');
    await pass(90_000);
    await a.say(b.id, 'three');
    expect(b.heard).toEqual(['one', 'two', 'three']);
  });

  test('NB6 a receiver hears within 500 ms that the last envelope is missing, once', async () => {
    await a.say(b.id, 'one');
    a.isCut = true;
    await a.say(b.id, 'two');
    a.isCut = false;
    await pass(475);
    expect(b.heard).toEqual(['one', 'LOST']);
    await pass(2_000);
    expect(b.heard).toEqual(['one', 'LOST']);
  });

  test('NB6 a lost tail of messages to all is noticed too', async () => {
    a.isCut = true;
    a.bus.send('all', Buffer.from('one'));
    await turns();
    a.isCut = false;
    await pass(475);
    expect(b.heard).toEqual(['LOST']);
  });

  test('NB7 a receiver hears once of a node that falls silent, and again when the node is back', async () => {
    await pass(1_000);
    a.isCut = true;
    await pass(SILENT_AFTER_MS + 75);
    expect(b.heard).toEqual(['LOST']);
    await pass(5_000);
    expect(b.heard).toEqual(['LOST']);
    expect(b.bus.heard).toBe(0);
    a.isCut = false;
    await pass(BEAT_EVERY_MS);
    expect(b.heard).toEqual(['LOST', 'LOST']);
    expect(b.bus.heard).toBe(1);
  });

  test('NB8 a beat that overtakes a message is no loss', async () => {
    a.isCut = true;
    await a.say(b.id, 'late');
    const late = a.sent.at(-1);
    a.isCut = false;
    await pass(BEAT_EVERY_MS);
    if (late !== undefined) b.deliver(late);
    await pass(2_000);
    expect(b.heard).toEqual(['late']);
  });

  test('NB9 an envelope that arrives twice, or after its loss was reported, is not delivered', async () => {
    await a.say(b.id, 'one');
    const twice = a.sent.at(-1);
    if (twice !== undefined) b.deliver(twice);
    a.isCut = true;
    await a.say(b.id, 'two');
    const late = a.sent.at(-1);
    a.isCut = false;
    await a.say(b.id, 'three');
    if (late !== undefined) b.deliver(late);
    expect(b.heard).toEqual(['one', 'LOST', 'three']);
  });

  test('NB9 an idle stream begins again without a loss', async () => {
    await a.say(b.id, 'one');
    await pass(8_000);
    await a.say(b.id, 'two');
    await pass(1_000);
    expect(b.heard).toEqual(['one', 'two']);
  });

  test('NB10 malformed envelopes are counted and dropped', async () => {
    await a.say(b.id, 'one');
    const good = a.sent.at(-1) ?? new Uint8Array();
    const before = b.tallies.busMalformed;
    for (let length = 0; length < good.length; length += 1) b.deliver(good.subarray(0, length));
    for (const [at, byte] of [
      [0, 9],
      [1, 7],
      [2, 255],
      [4, 0xff],
      [good.length - 4, 0xff],
    ] as const) {
      const bad = good.slice();
      bad[at] = byte;
      b.deliver(bad);
    }
    expect(b.tallies.busMalformed).toBeGreaterThan(before + 20);
    expect(b.heard).toEqual(['one']);
    await a.say(b.id, 'two');
    expect(b.heard).toEqual(['one', 'two']);
  });

  test('NB11 a node that does not hear its own beats lets the transport connect again', async () => {
    await pass(1_000);
    expect(a.reconnects).toBe(0);
    a.isCut = true;
    await pass(1_400);
    expect(a.reconnects).toBe(1);
    expect(a.bus.lagMs).toBeGreaterThan(0);
    expect(b.reconnects).toBe(0);
  });

  test('NB11 a node whose own channel alone is silent lets the transport connect again', async () => {
    a.isOwnChannelGone = true;
    await pass(1_400);
    expect(a.reconnects).toBe(1);
    expect(a.bus.lagMs).toBeGreaterThan(0);
    a.isOwnChannelGone = false;
    await pass(2_000);
    expect(a.reconnects).toBe(1);
    expect(a.bus.lagMs).toBe(0);
  });
});
