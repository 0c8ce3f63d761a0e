import { beforeEach, describe, expect, it } from 'vitest';
import { decodeBatchFrame } from '../../../../src/protocol/batch-frame.js';
import { encodeRelayFrame } from '../../../../src/protocol/relay-frame.js';
import type { Room } from '../../../../src/relay/room/room.js';
import { handshake, HomeStage, type Connected, type RoomOfTwo, type RecordingSocket } from '../../../support/home.js';

const VOLATILE = 0;
const RELIABLE = 2;

describe('a room on a clock that a test moves', () => {
  let home: HomeStage;
  let room: Room;
  let ann: Connected;
  let ben: Connected;
  let pairs: RoomOfTwo['pairs'];

  beforeEach(async () => {
    home = new HomeStage();
    ({ room, ann, ben, pairs } = await home.roomOfTwo());
  });

  const memberOf = (index: number) => {
    const member = room.members.get(index);
    if (member === undefined) throw new Error('no such member');
    return member;
  };
  const say = (from: Connected, text: string, targets?: readonly number[]): void =>
    from.handler.onBinary(
      encodeRelayFrame({
        deliveryClass: RELIABLE,
        payload: Buffer.from(text),
        ...(targets === undefined ? {} : { targets }),
      }),
    );
  const heard = ({ frames }: RecordingSocket): readonly string[] =>
    frames.flatMap((frame) =>
      typeof frame === 'string'
        ? []
        : (decodeBatchFrame(frame) ?? []).map(({ payload }) => Buffer.from(payload).toString()),
    );

  it('MB1 welcomes a socket first, and tells the others that it joined', () => {
    expect(ann.socket.types).toEqual(['welcome', 'member.joined']);
    expect(ben.socket.types).toEqual(['welcome']);
    expect([...room.members.values()].map(({ standing }) => standing.kind)).toEqual(['connected', 'connected']);
  });

  it('RL1 RL3 a batch goes to every member but its only sender', () => {
    say(ann, 'one');
    say(ann, 'two');
    room.flush();
    expect([heard(ann.socket), heard(ben.socket)]).toEqual([[], ['one', 'two']]);
  });

  it('RL4 a targeted entry follows what was accepted before it, and reaches its targets alone', async () => {
    const cleo = await home.connect(pairs[2]);
    say(ann, 'all');
    say(ann, 'ben', [1]);
    expect([heard(ben.socket), heard(cleo.socket)]).toEqual([['all', 'ben'], ['all']]);
  });

  it('MB6 a second socket replaces the first, which hears nothing more', async () => {
    const again = await home.connect(pairs[0]);
    expect(ann.socket.closedWith).toBe('replaced');
    expect(memberOf(0).standing.kind).toBe('connected');
    expect(ben.socket.types).toEqual(['welcome']);
    say(ben, 'hello');
    room.flush();
    expect([heard(ann.socket), heard(again.socket)]).toEqual([[], ['hello']]);
    ann.handler.onBinary(encodeRelayFrame({ deliveryClass: VOLATILE, payload: Buffer.from('late') }));
    room.flush();
    expect(heard(ben.socket)).toEqual([]);
  });

  it('KX9 a member that was removed while a socket of theirs was on its way in is closed as it comes', async () => {
    const admission = await home.doorway.admit(pairs[2], handshake());
    expect(room.remove(2, 'kicked')).toBe(false);
    const socket = home.newSocket();
    admission.open(socket);
    expect([socket.closedWith, socket.frames, room.members.has(2)]).toEqual(['kicked', [], false]);
  });

  it('MB4 a member that is dropped is closed, and the others hear why', () => {
    expect(room.drop(memberOf(1), 'kicked', 'kicked')).toBe(true);
    expect(ben.socket.closedWith).toBe('kicked');
    expect(ann.socket.controls.at(-1)).toEqual({ type: 'member.left', index: 1, reason: 'kicked' });
    expect(room.members.size).toBe(1);
  });

  it('MB4 a member of another life of the room, or dropped before, changes nothing', () => {
    const gone = memberOf(1);
    room.drop(gone, 'kicked', 'kicked');
    const before = ann.socket.frames.length;
    expect([room.drop(gone, 'kicked', 'kicked'), room.leave(gone, 'left', 'left')]).toEqual([false, false]);
    room.keep(gone, 1000);
    room.setState(gone, gone.state);
    expect([ann.socket.frames.length, room.members.size, gone.standing.kind]).toEqual([before, 1, 'gone']);
  });

  it('KX6 an end closes every socket, and sockets that come in late', async () => {
    expect(home.rooms.end(room.id, 'session_ended')).toBe(2);
    expect([ann.socket.closedWith, ben.socket.closedWith, room.ended]).toEqual([
      'session_ended',
      'session_ended',
      'session_ended',
    ]);
    expect([room.closeFor(2, 1), room.members.size]).toEqual(['session_ended', 0]);
    expect(home.clock.pendingTimers).toBe(0);
  });
});
