import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { decodeBatchFrame } from '../../../../src/protocol/batch-frame.js';
import { encodeRelayFrame } from '../../../../src/protocol/relay-frame.js';
import type { Room } from '../../../../src/relay/room/room.js';
import * as f from '../../../contract/suites/fixtures.js';
import { HomeStage, type Connected, type RecordingSocket } from '../../../support/home.js';

const LARGE = 64;
const HOLD_MS = 50;
const RELIABLE = 2;

/** Checks what a socket was told against what it may hear. */
class Told {
  readonly members = new Map<number, { connected: boolean; state: unknown }>();
  readonly faults: string[] = [];
  private me = -1;
  private newestReplayed = 0;

  constructor({ frames }: Pick<RecordingSocket, 'frames'>) {
    for (const frame of frames) {
      if (frame === 'ping') continue;
      if (typeof frame === 'string') this.hear(JSON.parse(frame) as Heard);
      else
        for (const { sender, seq } of decodeBatchFrame(frame) ?? []) {
          // The sender of a replayed entry may have left since.
          if (seq > this.newestReplayed) this.require(sender, 'an entry');
        }
    }
  }

  private hear(frame: Heard): void {
    switch (frame.type) {
      case 'welcome':
        this.me = frame.you.index;
        this.newestReplayed = frame.seq;
        for (const { index, connected, state } of frame.members) this.members.set(index, { connected, state });
        return;
      case 'member.joined': {
        const { index, connected, state } = frame.member;
        if (this.members.has(index)) this.faults.push(`${String(index)} joined twice`);
        this.members.set(index, { connected, state });
        return;
      }
      case 'member.left':
        this.require(frame.index, frame.type);
        this.members.delete(frame.index);
        return;
      case 'member.away':
      case 'member.back':
        if (this.require(frame.index, frame.type)?.connected === (frame.type === 'member.back'))
          this.faults.push(`${frame.type} twice`);
        this.members.set(frame.index, {
          state: null,
          ...this.members.get(frame.index),
          connected: frame.type === 'member.back',
        });
        return;
      case 'member.state':
        this.require(frame.index, frame.type);
        if (frame.index === this.me) this.faults.push('own state');
        this.members.set(frame.index, { connected: true, ...this.members.get(frame.index), state: frame.state });
    }
  }

  private require(index: number, what: string): { connected: boolean } | undefined {
    const known = this.members.get(index);
    if (known === undefined) this.faults.push(`${what} of ${String(index)}, which is unknown`);
    return known;
  }
}

function shown(index: number, { connected, state }: { connected: boolean; state: unknown }): string {
  return `${String(index)} ${String(connected)} ${JSON.stringify(state)}`;
}

type Heard =
  | {
      type: 'welcome';
      seq: number;
      you: { index: number };
      members: { index: number; connected: boolean; state: unknown }[];
    }
  | { type: 'member.joined'; member: { index: number; connected: boolean; state: unknown } }
  | { type: 'member.left' | 'member.away' | 'member.back'; index: number }
  | { type: 'member.state'; index: number; state: unknown };

describe('the announcements of a room', () => {
  let home: HomeStage;
  let room: Room;
  let pairs: readonly string[];
  const inside: (Connected & { readonly index: number; readonly token: string })[] = [];

  beforeEach(() => {
    home = new HomeStage();
    inside.length = 0;
  });

  async function start(listed: number, members: number): Promise<void> {
    const { id, pairs: given } = await home.list(listed, { flushMs: 0, maxUsers: 1000 });
    pairs = given;
    for (let n = 0; n < members; n += 1) await enter(f.sure(pairs[n]));
    room = f.sure(home.rooms.find(id));
    home.clock.advance(HOLD_MS);
  }

  async function enter(credential: string, query: Record<string, string> = {}): Promise<Connected> {
    const connected = await home.connect(credential, query);
    const [welcome] = connected.socket.controls;
    if (welcome?.type !== 'welcome') throw new Error('no welcome');
    inside.push({ ...connected, index: welcome.you.index, token: welcome.resume.token });
    return connected;
  }

  const ofType = ({ socket }: Connected, type: string): number => socket.types.filter((one) => one === type).length;
  const entry = (targets?: readonly number[]) =>
    encodeRelayFrame({
      deliveryClass: RELIABLE,
      payload: Buffer.from('x'),
      ...(targets === undefined ? {} : { targets }),
    });
  const first = (): Connected => f.sure(inside[0]);

  it('LR2 leave at once in a room of fewer than 64 members', async () => {
    await start(LARGE, LARGE - 2);
    await enter(f.sure(pairs[LARGE - 2]));
    expect(ofType(first(), 'member.joined')).toBe(LARGE - 2);
    f.sure(inside[5]).socket.close('going_away');
    expect(ofType(first(), 'member.away')).toBe(1);
  });

  it('LR2 leave together within 50 ms in a larger room, and at the end of the turn when there are many', async () => {
    await start(3 * LARGE, LARGE);
    const before = ofType(first(), 'member.joined');
    for (let n = LARGE; n < LARGE + 20; n += 1) await enter(f.sure(pairs[n]));
    f.sure(inside[5]).socket.close('going_away');
    home.clock.advance(HOLD_MS - 1);
    expect([ofType(first(), 'member.joined'), ofType(first(), 'member.away')]).toEqual([before, 0]);
    home.clock.advance(1);
    expect([ofType(first(), 'member.joined'), ofType(first(), 'member.away')]).toEqual([before + 20, 1]);
    for (let n = LARGE + 20; n < 2 * LARGE + 20; n += 1) await enter(f.sure(pairs[n]));
    await home.settle();
    expect(ofType(first(), 'member.joined')).toBe(before + 20 + LARGE);
  });

  it('LR2 a welcome names everybody who is there, announced or not, and its member hears only of later ones', async () => {
    await start(LARGE + 4, LARGE);
    const one = await enter(f.sure(pairs[LARGE]));
    const two = await enter(f.sure(pairs[LARGE + 1]));
    expect(new Told(two.socket).members.size).toBe(LARGE + 2);
    home.clock.advance(HOLD_MS);
    expect([ofType(one, 'member.joined'), ofType(two, 'member.joined')]).toEqual([1, 0]);
    expect(new Told(one.socket)).toMatchObject({ faults: [] });
  });

  it('LR3 go before the entries and states of their members, whoever these are for', async () => {
    await start(LARGE + 9, LARGE);
    const [ann, ben] = [first(), f.sure(inside[1])];
    const one = await enter(f.sure(pairs[LARGE]));
    one.handler.onBinary(entry([0]));
    expect(ann.socket.types.at(-1)).toBe('member.joined');
    expect(typeof ann.socket.frames.at(-1)).toBe('object');
    const two = await enter(f.sure(pairs[LARGE + 1]));
    room.setState(f.sure(room.members.get(LARGE + 1)), '1' as never);
    two.handler.onBinary(entry());
    room.flush();
    expect(ben.socket.types.slice(-2)).toEqual(['member.joined', 'member.state']);
    expect(typeof ben.socket.frames.at(-1)).toBe('object');
    // An entry of somebody else to one member waits for nobody.
    const three = await enter(f.sure(pairs[LARGE + 2]));
    ann.handler.onBinary(entry([1]));
    expect([ben.socket.types.at(-1), typeof ben.socket.frames.at(-1)]).toEqual(['member.state', 'object']);
    // A kick is told at once, and after what waits.
    room.drop(f.sure(room.members.get(LARGE + 2)), 'kicked', 'kicked');
    expect(three.socket.closedWith).toBe('kicked');
    expect(ben.socket.types.slice(-2)).toEqual(['member.joined', 'member.left']);
  });

  const step = fc.oneof(
    { weight: 6, arbitrary: fc.constant('join' as const) },
    ...(['drop', 'resume', 'leave', 'state', 'entry', 'targeted', 'pass', 'slow', 'kick', 'again'] as const).map(
      (what) => ({
        weight: 2,
        arbitrary: fc.constant(what),
      }),
    ),
  );
  const steps = fc.array(fc.record({ what: step, who: fc.nat(10_000), whom: fc.nat(10_000) }), {
    minLength: 100,
    maxLength: 150,
  });

  /** Runs the steps. Returns what is wrong with what the sockets were told. */
  async function run(
    all: readonly { what: string; who: number; whom: number }[],
    { members = LARGE - 4, isSpoilt = false },
  ): Promise<string[]> {
    home = new HomeStage();
    inside.length = 0;
    await start(members + 150, members);
    let next = members;
    for (const { what, who, whom } of all) {
      const at = who % inside.length;
      const one = f.sure(inside[at]);
      const member = room.members.get(one.index);
      const target = f.sure(inside[whom % inside.length]).index;
      const isIn = one.socket.closedWith === null && member !== undefined;
      if (what === 'join' && next < pairs.length) {
        const { socket } = await enter(f.sure(pairs[next]));
        next += 1;
        if (isSpoilt) socket.subscribe(room.id);
      } else if (what === 'resume' && !isIn && member?.standing.kind === 'away') {
        inside.splice(at, 1);
        await enter(one.token, { seq: '0' });
      } else if (!isIn) continue;
      else if (what === 'again') {
        inside.splice(at, 1);
        await enter(one.token, { seq: '0' });
      } else if (what === 'drop') one.socket.close('going_away');
      else if (what === 'leave') home.departures.leave(room, member, 'left', 'left');
      else if (what === 'kick') room.remove(one.index, 'kicked');
      else if (what === 'state') room.setState(member, JSON.stringify(whom) as never);
      else if (what === 'entry') one.handler.onBinary(entry());
      else if (what === 'targeted' && room.members.has(target)) one.handler.onBinary(entry([target]));
      else if (what === 'slow') {
        one.socket.buffered = one.socket.buffered === 0 ? 5_000 : 0;
        one.handler.onDrain();
      } else if (what === 'pass') {
        home.clock.advance(whom % 30);
        await home.settle();
      }
    }
    for (const { socket, handler } of inside) {
      socket.buffered = 0;
      if (socket.closedWith === null) handler.onDrain();
    }
    for (let turn = 0; turn < 6; turn += 1) {
      home.clock.advance(HOLD_MS / 2);
      await home.settle();
      room.checkSlow();
    }
    const wrong: string[] = [];
    for (const { socket, index } of inside) {
      const told = new Told(socket);
      wrong.push(...told.faults.map((fault) => `${String(index)}: ${fault}`));
      if (socket.closedWith !== null) continue;
      // A member is not told its own state.
      const known = [...told.members].filter(([who]) => who !== index).map(([who, member]) => shown(who, member));
      const there = [...room.members.values()]
        .filter((member) => member.index !== index)
        .map(({ index: who, outlet, state }) => shown(who, { connected: outlet !== null, state: JSON.parse(state) }));
      const differences = [
        ...known.filter((one) => !there.includes(one)),
        ...there.filter((one) => !known.includes(one)),
      ];
      wrong.push(...differences.map((one) => `${String(index)}: ${one}`));
    }
    return wrong;
  }

  it('LR3 tell each member exactly who is there, however members come and go between frames', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        expect(await run(all, {})).toEqual([]);
      }),
      { numRuns: 12 },
    );
  });

  it('LR3 tell each of 500 members exactly who is there', async () => {
    const [all] = fc.sample(steps, 1);
    expect(await run(f.sure(all), { members: 450 })).toEqual([]);
  });

  it('LR3 the control: with newcomers that share the path at once, members are told twice', async () => {
    const [all] = fc.sample(steps, { numRuns: 1, seed: 5 });
    expect((await run(f.sure(all), { isSpoilt: true })).some((fault) => fault.includes('joined twice'))).toBe(true);
  });
});
