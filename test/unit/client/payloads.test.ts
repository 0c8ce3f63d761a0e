/** Bytes of any origin, out and in. */
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import type { Payload } from '../../../src/client/client.js';
import { Bench } from './fakes.js';
import { encodeBatchFrame } from '../../../src/protocol/batch-frame.js';

const foreign = (code: string): Payload => runInNewContext(code) as Payload;
const entry = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(
    encodeBatchFrame([
      { sender: 1, deliveryClass: 0, targeted: false, key: 0, seq: 0, payload: new TextEncoder().encode(text) },
    ]),
  );

describe('payloads', () => {
  it.each<[string, Payload, number[]]>([
    ['a Float32Array', new Float32Array([1.5]), [0, 0, 0xc0, 0x3f]],
    ['a part of a buffer', new Uint16Array(Uint8Array.from([1, 2, 3, 4]).buffer, 2), [3, 4]],
    ['a DataView', new DataView(Uint8Array.from([1, 2, 3]).buffer, 1, 1), [2]],
    ['an ArrayBuffer', Uint8Array.from([7, 8]).buffer, [7, 8]],
    ['a view on shared memory', new Uint8Array(new SharedArrayBuffer(2)), [0, 0]],
    ['an ArrayBuffer of another realm', foreign('Uint8Array.from([1, 2]).buffer'), [1, 2]],
    ['a view of another realm', foreign('new Int16Array([-1])'), [255, 255]],
    ['a Buffer', Buffer.from('ab').subarray(1), [98]],
    ['text', 'é', [0xc3, 0xa9]],
  ])('CL28 %s is sent by its bytes', async (_name, payload, bytes) => {
    const bench = new Bench();
    const socket = await bench.admit();
    bench.client.send(payload);
    expect([...(socket.frames[0]?.payload ?? [])]).toEqual(bytes);
  });

  it.each<[string, unknown]>([
    ['Array', [1, 2]],
    ['Blob', new Blob(['x'])],
    ['Number', 5],
    ['Null', null],
    ['Undefined', undefined],
    ['Object', { byteLength: 3, [Symbol.toStringTag]: 'Object' }],
    ['ArrayBuffer', { [Symbol.toStringTag]: 'ArrayBuffer' }],
    ['SharedArrayBuffer', new SharedArrayBuffer(1)],
  ])('CL28 %s is a TypeError', async (kind, payload) => {
    const bench = new Bench();
    const socket = await bench.admit();
    const send = (): unknown => bench.client.send(payload as Payload);
    expect(send).toThrow(new TypeError(`payload: expected a string, an ArrayBuffer or a view of one, got ${kind}`));
    await expect(bench.client.send(payload as Payload, { ack: true })).rejects.toThrow(TypeError);
    expect(socket.frames).toEqual([]);
  });

  it('CL29 views, buffers of another realm and Blobs arrive in order', async () => {
    const bench = new Bench();
    const socket = await bench.admit();
    const bytes = entry('2');
    const copy = runInNewContext('(list) => Uint8Array.from(list).buffer') as (list: number[]) => ArrayBuffer;
    socket.message(new Blob([entry('1')]));
    socket.message(new DataView(bytes.buffer));
    socket.message(copy([...entry('3')]));
    socket.message(new Blob([entry('4')]));
    socket.message(JSON.stringify({ type: 'member.state', index: 1, state: 5 }));
    await bench.timing.advance(0);
    await bench.timing.advance(0);
    expect(bench.told.message.map(({ text }) => text())).toEqual(['1', '2', '3', '4']);
    expect(bench.told.memberState).toMatchObject([{ index: 1, state: 5 }]);
  });

  it.each([
    ['an array', [1]],
    ['null', null],
    ['a broken Blob', { arrayBuffer: () => Promise.reject(new Error('x')) }],
  ])('CL29 %s ends the link with a name', async (_name, data) => {
    const bench = new Bench();
    const socket = await bench.admit();
    socket.message(data);
    await bench.timing.advance(0);
    expect(bench.told.disconnected).toMatchObject([{ code: 1002, reason: 'unreadable_data' }]);
  });
});
