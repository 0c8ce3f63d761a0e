import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decodeBatchFrame } from '../../../src/protocol/batch-frame.js';
import { parseClientControl } from '../../../src/protocol/client-control.js';
import type { DeliveryClassName } from '../../../src/protocol/wire.js';
import { Bench } from './fakes.js';

interface RelayVector {
  readonly name: string;
  readonly hex: string;
  readonly frame: {
    readonly class: DeliveryClassName;
    readonly key: number | null;
    readonly ref: number | null;
    readonly term: number | null;
    readonly targets: readonly number[] | null;
    readonly payload: string;
  };
}

interface BatchVector {
  readonly name: string;
  readonly hex: string;
  readonly entries: readonly {
    readonly sender: number;
    readonly class: DeliveryClassName;
    readonly targeted: boolean;
    readonly key: number;
    readonly seq: number;
    readonly payload: string;
  }[];
}

function load<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../../vectors/${name}.json`, import.meta.url), 'utf8')) as T;
}

const relay = load<{ frames: RelayVector[] }>('relay-frames').frames;
const batch = load<{ batches: BatchVector[]; refused: { name: string; hex: string }[] }>('batch-frames');
const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));
const hexOf = (bytes: Uint8Array | string | undefined): string => Buffer.from(bytes ?? '').toString('hex');

describe('the golden vectors through the client', () => {
  it.each(relay)('CL2 send writes the frame of the vector: $name', async ({ hex, frame }) => {
    const bench = new Bench();
    const socket = await bench.admit({
      host: { index: 0, term: frame.term ?? 1 },
      limits: { max_message_bytes: 0, messages_per_s: 0, bytes_per_s: 0 },
    });
    const options = {
      class: frame.class,
      key: frame.key ?? undefined,
      to: frame.targets ?? undefined,
      asHost: frame.term !== null,
    };
    const payload = bytesOf(frame.payload);
    if (frame.ref === null) bench.client.send(payload, options);
    else bench.client.send(payload, { ...options, ack: true }).catch(() => undefined);
    // The client chooses its refs itself, from 1: the vector's is put in their place.
    const sent = hexOf(socket.sent[0]);
    const refAt = frame.class === 'latest' ? 8 : 4;
    const withRef =
      frame.ref === null ? sent : sent.slice(0, refAt) + hex.slice(refAt, refAt + 8) + sent.slice(refAt + 8);
    expect(withRef).toBe(hex);
  });

  it.each(batch.batches)('CL2 messages are what the batch says: $name', async ({ hex, entries }) => {
    const bench = new Bench();
    // Nobody's index, and a position that every number of the vectors is ahead of.
    const me = { index: 60000, user_id: 'me', role: 'client' } as const;
    const socket = await bench.admit({ you: me, members: [{ ...me, connected: true, state: null }] });
    socket.bytes(bytesOf(hex));
    let last = 0;
    const expected = entries
      .filter(({ class: name, seq }) => {
        if (name !== 'reliable') return true;
        const isAhead = ((seq - last) | 0) > 0;
        if (isAhead) last = seq;
        return isAhead;
      })
      .map((entry) => ({
        sender: entry.sender,
        fromBackend: entry.sender === 65535,
        class: entry.class,
        key: entry.class === 'latest' ? entry.key : null,
        seq: entry.class === 'reliable' ? entry.seq : null,
        targeted: entry.targeted,
        payload: entry.payload,
      }));
    const got = bench.told.message.map(({ text, ...message }) => {
      expect(typeof text()).toBe('string');
      return { ...message, payload: hexOf(message.payload) };
    });
    expect(got).toEqual(expected);
    expect(decodeBatchFrame(bytesOf(hex))).toHaveLength(entries.length);
  });

  it.each(batch.refused)('CL3 bytes that are no batch end the connection: $name', async ({ hex }) => {
    const bench = new Bench();
    (await bench.admit()).bytes(bytesOf(hex));
    expect(bench.told.disconnected).toMatchObject([{ code: 1002, reason: 'bad_frame' }]);
    expect(bench.told.message).toEqual([]);
  });

  it('CL2 every control frame it sends is one of the protocol', async () => {
    const bench = new Bench();
    const { client } = bench;
    const socket = await bench.admit();
    client.setState({ ready: true, hp: [1, 2, 3] });
    client.kick(3);
    client.kick(3, 'afk');
    client.handOverHost(1);
    client.lock();
    client.lock(false);
    client.ping().catch(() => undefined);
    client.leave().catch(() => undefined);
    const texts = socket.sent.filter((data) => typeof data === 'string');
    expect(texts.map((text) => parseClientControl(Buffer.from(text)))).toEqual([
      { type: 'state', state: '{"ready":true,"hp":[1,2,3]}' },
      { type: 'kick', index: 3, reason: null, ref: 1 },
      { type: 'kick', index: 3, reason: 'afk', ref: 2 },
      { type: 'host', index: 1, ref: 3 },
      { type: 'lock', locked: true, ref: 4 },
      { type: 'lock', locked: false, ref: 5 },
      { type: 'ping', t: '1' },
      { type: 'leave' },
    ]);
  });
});
