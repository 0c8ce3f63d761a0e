import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBatchFrame, encodeBatchFrame } from '../../../src/protocol/batch-frame.js';
import { parseClientControl } from '../../../src/protocol/client-control.js';
import { ERRORS } from '../../../src/protocol/errors.js';
import { decodeRelayFrame, encodeRelayFrame } from '../../../src/protocol/relay-frame.js';
import type { DeliveryClass } from '../../../src/protocol/wire.js';

const deliveryClass = fc.constantFrom<DeliveryClass>(0, 1, 2);
const u16 = fc.integer({ min: 0, max: 0xffff });
const u32 = fc.integer({ min: 0, max: 0xffffffff });
const payload = fc.uint8Array({ maxLength: 300 });

describe('the codec under random input', () => {
  it('WF6 every relay frame that is encoded decodes to itself', () => {
    const fields = fc.record(
      { deliveryClass, key: u16, ref: u32, term: u32, targets: fc.array(u16, { maxLength: 255 }), payload },
      { requiredKeys: ['deliveryClass', 'payload'] },
    );
    fc.assert(
      fc.property(fields, (given) => {
        const decoded = decodeRelayFrame(encodeRelayFrame(given));
        if ('fault' in decoded) throw new Error(decoded.fault);
        expect(decoded.deliveryClass).toBe(given.deliveryClass);
        expect(decoded.key).toBe(given.deliveryClass === 1 ? (given.key ?? 0) : 0);
        expect(decoded.ref).toBe(given.ref ?? null);
        expect(decoded.term).toBe(given.term ?? null);
        expect(decoded.targets === null ? undefined : [...decoded.targets]).toEqual(given.targets);
        expect([...decoded.payload]).toEqual([...given.payload]);
      }),
    );
  });

  it('WF6 every batch that is encoded decodes to itself', () => {
    const entry = fc
      .record({ sender: u16, deliveryClass, targeted: fc.boolean(), key: u16, seq: u32, payload })
      .map((each) => ({
        ...each,
        key: each.deliveryClass === 1 ? each.key : 0,
        seq: each.deliveryClass === 2 ? each.seq : 0,
      }));
    fc.assert(
      fc.property(fc.array(entry, { minLength: 1, maxLength: 20 }), (entries) => {
        expect(decodeBatchFrame(encodeBatchFrame(entries))).toEqual(entries);
      }),
    );
  });

  it('WF7 random bytes decode or are refused by name; nothing throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.boolean(), (bytes, isRelay) => {
        if (isRelay && bytes.length > 0) bytes[0] = 1;
        const decoded = decodeRelayFrame(bytes);
        if ('fault' in decoded) expect(Object.keys(ERRORS)).toContain(decoded.fault);
        decodeBatchFrame(bytes);
      }),
      { numRuns: 5000 },
    );
  });

  it('WF7 random text is a control frame or is refused by name; nothing throws', () => {
    const text = fc.oneof(
      fc.string(),
      fc.json(),
      fc
        .record({ type: fc.constantFrom('ping', 'state', 'kick', 'host', 'lock'), index: fc.anything() })
        .map((value) => {
          try {
            return JSON.stringify(value);
          } catch {
            return '{}';
          }
        }),
    );
    fc.assert(
      fc.property(text, (frame) => {
        const parsed = parseClientControl(Buffer.from(frame));
        if ('fault' in parsed) expect(Object.keys(ERRORS)).toContain(parsed.fault);
      }),
      { numRuns: 2000 },
    );
  });
});
