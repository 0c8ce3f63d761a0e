import { beforeEach, describe, expect, it } from 'vitest';
import { decodeBatchFrame } from '../../../../src/protocol/batch-frame.js';
import { Failure } from '../../../../src/protocol/failure.js';
import { encodeRelayFrame } from '../../../../src/protocol/relay-frame.js';
import { acceptBackendMessage } from '../../../../src/relay/room/accept.js';
import type { Room } from '../../../../src/relay/room/room.js';
import * as f from '../../../contract/suites/fixtures.js';
import { HomeStage, type Connected, type RecordingSocket, type RoomOfTwo } from '../../../support/home.js';

const VOLATILE = 0;
const RELIABLE = 2;
const RETRY_MS = 250;

describe('the queue of a durable room', () => {
  let home: HomeStage;
  let room: Room;
  let ann: Connected;
  let ben: Connected;
  let pairs: RoomOfTwo['pairs'];
  let lastRef = 0;

  beforeEach(async () => {
    home = new HomeStage();
    ({ room, ann, ben, pairs } = await home.roomOfTwo({ durability: 'redis', flushMs: 0 }));
    lastRef = 0;
  });

  const say = (text: string, deliveryClass: 0 | 2 = RELIABLE, targets?: readonly number[]): void => {
    lastRef += 1;
    const to = targets === undefined ? {} : { targets };
    ann.handler.onBinary(encodeRelayFrame({ deliveryClass, ref: lastRef, payload: Buffer.from(text), ...to }));
  };
  const heard = ({ frames }: RecordingSocket): readonly string[] =>
    frames.flatMap((frame) =>
      typeof frame === 'string'
        ? []
        : (decodeBatchFrame(frame) ?? []).map(
            ({ payload, seq }) => `${Buffer.from(payload).toString()} ${String(seq)}`,
          ),
    );
  /** The answers that Ann got: `ref:seq`, or `ref:code`. */
  const answers = (): readonly string[] =>
    ann.socket.controls.flatMap((frame) => {
      if (frame.type === 'ack') return [`${String(frame.ref)}:${String(frame.seq)}`];
      return frame.type === 'error' ? [`${String(frame.ref)}:${frame.code}`] : [];
    });

  /** The store holds back its answers to appends until the returned function is called. */
  const holdBack = (outcome: 'answer' | 'lose' | 'fail' = 'answer'): (() => Promise<void>) => {
    const held: (() => void)[] = [];
    home.insteadLog.append = async (...append) => {
      const result = outcome === 'fail' ? 'appended' : await home.realLog.append(...append);
      await new Promise<void>((resolve) => held.push(resolve));
      if (outcome === 'answer') return result;
      throw new Failure('store_unavailable');
    };
    return async () => {
      await home.settle();
      delete home.insteadLog.append;
      for (const release of held) release();
      await home.settle();
    };
  };

  it('DB7 a reliable entry is delivered and acknowledged when the store has it, and not before', async () => {
    const answer = holdBack();
    say('one');
    say('two', RELIABLE, [1]);
    await home.settle();
    expect([answers(), heard(ben.socket), room.replay.seq, home.waiting.entries]).toEqual([[], [], 0, 2]);
    await answer();
    expect([answers(), heard(ben.socket), room.replay.seq]).toEqual([['1:1', '2:2'], ['one 1', 'two 2'], 2]);
    expect([home.waiting.entries, home.waiting.bytes]).toEqual([0, 0]);
  });

  it('DB7 a room that is not durable waits for nothing', async () => {
    home = new HomeStage();
    ({ room, ann, ben } = await home.roomOfTwo({ flushMs: 0 }));
    holdBack();
    say('one');
    expect(answers()).toEqual(['1:1']);
  });

  it('DB8 the entries of one turn are one append', async () => {
    const sizes: number[] = [];
    home.insteadLog.append = (...append) => {
      sizes.push(append[2].seq - append[2].after);
      return home.realLog.append(...append);
    };
    for (const text of ['one', 'two', 'three']) say(text);
    await home.settle();
    say('four');
    await home.settle();
    expect([sizes, heard(ben.socket)]).toEqual([
      [3, 1],
      ['one 1', 'two 2', 'three 3', 'four 4'],
    ]);
  });

  it('DB8 an append does not wait for the answer to the one before', async () => {
    const answer = holdBack();
    say('one');
    await home.settle();
    say('two');
    await home.settle();
    expect(room.replay.seq).toBe(0);
    await answer();
    expect(heard(ben.socket)).toEqual(['one 1', 'two 2']);
  });

  it('DB9 a volatile entry waits behind a reliable one, and behind nothing else', async () => {
    say('free', VOLATILE);
    await home.settle();
    expect([answers(), heard(ben.socket)]).toEqual([['1:0'], ['free 0']]);
    const answer = holdBack();
    say('one');
    say('between', VOLATILE);
    await home.settle();
    say('two');
    await home.settle();
    expect(heard(ben.socket)).toEqual(['free 0']);
    await answer();
    expect(heard(ben.socket)).toEqual(['free 0', 'one 1', 'between 0', 'two 2']);
    expect(answers()).toEqual(['1:0', '2:1', '3:0', '4:2']);
  });

  it.each(['lose', 'fail'] as const)(
    'DB10 an append without an answer is refused by name, and nobody gets it afterwards, whether the store had it or not (%s)',
    async (outcome) => {
      say('before');
      await home.settle();
      const answer = holdBack(outcome);
      say('lost');
      say('volatile', VOLATILE);
      await answer();
      await home.settle();
      expect(answers()).toEqual(['1:1', '2:store_unavailable', '3:0']);
      say('after');
      await home.settle();
      expect(answers().at(-1)).toBe('4:2');
      expect(heard(ben.socket)).toEqual(['before 1', 'volatile 0', 'after 2']);
      const epoch = room.epoch;
      home.rooms.end(room.id, 'moved');
      const next = await home.rooms.open(room.id);
      expect([next.epoch, next.replay.seq, texts(next)]).toEqual([epoch, 2, ['before', 'after']]);
      expect(home.failures).toEqual([]);
    },
  );

  it('DB10 while the store is unavailable, reliable frames are refused at once, and volatile ones pass', async () => {
    home.isUp = false;
    const unavailable = (): Promise<never> => Promise.reject(new Failure('store_unavailable'));
    home.insteadLog.append = unavailable;
    home.insteadLog.reopen = unavailable;
    say('one');
    await home.settle();
    say('two');
    say('three', VOLATILE);
    expect(answers()).toEqual(['1:store_unavailable', '2:store_unavailable', '3:0']);
    delete home.insteadLog.append;
    delete home.insteadLog.reopen;
    home.isUp = true;
    home.clock.advance(RETRY_MS);
    await home.settle();
    say('four');
    await home.settle();
    expect([answers().at(-1), heard(ben.socket)]).toEqual(['4:1', ['three 0', 'four 1']]);
  });

  it('DB11 what waits is bounded: more is refused by name', async () => {
    const answer = holdBack();
    for (let n = 0; n < 20; n += 1) say('x'.repeat(300));
    const refused = answers().length;
    expect(refused).toBeGreaterThan(5);
    expect(new Set(answers().map((each) => each.split(':')[1]))).toEqual(new Set(['store_unavailable']));
    await answer();
    expect(heard(ben.socket)).toHaveLength(20 - refused);
    say('again');
    await home.settle();
    expect(heard(ben.socket)).toHaveLength(21 - refused);
  });

  it('DB12 a home that was claimed by another node delivers and acknowledges nothing more, and sends its members away', async () => {
    await home.real.claimHome(room.id, f.homeNow(f.HERE), f.ELSEWHERE);
    say('late');
    await home.settle();
    expect([answers(), ben.socket.closedWith, home.isLive(room.id)]).toEqual([[], 'moved', false]);
    expect(heard(ben.socket)).toEqual([]);
  });

  it('DB13 the next home has the same epoch and every entry, and a member that resumes gets those it missed', async () => {
    for (const text of ['one', 'two', 'three']) say(text);
    await home.settle();
    const { resume, epoch } = welcomeOf(ben);
    home.rooms.end(room.id, 'moved');
    const again = await home.connect(resume.token, { seq: '1' });
    expect(welcomeOf(again)).toMatchObject({ epoch, seq: 3, recovered: true });
    expect(heard(again.socket)).toEqual(['two 2', 'three 3']);
    expect(again.socket.types).not.toContain('gap');
  });

  it('DB13 a session that is not durable begins a new epoch there, and the member is told', async () => {
    ({ room, ann, ben } = await home.roomOfTwo({ flushMs: 0 }));
    say('one');
    const { resume, epoch } = welcomeOf(ben);
    home.rooms.end(room.id, 'moved');
    const again = await home.connect(resume.token, { seq: '1' });
    expect(welcomeOf(again)).toMatchObject({ seq: 0, recovered: false });
    expect(welcomeOf(again).epoch).not.toBe(epoch);
    expect(again.socket.types).toContain('gap');
  });

  it('DB13 entries from before a member joined are not replayed to it at the next home', async () => {
    say('early');
    await home.settle();
    await home.pass(250);
    const cleo = await home.connect(pairs[2]);
    say('for all');
    await home.settle();
    const { resume } = welcomeOf(cleo);
    home.rooms.end(room.id, 'moved');
    const again = await home.connect(resume.token, { seq: '0' });
    expect(heard(again.socket)).toEqual(['for all 2']);
  });

  it('DB14 a store that has lost entries gets them back from the home', async () => {
    for (const text of ['one', 'two', 'three']) say(text);
    await home.settle();
    const { session } = room;
    // The log is gone, as after a failover to a replica that had nothing of it.
    await home.realLog.reopen(
      { sessionId: room.id, nodeId: f.HERE, homeEpoch: session.homeEpoch },
      { epoch: 'another', seq: 0, oldestSeq: 1 },
    );
    home.isUp = false;
    await home.pass(250);
    home.isUp = true;
    home.homeCheck.start();
    home.isUp = false;
    await home.pass(250);
    home.isUp = true;
    await home.pass(500);
    say('four');
    await home.settle();
    expect(answers().at(-1)).toBe('4:4');
    home.rooms.end(room.id, 'moved');
    const next = await home.rooms.open(room.id);
    expect([next.epoch, next.replay.seq, texts(next)]).toEqual([room.epoch, 4, ['one', 'two', 'three', 'four']]);
    home.homeCheck.stop();
  });

  it('DB15 a message of the backend is answered when the store has it', async () => {
    const answer = holdBack();
    const rules = { maxMessageBytes: 100, mayNumber: () => true };
    const message = { deliveryClass: RELIABLE, key: 0, targets: null, payload: Buffer.from('hello') } as const;
    let sent: unknown = null;
    const sending = acceptBackendMessage(room, message, rules).then((result) => (sent = result));
    await home.settle();
    expect(sent).toBeNull();
    await answer();
    await sending;
    expect(sent).toEqual({ seq: 1, receivers: 2 });
    const lose = holdBack('lose');
    const lost = acceptBackendMessage(room, message, rules);
    const refused = expect(lost).rejects.toMatchObject({ code: 'store_unavailable' });
    await lose();
    await refused;
  });

  it('DB15 a room that is let go leaves no timer, and what waits is answered as unknown', async () => {
    holdBack();
    const rules = { maxMessageBytes: 100, mayNumber: () => true };
    const message = { deliveryClass: RELIABLE, key: 0, targets: null, payload: Buffer.from('hello') } as const;
    const sending = acceptBackendMessage(room, message, rules);
    home.rooms.end(room.id, 'session_ended');
    await expect(sending).rejects.toMatchObject({ code: 'outcome_unknown' });
    expect([home.clock.pendingTimers, home.waiting.entries, home.waiting.bytes]).toEqual([0, 0, 0]);
  });
});

function texts(room: Room): readonly string[] {
  return room.replay.after(0).entries.map(({ payload }) => Buffer.from(payload).toString());
}

function welcomeOf({ socket }: Connected) {
  const welcome = socket.controls[0];
  if (welcome?.type !== 'welcome') throw new Error('no welcome');
  return welcome;
}
