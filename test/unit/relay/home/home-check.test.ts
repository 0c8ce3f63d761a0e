import { beforeEach, describe, expect, it } from 'vitest';
import { OVER_KEPT_MS, type RelayStore } from '../../../../src/ports/relay-store.js';
import type { Reach } from '../../../../src/ports/enforcer.js';
import type { RemovedUser } from '../../../../src/ports/relay-seat.js';
import { LocalEnforcer } from '../../../../src/relay/home/local-enforcer.js';
import { Failure } from '../../../../src/protocol/failure.js';
import * as f from '../../../contract/suites/fixtures.js';
import { HomeStage } from '../../../support/home.js';

describe('an order that comes after a check', () => {
  it('MN1 counts the socket that the check has closed, once', async () => {
    const home = new HomeStage();
    const { room, ann, ben } = await home.roomOfTwo();
    const { index } = f.sure([...room.members.values()].find(({ outlet }) => outlet?.socket === ben.socket));
    const selector = { by: 'index', index } as const;
    const kicked = await home.real.kick({ sessionId: room.id, scope: 'all', selector, ban: false });
    if (kicked.outcome !== 'kicked') throw new Error(kicked.outcome);
    await home.pass(250);
    await home.homeCheck.checkAll();
    expect([ben.socket.closedWith, ann.socket.closedWith]).toEqual(['kicked', null]);
    const enforcer = new LocalEnforcer(home.rooms);
    const order = (): Promise<Reach> => enforcer.remove(room.id, kicked.removed, { reason: 'kicked', detail: null });
    expect((await order()).closed).toBe(1);
    expect((await order()).closed).toBe(0);
  });

  it('MN1 counts it also when the room went with its last member, for 2 s', async () => {
    const home = new HomeStage();
    const { room } = await home.roomOfTwo();
    const enforcer = new LocalEnforcer(home.rooms);
    const kicked: RemovedUser[] = [];
    for (const { index } of [...room.members.values()]) {
      const outcome = await home.real.kick({
        sessionId: room.id,
        scope: 'all',
        selector: { by: 'index', index },
        ban: false,
      });
      if (outcome.outcome !== 'kicked') throw new Error(outcome.outcome);
      kicked.push(outcome.removed);
    }
    await home.pass(250);
    await home.homeCheck.checkAll();
    expect(home.rooms.findSockets(room.id)).toBeNull();
    const order = async (at: number): Promise<number> =>
      (await enforcer.remove(room.id, f.sure(kicked[at]), { reason: 'kicked', detail: null })).closed;
    expect([await order(0), await order(0)]).toEqual([1, 0]);
    await home.pass(2_000);
    expect(await order(1)).toBe(0);
  });
});

describe('the end of a room', () => {
  let home: HomeStage;

  beforeEach(() => {
    home = new HomeStage();
    home.homeCheck.start();
  });

  it.each([60_000, -60_000, 300_000, -300_000])(
    'HM4 does not depend on the machine clock: %d ms off, with the store up and away',
    async (offMs) => {
      home.clock.step(offMs);
      for (const isUp of [true, false]) {
        home.isUp = true;
        const room = await home.open(10_000);
        home.isUp = isUp;
        await home.pass(9_750);
        expect(home.isLive(room.id)).toBe(true);
        await home.pass(500);
        expect(home.isLive(room.id)).toBe(false);
        expect(room.ended).toBe('session_expired');
      }
    },
  );

  it('HM4 waits for the store a second at most, when it was prolonged elsewhere it stays', async () => {
    const room = await home.open(10_000);
    await home.pass(5_000);
    await home.real.update(room.id, 'all', { ttlMs: 10_000 });
    await home.pass(9_000);
    expect(home.isLive(room.id)).toBe(true);
    home.instead.check = () => new Promise(() => undefined);
    await home.pass(1_750);
    expect(home.isLive(room.id)).toBe(true);
    await home.pass(500);
    expect(room.ended).toBe('session_expired');
  });

  it('HM5 an answer that is older than what the room was told since does not undo it', async () => {
    const room = await home.open(60_000);
    await home.pass(500);
    await home.real.update(room.id, 'all', { metadata: 'older' });
    home.instead.check = async (node, claims) => {
      delete home.instead.check;
      const states = await home.real.check(node, claims);
      const session = await home.real.update(room.id, 'all', { metadata: 'newer' });
      if (session !== null) room.applySettings(session);
      return states;
    };
    await home.pass(2_000);
    expect(home.instead.check).toBeUndefined();
    expect(room.session.metadata).toBe('newer');
    await home.pass(500);
    expect([room.session.metadata, room.copy.isSuspect]).toEqual(['newer', false]);
  });

  it('HM8 is not put off by what nobody can tell any more: unconfirmed for too long, and missing', async () => {
    const room = await home.open(3 * OVER_KEPT_MS);
    await home.pass(1_000);
    home.instead.check = () => Promise.reject(new Failure('store_unavailable'));
    await home.pass(OVER_KEPT_MS);
    await home.real.end(room.id, 'all');
    home.storeClock.advance(OVER_KEPT_MS);
    delete home.instead.check;
    await home.pass(2_500);
    expect(room.ended).toBe('store_unavailable');
    expect(await home.real.get(room.id, 'all')).toBeNull();
  });

  it('HM6 comes by its own time for one that was put back', async () => {
    const room = await home.open(20_000);
    await home.pass(3_000);
    const missing: RelayStore['check'] = (_home, claims) => Promise.resolve(claims.map(() => ({ state: 'missing' })));
    home.instead.check = missing;
    await home.pass(16_500);
    expect(home.isLive(room.id)).toBe(true);
    await home.pass(1_000);
    expect(room.ended).toBe('session_expired');
  });

  it('HM10 a seat that the store thinks taken and no member has is given back', async () => {
    const room = await home.open(60_000);
    await home.pass(500);
    const ghost = await f.joinMinted(home.real, room.id);
    await home.pass(9_000);
    expect((await home.real.get(room.id, 'all'))?.seats).toHaveLength(2);
    await home.pass(6_000);
    expect((await home.real.get(room.id, 'all'))?.seats.map(({ userId }) => userId)).not.toContain(ghost.userId);
  });
});
