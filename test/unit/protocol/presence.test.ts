import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseClientControl } from '../../../src/protocol/client-control.js';
import {
  encodeMember,
  encodeMemberJoined,
  encodeMemberState,
  encodeWelcome,
  stateTextOf,
} from '../../../src/protocol/presence.js';
import type { Welcome } from '../../../src/protocol/server-control.js';
import { MAX_STATE_BYTES } from '../../../src/protocol/wire.js';

const view = { index: 7, user_id: 'a"b\\c', role: 'host', connected: true } as const;
const parse = (text: string): unknown => JSON.parse(text);
const stateFrame = (state: string): Buffer => Buffer.from(`{"type":"state","state":${state}}`);

describe('frames with presence states', () => {
  it('MB5 a state is in them as it was sent, and they are the JSON that they were', () => {
    const welcome = {
      type: 'welcome',
      protocol: 1,
      session: { metadata: { members: [] } },
      you: { index: 7 },
      host: { index: 7, term: 1 },
      epoch: 'e',
      seq: 0,
      recovered: false,
    } as unknown as Omit<Welcome, 'members'>;
    fc.assert(
      fc.property(fc.json(), (text) => {
        const member = { ...view, state: stateTextOf(text) };
        const seen = { ...view, state: parse(text) };
        expect(parse(encodeMemberState(7, member.state))).toEqual({
          type: 'member.state',
          index: 7,
          state: seen.state,
        });
        expect(parse(encodeMemberJoined(encodeMember(member)))).toEqual({ type: 'member.joined', member: seen });
        const whole = encodeWelcome(welcome, [member, member].map(encodeMember));
        expect(whole.startsWith('{"type":"welcome"')).toBe(true);
        expect(parse(whole)).toEqual({ ...welcome, members: [seen, seen] });
      }),
    );
  });

  it('WF8 a state is measured as it is sent, and kept so', () => {
    const state = (text: string) => parseClientControl(stateFrame(text));
    const longest = `"${'x'.repeat(MAX_STATE_BYTES - 2)}"`;
    expect(state(longest)).toEqual({ type: 'state', state: longest });
    expect(state(`"x${longest.slice(1)}`)).toEqual({ fault: 'state_too_big' });
    expect(state(`"${'Ž'.repeat(MAX_STATE_BYTES / 2)}"`)).toEqual({ fault: 'state_too_big' });
    expect(state(`[1,${' '.repeat(MAX_STATE_BYTES)}2]`)).toEqual({ fault: 'state_too_big' });
    expect(state('{ "a" : "\\u0041" }')).toEqual({ type: 'state', state: '{ "a" : "\\u0041" }' });
    expect(state('1,"state":2')).toEqual({ type: 'state', state: '2' });
  });

  it('WF8 more than 512 arrays and objects are refused', () => {
    const lists = (count: number): Buffer => stateFrame(`[${'[],'.repeat(count - 4)}[]]`);
    expect(parseClientControl(lists(512))).toMatchObject({ type: 'state' });
    expect(parseClientControl(lists(516))).toEqual({ fault: 'malformed_json' });
  });

  it('WF8 no state that is small enough has too many values; what is deeper than 64 levels is refused', () => {
    const full = `[${'0,'.repeat(MAX_STATE_BYTES / 2 - 2)}0]`;
    expect(full.length).toBe(MAX_STATE_BYTES - 1);
    expect(parseClientControl(stateFrame(full))).toEqual({ type: 'state', state: full });
    const nested = (depth: number): Buffer => stateFrame('['.repeat(depth) + ']'.repeat(depth));
    expect(parseClientControl(nested(63))).toMatchObject({ type: 'state' });
    expect(parseClientControl(nested(64))).toEqual({ fault: 'malformed_json' });
    expect(parseClientControl(nested(1000))).toEqual({ fault: 'malformed_json' });
    // Without the bounds it is taken, and handed to everybody.
    const unbounded = { maxDepth: Number.MAX_SAFE_INTEGER, maxValues: Number.MAX_SAFE_INTEGER };
    expect(parseClientControl(nested(1000), unbounded)).toMatchObject({ type: 'state' });
    expect(parseClientControl(Buffer.from(`{"type":"leave","x":[${'0,'.repeat(1100)}0]}`))).toEqual({
      fault: 'malformed_json',
    });
  });
});
