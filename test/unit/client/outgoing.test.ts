import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OutgoingQueue, type Outgoing } from '../../../src/client/outgoing-queue.js';
import { Bench } from './fakes.js';

const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'resolved',
    (error: unknown) => (error as { code: string }).code,
  );

describe('what the client sends', () => {
  it('CL10 while the link cannot take it, volatile is dropped and counted, latest conflated, reliable kept in order', async () => {
    const bench = new Bench();
    const { client } = bench;
    const outcomes = [
      client.send('v'),
      client.send('a1', { class: 'latest', key: 1 }),
      client.send('r1', { class: 'reliable' }),
      client.send('a2', { class: 'latest', key: 1 }),
      client.send('b1', { class: 'latest', key: 2 }),
      client.send('c1', { class: 'latest', key: 1, to: 1 }),
      client.send('r2', { class: 'reliable' }),
    ];
    expect(outcomes).toEqual(['dropped', ...Array<string>(6).fill('queued')]);
    expect(client.dropped).toEqual({ volatile: 1, latest: 0 });
    expect(client.queued.frames).toBe(5);
    const socket = await bench.admit();
    expect(socket.payloads).toEqual(['r1', 'a2', 'b1', 'c1', 'r2']);
    expect(client.send('v')).toBe('sent');
    expect(client.queued).toEqual({ frames: 0, bytes: 0 });
  });

  it('CL10 with much in the buffer of the socket frames wait, and go out in order when it has drained', async () => {
    const bench = new Bench({ queue: { highWaterBytes: 1000 } });
    const socket = await bench.admit();
    socket.bufferedAmount = 1000;
    expect(bench.client.send('r1', { class: 'reliable' })).toBe('queued');
    expect(bench.client.send('v')).toBe('dropped');
    await bench.timing.advance(100);
    expect(socket.payloads).toEqual([]);
    socket.bufferedAmount = 999;
    // Behind the one that waits, though the link would take it now.
    expect(bench.client.send('r2', { class: 'reliable' })).toBe('queued');
    await bench.timing.advance(20);
    expect(socket.payloads).toEqual(['r1', 'r2']);
  });

  it('CL10 a full queue refuses reliable by queue_full, drops latest, and changes nothing', async () => {
    const bench = new Bench({ queue: { maxFrames: 2 } });
    const { client } = bench;
    client.send('r1', { class: 'reliable' });
    client.send('a1', { class: 'latest', key: 1 });
    expect(() => client.send('r2', { class: 'reliable' })).toThrow(expect.objectContaining({ code: 'queue_full' }));
    expect(await codeOf(client.send('r3', { class: 'reliable', ack: true }))).toBe('queue_full');
    expect(client.send('b1', { class: 'latest', key: 2 })).toBe('dropped');
    expect(client.send('a2', { class: 'latest', key: 1 })).toBe('queued');
    expect(client.dropped).toEqual({ volatile: 0, latest: 1 });
    expect((await bench.admit()).payloads).toEqual(['r1', 'a2']);
  });

  it('CL10 the queue keeps its bounds, its order, and one frame per slot, whatever is pushed', () => {
    const frame = fc.record({ size: fc.integer({ min: 1, max: 40 }), slot: fc.option(fc.constantFrom('a', 'b', 'c')) });
    fc.assert(
      fc.property(fc.array(fc.oneof(frame, fc.constant('shift' as const)), { maxLength: 60 }), (steps) => {
        const queue = new OutgoingQueue({ maxFrames: 5, maxBytes: 100 });
        let model: Outgoing[] = [];
        for (const step of steps) {
          if (step === 'shift') {
            expect(queue.shift()).toBe(model.shift() ?? null);
            continue;
          }
          const pushed: Outgoing = {
            bytes: new Uint8Array(step.size),
            payloadBytes: step.size,
            class: step.slot === null ? 'reliable' : 'latest',
            slot: step.slot,
            ref: null,
          };
          const next = [...model.filter(({ slot }) => slot === null || slot !== step.slot), pushed];
          const fits = next.length <= 5 && next.reduce((sum, { bytes }) => sum + bytes.length, 0) <= 100;
          expect(queue.push(pushed).outcome).toBe(fits ? 'queued' : 'full');
          if (fits) model = next;
          expect(queue.size).toBe(model.length);
          expect(queue.bytes).toBe(model.reduce((sum, { bytes }) => sum + bytes.length, 0));
        }
      }),
    );
  });

  it('CL11 an ack resolves with the number, a refusal rejects with its code, by ref', async () => {
    const bench = new Bench();
    const socket = await bench.admit();
    const first = bench.client.send('1', { class: 'reliable', ack: true });
    const second = codeOf(bench.client.send('2', { ack: true, to: [9] }));
    bench.client.send('3', { to: [9] });
    const [one, two] = socket.frames.map(({ ref }) => ref);
    socket.text({ type: 'error', code: 'unknown_member', message: 'x', ref: two });
    socket.text({ type: 'ack', ref: one, seq: 17 });
    socket.text({ type: 'error', code: 'unknown_member', message: 'x' });
    expect(await first).toBe(17);
    expect(await second).toBe('unknown_member');
    expect(bench.told.error).toEqual([{ code: 'unknown_member', message: 'x', ref: null }]);
  });

  it('CL11 what was on the wire when the link was lost is unknown_outcome and not sent again; what waited still goes', async () => {
    const bench = new Bench({ queue: { highWaterBytes: 10 } });
    const socket = await bench.admit();
    const onWire = codeOf(bench.client.send('1', { class: 'reliable', ack: true }));
    socket.bufferedAmount = 10;
    const waiting = bench.client.send('2', { class: 'reliable', ack: true });
    socket.closeWith(1006, '');
    expect(await onWire).toBe('unknown_outcome');
    await bench.timing.advance(250);
    const second = await bench.admit();
    expect(second.payloads).toEqual(['2']);
    second.text({ type: 'ack', ref: second.frames[0]?.ref, seq: 3 });
    expect(await waiting).toBe(3);
  });

  it('CL11 acked frames that never go out are rejected by name: dropped, conflated, closed, message_too_big', async () => {
    const bench = new Bench();
    const { client } = bench;
    const dropped = codeOf(client.send('v', { ack: true }));
    const conflated = codeOf(client.send('a1', { class: 'latest', ack: true }));
    const large = codeOf(client.send('x'.repeat(1025), { class: 'reliable', ack: true }));
    client.send('x'.repeat(1025), { class: 'reliable' });
    client.send('a2', { class: 'latest' });
    expect([await dropped, await conflated]).toEqual(['dropped', 'conflated']);
    // Before the first welcome the limit is not known.
    const socket = await bench.admit();
    expect(await large).toBe('message_too_big');
    expect(bench.told.undelivered).toEqual([{ code: 'message_too_big', count: 1 }]);
    expect(socket.payloads).toEqual(['a2']);
    expect(() => client.send('x'.repeat(1025))).toThrow(expect.objectContaining({ code: 'message_too_big' }));
    socket.closeWith(1006, '');
    const closed = codeOf(client.send('r', { class: 'reliable', ack: true }));
    client.send('r', { class: 'reliable' });
    await client.stop();
    expect(await closed).toBe('closed');
    expect(bench.told.undelivered.at(-1)).toEqual({ code: 'closed', count: 1 });
    expect(await codeOf(client.send('r', { class: 'reliable', ack: true }))).toBe('closed');
    expect(() => client.send('r', { class: 'reliable' })).toThrow(expect.objectContaining({ code: 'closed' }));
    expect(client.send('v')).toBe('dropped');
  });

  it('CL11 no more than the bound wait for their ack', async () => {
    const bench = new Bench({ queue: { maxFrames: 2 } });
    const socket = await bench.admit();
    const sent = [1, 2].map((n) => bench.client.send(String(n), { ack: true }));
    expect(await codeOf(bench.client.send('3', { ack: true }))).toBe('queue_full');
    for (const { ref } of socket.frames) socket.text({ type: 'ack', ref, seq: 0 });
    expect(await Promise.all(sent)).toEqual([0, 0]);
    expect(socket.payloads).toEqual(['1', '2']);
  });

  it('CL2 arguments that no frame can hold are a RangeError', async () => {
    const bench = new Bench();
    await bench.admit();
    for (const options of [
      { key: 65536 },
      { key: 0.5 },
      { to: -1 },
      { to: [65536] },
      { to: Array<number>(256).fill(1) },
    ]) {
      expect(() => bench.client.send('', { class: 'latest', ...options })).toThrow(RangeError);
    }
    expect(bench.socket.sent).toEqual([]);
  });
});
