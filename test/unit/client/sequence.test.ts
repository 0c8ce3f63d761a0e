import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SequenceTracker } from '../../../src/client/sequence.js';
import { Bench } from './fakes.js';

describe('the numbers of reliable entries', () => {
  it('CL8 are rebuilt from their low 32 bits and passed on once each, across any number of wraps', () => {
    const steps = fc.array(fc.record({ ahead: fc.integer({ min: 1, max: 2 ** 31 - 1 }), again: fc.boolean() }), {
      maxLength: 50,
    });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 52 }), steps, (start, walk) => {
        const tracker = new SequenceTracker();
        tracker.begin({ epoch: 'e', seq: start }, false);
        let seq = start;
        for (const { ahead, again } of walk) {
          const before = seq;
          seq += ahead;
          expect(tracker.accept(seq % 2 ** 32)).toBe(seq);
          if (again) expect(tracker.accept(seq % 2 ** 32)).toBeNull();
          if (again && ahead < 2 ** 30) expect(tracker.accept(before % 2 ** 32)).toBeNull();
          expect(tracker.lastSeen).toBe(seq);
        }
      }),
    );
  });

  it('CL8 own entries count, and are not passed on', async () => {
    const bench = new Bench();
    const socket = await bench.admit({ seq: 2 ** 32 - 2 });
    socket.entries(
      { sender: 0, deliveryClass: 2, seq: 2 ** 32 - 1 },
      { sender: 1, deliveryClass: 2, seq: 0 },
      { sender: 1, deliveryClass: 2, seq: 0 },
      { sender: 0, deliveryClass: 0 },
    );
    expect(bench.told.message.map(({ sender, seq }) => ({ sender, seq }))).toEqual([{ sender: 1, seq: 2 ** 32 }]);
    expect(bench.client.seq).toBe(2 ** 32);
    socket.closeWith(1006, '');
    await bench.timing.advance(250);
    expect(bench.socket.url).toBe(`ws://gateway.test/v1/connect?seq=${String(2 ** 32)}`);
  });

  it('CL8 what is replayed and was seen before is not passed on again', async () => {
    const bench = new Bench();
    const socket = await bench.admit();
    socket.entries({ deliveryClass: 2, seq: 1 }, { deliveryClass: 2, seq: 4 });
    socket.closeWith(1006, '');
    await bench.timing.advance(250);
    const second = await bench.admit({ recovered: true, seq: 6 });
    second.entries(...[3, 4, 5, 6, 6].map((seq) => ({ deliveryClass: 2 as const, seq })));
    expect(bench.told.message.map(({ seq }) => seq)).toEqual([1, 4, 5, 6]);
    // 2 and 3 were own, or for others: a hole is no gap.
    expect(bench.told.gap).toEqual([]);
  });

  it('CL9 a gap that the gateway names is passed on, and counts as seen', async () => {
    const bench = new Bench();
    const socket = await bench.admit();
    socket.text({ type: 'gap', from: 1, to: 9, reason: 'replay_window' });
    expect(bench.told.gap).toEqual([{ epoch: 'e1', from: 1, to: 9, reason: 'replay_window' }]);
    expect(bench.client.seq).toBe(9);
  });

  it('CL9 another epoch begins anew, and what was lost of the old one is a gap without an end', async () => {
    const bench = new Bench();
    const socket = await bench.admit({ seq: 5 });
    socket.entries({ deliveryClass: 2, seq: 6 });
    socket.closeWith(1006, '');
    await bench.timing.advance(250);
    const second = await bench.admit({ epoch: 'e2', seq: 1 });
    // The gateway says the same of the old numbering: it is told once, and the new one is not disturbed.
    second.text({ type: 'gap', from: 7, to: Number.MAX_SAFE_INTEGER, reason: 'epoch_changed' });
    second.entries({ deliveryClass: 2, seq: 1 }, { deliveryClass: 2, seq: 2 });
    expect(bench.told.open.at(-1)).toEqual({ resumed: true, recovered: false });
    expect(bench.told.gap).toEqual([{ epoch: 'e1', from: 7, to: null, reason: 'epoch_changed' }]);
    expect(bench.told.message.map(({ seq }) => seq)).toEqual([6, 1, 2]);
  });

  it('CL9 coming back as a new connection in the same epoch names what was missed', async () => {
    const bench = new Bench();
    (await bench.admit({ seq: 5 })).closeWith(4200, 'going_away');
    await bench.timing.advance(0);
    bench.refusal = { status: 401, code: 'credential_invalid' };
    await bench.fail();
    await bench.timing.advance(0);
    await bench.admit({ seq: 8 });
    expect(bench.told.open.at(-1)).toEqual({ resumed: false, recovered: false });
    expect(bench.told.gap).toEqual([{ epoch: 'e1', from: 6, to: 8, reason: 'rejoined' }]);
    expect(bench.client.seq).toBe(8);
  });
});
