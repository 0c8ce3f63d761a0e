import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBatchFrame, encodeBatchFrame } from '../../../../src/protocol/batch-frame.js';
import { CLASS, type DeliveryClass } from '../../../../src/protocol/wire.js';
import { emptyTallies } from '../../../../src/ports/metrics.js';
import type { ClientSocket } from '../../../../src/ports/socket.js';
import { Outlet } from '../../../../src/relay/room/outlet.js';
import { CountingPool } from '../../../support/counting-pool.js';
import { ManualClock } from '../../../support/manual-clock.js';

const SLAB_BYTES = 32 * 1024;
const BOUNDS = { softBytes: 1000, hardBytes: 10_000, maxBehindMs: 5000 };

/** A socket whose peer reads when a test says so. It keeps the promises of the port as the engine's does. */
class FakeSocket implements ClientSocket {
  readonly received: (string | Uint8Array)[] = [];
  readonly waiting: (string | Uint8Array)[] = [];
  subscribed = false;
  closedWith: string | null = null;
  isReading = true;

  send(frame: string | Uint8Array): boolean {
    const copy = typeof frame === 'string' ? frame : frame.slice();
    (this.isReading && this.waiting.length === 0 ? this.received : this.waiting).push(copy);
    return this.waiting.length === 0;
  }

  ping(): void {
    this.closedWith ??= null;
  }

  close(name: string): void {
    this.closedWith = name;
  }

  bufferedBytes(): number {
    return this.waiting.reduce((sum, frame) => sum + frame.length, 0);
  }

  subscribe(): void {
    this.subscribed = true;
  }

  unsubscribe(): void {
    this.subscribed = false;
  }

  publishToOthers(): void {
    throw new Error('not used here');
  }

  /** The peer reads `frames` of what waits. */
  read(frames: number): void {
    this.received.push(...this.waiting.splice(0, frames));
  }
}

/** A room of one outlet: what is appended goes the shared way while the outlet is on it, else it is offered. */
function room(bounds = BOUNDS): {
  socket: FakeSocket;
  outlet: Outlet;
  clock: ManualClock;
  tallies: ReturnType<typeof emptyTallies>;
  slabs: CountingPool;
  counts: { readonly dropped: number };
  append: (deliveryClass: DeliveryClass, keyOrSeq: number, text: string) => void;
  flush: () => void;
} {
  const [socket, clock, tallies] = [new FakeSocket(), new ManualClock(), emptyTallies()];
  const slabs = new CountingPool(SLAB_BYTES);
  const counts = { dropped: 0 };
  let isBehind = false;
  let batch: Parameters<typeof encodeBatchFrame>[0][number][] = [];
  const flush = (): void => {
    if (batch.length > 0 && socket.subscribed) socket.send(encodeBatchFrame(batch));
    batch = [];
  };
  const owner = {
    onBehind: () => {
      flush();
      isBehind = true;
    },
    onCaughtUp: () => {
      flush();
      isBehind = false;
    },
    onDropped: () => {
      counts.dropped += 1;
    },
  };
  const outlet = new Outlet(socket, 'topic', owner, { outletBounds: bounds, tallies, clock, slabs });
  outlet.begin();
  return {
    socket,
    outlet,
    clock,
    tallies,
    slabs,
    counts,
    flush,
    append(deliveryClass, keyOrSeq, text) {
      const payload = Buffer.from(text);
      const entry = { sender: 1, deliveryClass, targeted: false, payload };
      if (isBehind) outlet.offer({ ...entry, keyOrSeq });
      batch.push({ ...entry, key: keyOrSeq, seq: keyOrSeq });
    },
  };
}

const textsOf = (frames: readonly (string | Uint8Array)[]): string[] =>
  frames.flatMap((frame) =>
    typeof frame === 'string'
      ? [frame]
      : (decodeBatchFrame(frame) ?? []).map(({ payload }) => Buffer.from(payload).toString()),
  );

describe('outlet', () => {
  it('BP1 leaves the shared path past the soft bound and counts what is dropped for it', () => {
    const { socket, outlet, tallies, counts, append, flush } = room();
    socket.isReading = false;
    append(CLASS.reliable, 1, 'x'.repeat(1100));
    flush();
    outlet.check();
    expect(socket.subscribed).toBe(false);
    for (let n = 0; n < 5; n += 1) append(CLASS.volatile, 0, 'v');
    expect([counts.dropped, tallies.volatileDropped, tallies.fellBehind]).toEqual([5, 5, 1]);
  });

  it('BP4 is on the shared path again when it has caught up, with everything that was to be kept, in order', () => {
    const { socket, outlet, append, flush } = room();
    socket.isReading = false;
    append(CLASS.reliable, 1, `1${'x'.repeat(1100)}`);
    flush();
    append(CLASS.reliable, 2, '2 before it is seen to be behind');
    outlet.check();
    append(CLASS.reliable, 3, '3');
    append(CLASS.volatile, 0, 'lost');
    append(CLASS.latest, 5, 'old');
    append(CLASS.latest, 5, 'new');
    flush();
    append(CLASS.reliable, 4, '4');
    socket.isReading = true;
    socket.read(10);
    outlet.onDrain();
    expect(socket.subscribed).toBe(true);
    append(CLASS.reliable, 5, '5');
    flush();
    expect(textsOf(socket.received).map((text) => text.slice(0, 12))).toEqual([
      `1${'x'.repeat(11)}`,
      '2 before it ',
      '3',
      'new',
      '4',
      '5',
    ]);
  });

  it('BP5 catches up a part a turn, also when the peer takes everything at once', async () => {
    const { socket, outlet, append } = room({ ...BOUNDS, hardBytes: 10_000_000 });
    socket.isReading = false;
    outlet.send(new Uint8Array(1100));
    for (let n = 1; n <= 1000; n += 1) append(CLASS.reliable, n, `${String(n)} ${'x'.repeat(1000)}`);
    socket.isReading = true;
    socket.read(1);
    const perTurn: number[] = [];
    outlet.onDrain();
    for (let got = 0; got < 1000 && perTurn.length < 100;) {
      const now = textsOf(socket.received.slice(1)).length;
      perTurn.push(now - got);
      got = now;
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(Math.max(...perTurn)).toBeLessThan(300);
    const numbers = textsOf(socket.received.slice(1)).map((text) => Number(text.split(' ')[0]));
    expect(numbers).toEqual(Array.from({ length: 1000 }, (_, at) => at + 1));
    expect(socket.subscribed).toBe(true);
  });

  it('LM5 keeps nothing for a socket that is lost, closed or given up: its slabs serve the next', async () => {
    const { socket, outlet, append, slabs } = room({ ...BOUNDS, hardBytes: 200_000 });
    socket.isReading = false;
    outlet.send(new Uint8Array(1100));
    for (let n = 1; n <= 150; n += 1) append(CLASS.reliable, n, 'x'.repeat(1000));
    expect(slabs.out).toBeGreaterThan(2);
    outlet.letGo();
    expect(slabs.out).toBe(0);
    const another = room({ ...BOUNDS, hardBytes: 100_000 });
    another.socket.isReading = false;
    another.outlet.send(new Uint8Array(1100));
    for (let n = 1; n <= 150; n += 1) another.append(CLASS.reliable, n, 'x'.repeat(1000));
    expect(another.slabs.out).toBe(0);
    await new Promise((resolve) => setImmediate(resolve));
    expect(another.socket.closedWith).toBe('slow_consumer');
  });

  it('LM5 is given up past the hard bound, at the end of the turn, and takes nothing more', async () => {
    const { socket, outlet, append } = room();
    socket.isReading = false;
    outlet.send(new Uint8Array(1100));
    for (let n = 1; n <= 12; n += 1) append(CLASS.reliable, n, 'x'.repeat(1000));
    expect(socket.closedWith).toBeNull();
    await new Promise((resolve) => setImmediate(resolve));
    expect(socket.closedWith).toBe('slow_consumer');
  });

  it('LM5 is given up when it stays behind for too long', async () => {
    const { socket, outlet, clock } = room();
    socket.isReading = false;
    outlet.send(new Uint8Array(1100));
    clock.advance(4999);
    outlet.check();
    await new Promise((resolve) => setImmediate(resolve));
    expect(socket.closedWith).toBeNull();
    clock.advance(2);
    outlet.check();
    await new Promise((resolve) => setImmediate(resolve));
    expect(socket.closedWith).toBe('slow_consumer');
  });

  it('BP3, BP4 whatever the socket and its peer do, reliable entries arrive once and in order, or it is closed', () => {
    const step = fc.oneof(
      fc.record({
        do: fc.constant('append' as const),
        class: fc.constantFrom<DeliveryClass>(0, 1, 2),
        size: fc.nat(400),
      }),
      fc.record({ do: fc.constantFrom('flush', 'check', 'drain', 'pause', 'resume') }),
      fc.record({ do: fc.constant('read' as const), frames: fc.nat(5) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const { socket, outlet, append, flush } = room();
        let seq = 0;
        let value = 0;
        for (const each of steps) {
          if (each.do === 'append' && 'class' in each) {
            const isReliable = each.class === CLASS.reliable;
            const number = isReliable ? (seq += 1) : (value += 1);
            append(
              each.class,
              isReliable ? seq : 3,
              `${String(each.class)} ${String(number)} ${'x'.repeat(each.size)}`,
            );
          } else if (each.do === 'read' && 'frames' in each) {
            socket.read(each.frames);
          } else if (each.do === 'flush') flush();
          else if (each.do === 'check') outlet.check();
          else if (each.do === 'drain') outlet.onDrain();
          else socket.isReading = each.do === 'resume';
        }
        socket.isReading = true;
        socket.read(1e6);
        flush();
        outlet.onDrain();
        socket.read(1e6);
        const seen = textsOf(socket.received).map((text) => text.split(' ').map(Number));
        const reliable = seen.filter(([name]) => name === CLASS.reliable).map(([, n]) => n);
        // Entries that are missing at the end were given up with the socket; every earlier entry is there.
        expect(reliable).toEqual(reliable.map((_, at) => at + 1));
        const given = socket.bufferedBytes() === 0 && socket.subscribed;
        if (given) expect(reliable).toHaveLength(seq);
        const latest = seen.filter(([name]) => name === CLASS.latest).map(([, n]) => n ?? 0);
        expect(latest).toEqual([...latest].sort((a, b) => a - b));
      }),
      { numRuns: 500 },
    );
  });
});
