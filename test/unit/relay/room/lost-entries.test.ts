import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { encodeRelayFrame } from '../../../../src/protocol/relay-frame.js';
import type { ServerControl } from '../../../../src/protocol/server-control.js';
import { acceptBackendMessage } from '../../../../src/relay/room/accept.js';
import { decodeLogBatch, encodeLogBatch, lostBefore } from '../../../../src/relay/room/log-batch.js';
import { LostEntries } from '../../../../src/relay/room/lost-entries.js';
import { ReplayWindow } from '../../../../src/relay/room/replay-window.js';
import type { Room } from '../../../../src/relay/room/room.js';
import { packRoom, refill, unpackRoom } from '../../../../src/relay/home/carried-room.js';
import { HomeStage, type Connected, type RoomOfTwo } from '../../../support/home.js';

const MEMBERS = 5;
const sent = fc.record({
  sender: fc.nat(MEMBERS - 1),
  targets: fc.option(fc.array(fc.nat(MEMBERS - 1), { maxLength: 3 })),
});
type Sent = typeof sent extends fc.Arbitrary<infer T> ? T : never;

const isFor = ({ sender, targets }: Sent, member: number): boolean =>
  sender !== member && targets?.includes(member) !== false;

describe('what a member lost', () => {
  it('LR1 is told exactly, at this home and at the next one', () => {
    fc.assert(
      fc.property(fc.array(sent, { maxLength: 60 }), fc.nat(20), fc.nat(60), (entries, maxEntries, movedAfter) => {
        const bounds = { maxEntries, maxBytes: 1000 };
        let window = new ReplayWindow(bounds);
        for (const [at, { sender, targets }] of entries.entries()) {
          if (at === movedAfter) window = moved(window, bounds);
          window.append(sender, targets === null ? null : Uint16Array.from(targets), Uint8Array.of(1), 0, 1000);
        }
        const oldest = window.oldestSeq;
        for (let member = 0; member < MEMBERS; member += 1) {
          for (let seq = 0; seq <= entries.length; seq += 1) {
            const to =
              entries.findLastIndex((entry, at) => at + 1 > seq && at + 1 < oldest && isFor(entry, member)) + 1;
            expect(window.lostTo(member, seq)).toEqual(to === 0 ? null : { from: seq + 1, to });
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it('LR1 what nobody knows counts as lost to everybody, and so do the entries for too many targets', () => {
    const window = new ReplayWindow({ maxEntries: 10, maxBytes: 1000 });
    window.startAfter(7, null);
    expect([window.lostTo(3, 2), window.lostTo(3, 7)]).toEqual([{ from: 3, to: 7 }, null]);
    const lost = new LostEntries();
    for (let target = 0; target <= 4096; target += 1) lost.noteTargeted(target + 1, target);
    expect([lost.newestFor(0), lost.newestFor(60_000)]).toEqual([4097, 4097]);
    lost.noteTargeted(5000, 1);
    expect([lost.newestFor(1), lost.newestFor(2), lost.view(0).unknown]).toEqual([5000, 4097, 5000]);
  });

  it('LR1 travels in the batches of a durable log', () => {
    const lost = new LostEntries();
    lost.note(4, 1);
    lost.noteTargeted(5, 2);
    const entry = { sender: 1, targets: null, payload: Uint8Array.of(3) };
    const bytes = encodeLogBatch([entry], lost.view());
    expect([lostBefore(bytes), lostBefore(encodeLogBatch([entry]))]).toEqual([lost.view(), null]);
    expect(decodeLogBatch(bytes)).toEqual([entry]);
    for (let end = 2; end < bytes.length; end += 1)
      if (end < bytes.length - 9) expect(() => decodeLogBatch(bytes.subarray(0, end))).toThrow(RangeError);
  });
});

/** As a hand-over, or the log of a durable session, carries the window. */
function moved(window: ReplayWindow, bounds: { readonly maxEntries: number; readonly maxBytes: number }): ReplayWindow {
  const next = new ReplayWindow(bounds);
  next.startAfter(window.oldestSeq - 1, window.lostView());
  for (const { sender, targets, payload } of window.after(0).entries) next.append(sender, targets, payload, 0, 1000);
  return next;
}

/** The replay window of the stage holds 10 entries. */
const WINDOW = 10;

describe.each(['memory', 'redis'] as const)('a member that only sends, durability %s', (durability) => {
  let home: HomeStage;
  let room: Room;
  let ann: Connected;
  let ben: Connected;
  let pairs: RoomOfTwo['pairs'];

  beforeEach(async () => {
    home = new HomeStage();
    ({ room, ann, ben, pairs } = await home.roomOfTwo({ durability, flushMs: 0 }));
  });

  const say = async (from: Connected, count: number, targets?: readonly number[]): Promise<void> => {
    for (let n = 0; n < count; n += 1) {
      const to = targets === undefined ? {} : { targets };
      from.handler.onBinary(encodeRelayFrame({ deliveryClass: 2, ref: n, payload: Buffer.from('x'), ...to }));
      if (n % WINDOW === WINDOW - 1) await home.settle();
    }
    await home.settle();
  };
  const welcomeOf = ({ socket }: Connected): Extract<ServerControl, { type: 'welcome' }> => {
    const [first] = socket.controls;
    if (first?.type !== 'welcome') throw new Error('no welcome');
    return first;
  };
  const resumed = async (from: Connected, seq: number) => {
    const { token } = welcomeOf(from).resume;
    const again = await home.connect(token, { seq: String(seq) });
    const gaps = again.socket.controls.flatMap((frame) => (frame.type === 'gap' ? [[frame.from, frame.to]] : []));
    return { recovered: welcomeOf(again).recovered, gaps };
  };
  const fromBackend = { deliveryClass: 2, key: 0, targets: null, payload: Buffer.from('x') } as const;

  it('LR1 is told of no gap of its own entries', async () => {
    await say(ann, 3 * WINDOW);
    expect(ann.socket.types.filter((type) => type === 'ack').length).toBe(3 * WINDOW);
    expect(await resumed(ann, 0)).toEqual({ recovered: true, gaps: [] });
    // Control: the same entries were meant for Ben.
    expect(await resumed(ben, 0)).toEqual({ recovered: false, gaps: [[1, 2 * WINDOW]] });
  });

  it('LR1 is told of the entries of others that are lost among its own', async () => {
    await say(ann, 4);
    await say(ben, 1);
    await say(ann, WINDOW + 4);
    const rules = { maxMessageBytes: 100, mayNumber: () => true };
    const accepted = acceptBackendMessage(room, fromBackend, rules);
    await home.settle();
    expect(await accepted).toMatchObject({ seq: WINDOW + 10 });
    expect(room.replay.lostTo(0, 0)).toEqual({ from: 1, to: 5 });
    expect(room.replay.lostTo(0, 5)).toBeNull();
    await say(ann, WINDOW);
    expect(await resumed(ann, 5)).toEqual({ recovered: false, gaps: [[6, WINDOW + 10]] });
  });

  it('LR1 is told of no gap of entries for others', async () => {
    const cleo = await home.connect(pairs[2]);
    await say(ben, 2 * WINDOW, [2]);
    expect(await resumed(ann, 0)).toEqual({ recovered: true, gaps: [] });
    expect(await resumed(cleo, 0)).toEqual({ recovered: false, gaps: [[1, WINDOW]] });
  });

  it('LR1 is told of no gap when its own entries were too old to keep', async () => {
    await say(ann, 2);
    for (let passed = 0; passed < 3; passed += 1) {
      home.clock.advance(room.session.resumeWindowMs / 2);
      home.storeClock.advance(room.session.resumeWindowMs / 2);
    }
    await say(ann, 1);
    expect(room.replay.oldestSeq).toBe(3);
    expect(await resumed(ann, 0)).toEqual({ recovered: true, gaps: [] });
    expect(await resumed(ben, 0)).toEqual({ recovered: false, gaps: [[1, 2]] });
  });

  it('LR1 DB13 the next home knows it, too', async () => {
    if (durability === 'memory') {
      await say(ann, 3 * WINDOW);
      const carried = unpackRoom(packRoom(room, 0).join(''));
      const next = { replay: new ReplayWindow({ maxEntries: WINDOW, maxBytes: 1000 }), session: room.session };
      if (carried !== null) refill(next, carried, 0);
      expect([next.replay.lostTo(0, 0), next.replay.lostTo(1, 0)]).toEqual([null, { from: 1, to: 2 * WINDOW }]);
      return;
    }
    await say(ann, 3 * WINDOW);
    home.rooms.end(room.id, 'moved');
    expect(await resumed(ann, 0)).toEqual({ recovered: true, gaps: [] });
    expect(await resumed(ben, 0)).toMatchObject({ recovered: false });
  });
});
