import { beforeEach, describe, expect, it } from 'vitest';
import { Failure } from '../../../../src/protocol/failure.js';
import type { Room } from '../../../../src/relay/room/room.js';
import { WINDOW_MS } from '../../../contract/suites/fixtures.js';
import { handshake, HomeStage, type Connected, type RoomOfTwo } from '../../../support/home.js';

describe('how members go, on a clock that a test moves', () => {
  let home: HomeStage;
  let room: Room;
  let ann: Connected;
  let ben: Connected;
  let pairs: RoomOfTwo['pairs'];

  beforeEach(async () => {
    home = new HomeStage();
    ({ room, ann, ben, pairs } = await home.roomOfTwo());
  });

  const standingOf = (index: number): string | null => room.members.get(index)?.standing.kind ?? null;
  const seats = async (): Promise<number> => {
    const found = await home.real.get(room.id, 'all');
    return (found?.seats ?? []).filter(({ member }) => member !== null).length;
  };

  it('MB2 MB3 a lost socket keeps its seat for the resume window, to the millisecond, and then gives it back', async () => {
    ben.socket.close('going_away');
    expect([standingOf(1), ann.socket.types.at(-1)]).toEqual(['away', 'member.away']);
    await home.settle();
    home.clock.advance(WINDOW_MS - 1);
    await home.settle();
    expect([standingOf(1), await seats()]).toEqual(['away', 2]);
    home.clock.advance(1);
    expect(standingOf(1)).toBe('leaving');
    await home.settle();
    expect([standingOf(1), await seats()]).toEqual([null, 1]);
    expect(ann.socket.controls.at(-1)).toEqual({ type: 'member.left', index: 1, reason: 'timeout' });
  });

  it('MB2 a member that comes back in its window stays, though the old window passes', async () => {
    ben.socket.close('going_away');
    await home.settle();
    home.clock.advance(WINDOW_MS - 1);
    await home.connect(pairs[1]);
    expect(ann.socket.types.at(-1)).toBe('member.back');
    home.clock.advance(2 * WINDOW_MS);
    await home.settle();
    expect([standingOf(1), await seats()]).toEqual(['connected', 2]);
  });

  it('MB4 while the store is unavailable a member that left is told of when the store has heard it, and once', async () => {
    home.instead.leave = () => Promise.reject(new Failure('store_unavailable'));
    const member = room.members.get(1);
    if (member === undefined) throw new Error('no member');
    expect(home.departures.leave(room, member, 'left', 'left')).toBe(true);
    expect(ben.socket.closedWith).toBe('left');
    await home.settle();
    home.clock.advance(5_000);
    await home.settle();
    expect([standingOf(1), ann.socket.types.includes('member.left')]).toEqual(['leaving', false]);
    delete home.instead.leave;
    home.clock.advance(1_000);
    await home.settle();
    expect(ann.socket.types.filter((type) => type === 'member.left')).toHaveLength(1);
    expect([standingOf(1), await seats()]).toEqual([null, 1]);
  });

  it('CN13 a handshake that is given up puts a known member where it was', async () => {
    ben.socket.close('going_away');
    await home.settle();
    const admission = await home.doorway.admit(pairs[1], handshake());
    const before = ann.socket.frames.length;
    admission.abandon();
    await home.settle();
    expect([standingOf(1), await seats(), ann.socket.frames.length]).toEqual(['away', 2, before]);
    home.clock.advance(WINDOW_MS);
    await home.settle();
    expect([standingOf(1), await seats()]).toEqual([null, 1]);
  });

  it('CN13 a handshake that is given up leaves no member of a new user', async () => {
    const admission = await home.doorway.admit((await home.list(1)).pairs[0] ?? '', handshake());
    const size = home.rooms.size;
    admission.abandon();
    await home.settle();
    expect([size, home.rooms.size]).toEqual([2, 1]);
  });

  it('MB2 once departures are stopped a lost socket is nobody else’s business: no word, no call, no time-out', async () => {
    home.departures.stop();
    let calls = 0;
    home.instead.away = () => Promise.resolve((calls += 1) > 0);
    home.instead.leave = () => Promise.reject(new Error(`call ${String((calls += 1))}`));
    const before = ann.socket.frames.length;
    ben.socket.close('going_away');
    home.clock.advance(2 * WINDOW_MS);
    await home.settle();
    expect([calls, ann.socket.frames.length, standingOf(1)]).toEqual([0, before, 'away']);
  });
});
