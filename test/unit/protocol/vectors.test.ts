import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decodeBatchFrame, encodeBatchFrame } from '../../../src/protocol/batch-frame.js';
import { parseClientControl } from '../../../src/protocol/client-control.js';
import { decodeRelayFrame, encodeRelayFrame } from '../../../src/protocol/relay-frame.js';
import { CLASS, type DeliveryClassName } from '../../../src/protocol/wire.js';

interface RelayVectors {
  readonly frames: readonly {
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
  }[];
  readonly refused: readonly { readonly name: string; readonly hex: string; readonly fault: string }[];
}

interface BatchVectors {
  readonly batches: readonly {
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
  }[];
  readonly refused: readonly { readonly name: string; readonly hex: string }[];
}

interface ControlVectors {
  readonly frames: readonly { readonly text: string; readonly frame: unknown }[];
  readonly refused: readonly { readonly text: string; readonly fault: string }[];
}

function load<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../../vectors/${name}.json`, import.meta.url), 'utf8')) as T;
}

const relay = load<RelayVectors>('relay-frames');
const batch = load<BatchVectors>('batch-frames');
const control = load<ControlVectors>('control-frames');
const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe('golden vectors', () => {
  it.each(relay.frames)('WF1 a relay frame means what its vector says: $name', ({ hex, frame }) => {
    const decoded = decodeRelayFrame(bytesOf(hex));
    if ('fault' in decoded) throw new Error(decoded.fault);
    expect({ ...decoded, targets: decoded.targets && [...decoded.targets], payload: hexOf(decoded.payload) }).toEqual({
      deliveryClass: CLASS[frame.class],
      key: frame.key ?? 0,
      ref: frame.ref,
      term: frame.term,
      targets: frame.targets,
      payload: frame.payload,
    });
  });

  it.each(relay.frames)('WF1 a relay frame is encoded as its vector says: $name', ({ hex, frame }) => {
    const { key, ref, term, targets } = frame;
    const bytes = encodeRelayFrame({
      deliveryClass: CLASS[frame.class],
      payload: bytesOf(frame.payload),
      ...(key === null ? {} : { key }),
      ...(ref === null ? {} : { ref }),
      ...(term === null ? {} : { term }),
      ...(targets === null ? {} : { targets }),
    });
    expect(hexOf(bytes)).toBe(hex);
  });

  it.each(relay.refused)('WF2 bytes that are no relay frame have a name: $name is $fault', ({ hex, fault }) => {
    expect(decodeRelayFrame(bytesOf(hex))).toEqual({ fault });
  });

  it.each(batch.batches)('WF3 a batch is encoded and decoded as its vector says: $name', ({ hex, entries }) => {
    const meant = entries.map(({ class: name, payload, ...entry }) => ({
      ...entry,
      deliveryClass: CLASS[name],
      payload: bytesOf(payload),
    }));
    expect(hexOf(encodeBatchFrame(meant))).toBe(hex);
    expect(decodeBatchFrame(bytesOf(hex))).toEqual(meant);
  });

  it.each(batch.refused)('WF3 bytes that are no batch are refused: $name', ({ hex }) => {
    expect(decodeBatchFrame(bytesOf(hex))).toBeNull();
  });

  it.each(control.frames)('WF4 a control frame means what its vector says: $text', ({ text, frame }) => {
    const parsed = parseClientControl(Buffer.from(text));
    // A state and the t of a ping are kept as they were sent.
    const state = 'state' in parsed ? { state: JSON.parse(parsed.state) as unknown } : {};
    const t = 't' in parsed ? { t: JSON.parse(parsed.t) as unknown } : {};
    expect({ ...parsed, ...state, ...t }).toEqual(frame);
  });

  it.each(control.refused)('WF5 text that is no control frame has a name: $fault', ({ text, fault }) => {
    expect(parseClientControl(Buffer.from(text))).toEqual({ fault });
  });
});
