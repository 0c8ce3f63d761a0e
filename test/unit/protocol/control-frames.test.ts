import { describe, expect, it } from 'vitest';
import { parseServerControl } from '../../../src/client/server-frames.js';
import { controlRefOf, parseClientControl } from '../../../src/protocol/client-control.js';
import { CLIENT_FRAMES, SERVER_FRAMES } from '../../../src/protocol/control-frames.js';

const read = (text: string) => parseClientControl(Buffer.from(text));
const refused = { fault: 'invalid_request' };

describe('control frames as the server reads them', () => {
  it('WF5 every member keeps to the bounds of the table', () => {
    const reason = (length: number): string => `{"type":"kick","index":1,"reason":"${'x'.repeat(length)}"}`;
    const t = (length: number): string => `{"type":"ping","t":"${'x'.repeat(length)}"}`;
    expect(read(reason(200))).toMatchObject({ type: 'kick', index: 1 });
    expect(read(reason(201))).toEqual(refused);
    expect(read(t(64))).toMatchObject({ type: 'ping' });
    expect(read(t(65))).toEqual(refused);
    expect(read('{"type":"host","index":65533}')).toEqual({ type: 'host', index: 65533 });
    for (const index of ['65534', '-1', '0.5', '1e999', '"1"', 'null', '[]']) {
      expect(read(`{"type":"host","index":${index}}`)).toEqual(refused);
    }
    for (const wrong of ['true', '{}', '[1]', '9'.repeat(65)])
      expect(read(`{"type":"ping","t":${wrong}}`)).toEqual(refused);
    expect(read('{"type":"kick","index":1,"reason":null}')).toEqual(refused);
    expect(read('{"type":"ping","t":null}')).toEqual({ type: 'ping', t: 'null' });
    expect(read(`{"type":"ping","t": ${'9'.repeat(64)} }`)).toEqual({ type: 'ping', t: '9'.repeat(64) });
  });

  it('WF4 a frame holds the members of the table and no others', () => {
    expect(read('{"index":3,"newer":1,"type":"kick","index":4,"__proto__":{"reason":"x"}}')).toEqual({
      type: 'kick',
      index: 4,
      reason: null,
    });
  });

  it('WF10 a ref is read of a good frame and of a broken one', () => {
    expect(read('{"type":"lock","locked":true,"ref":4294967295}')).toEqual({
      type: 'lock',
      locked: true,
      ref: 4294967295,
    });
    expect(read('{"type":"state","state":1,"ref":0}')).toEqual({ type: 'state', state: '1', ref: 0 });
    expect(read('{"type":"lock","locked":1,"ref":7}')).toEqual({ ...refused, ref: 7 });
    expect(read('{"type":"newer","ref":7}')).toEqual({ fault: 'unknown_type', ref: 7 });
    expect(read(`{"type":"state","state":"${'x'.repeat(2047)}","ref":7}`)).toEqual({ fault: 'state_too_big', ref: 7 });
    for (const ref of ['-1', '4294967296', '0.5', '"7"', 'null']) {
      expect(read(`{"type":"lock","locked":true,"ref":${ref}}`)).toEqual(refused);
    }
    // The control: without a ref there is none.
    expect(read('{"type":"lock","locked":1}')).toEqual(refused);
  });

  it('WF10 the ref of a frame that is over the rate is looked for in 4,096 bytes', () => {
    const padded = (length: number): Buffer => Buffer.from('{"type":"lock","locked":true,"ref":7}'.padEnd(length));
    expect([controlRefOf(padded(4096)), controlRefOf(padded(4097))]).toEqual([7, null]);
    expect([controlRefOf(Buffer.from('{"ref":7')), controlRefOf(Buffer.from('[7]'))]).toEqual([null, null]);
  });

  it('WF5 names of the language are no frames', () => {
    for (const name of ['constructor', '__proto__', 'toString', 'hasOwnProperty', '', 'STATE']) {
      expect(read(JSON.stringify({ type: name }))).toEqual({ fault: 'unknown_type' });
    }
  });
});

describe('control frames as the SDK reads them', () => {
  it('CL3 a frame without a member that the table requires is broken', () => {
    for (const [type, members] of Object.entries(SERVER_FRAMES)) {
      const isOptional = Object.values(members).every(({ is }) => is(undefined));
      expect([type, parseServerControl(JSON.stringify({ type }))]).toEqual([type, isOptional ? { type } : 'broken']);
    }
    for (const type of Object.keys(CLIENT_FRAMES).filter((name) => !Object.hasOwn(SERVER_FRAMES, name))) {
      expect(parseServerControl(JSON.stringify({ type }))).toBe('unknown');
    }
  });

  it('CL3 a reason or a member of a newer gateway is taken', () => {
    const left = { type: 'member.left', index: 1, reason: 'of a newer gateway', newer: true };
    expect(parseServerControl(JSON.stringify(left))).toEqual(left);
    const goaway = { type: 'goaway', reason: 'draining', after_ms: 5 };
    expect(parseServerControl(JSON.stringify(goaway))).toEqual(goaway);
    expect(parseServerControl(JSON.stringify({ ...goaway, url: null }))).toBe('broken');
  });
});
