import { beforeEach, describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../../../src/adapters/memory/memory-store.js';
import { systemCrypto } from '../../../../src/adapters/system/crypto.js';
import { emptyTallies } from '../../../../src/ports/metrics.js';
import type { NodeRecord } from '../../../../src/ports/node-store.js';
import { OVER_KEPT_MS, type RelayStore } from '../../../../src/ports/relay-store.js';
import type { SessionId } from '../../../../src/protocol/ids.js';
import type { CloseName } from '../../../../src/protocol/close-codes.js';
import { Failure } from '../../../../src/protocol/failure.js';
import { AutoWindow } from '../../../../src/relay/room/auto-window.js';
import { Departures } from '../../../../src/relay/home/departures.js';
import { FlushSchedule } from '../../../../src/relay/room/flush-schedule.js';
import { HomeCheck } from '../../../../src/relay/home/home-check.js';
import type { Room } from '../../../../src/relay/room/room.js';
import { Rooms } from '../../../../src/relay/home/rooms.js';
import { SlabPool } from '../../../../src/relay/room/slab-pool.js';
import * as f from '../../../contract/suites/fixtures.js';
import { ManualClock } from '../../../support/manual-clock.js';
import { silentLog } from '../../../support/silent-log.js';

/** A home on a clock of its own, over a store on another. */
class Home {
  readonly clock = new ManualClock();
  readonly storeClock = new ManualClock();
  readonly real: RelayStore = createMemoryStore({ clock: this.storeClock }).relay;
  isUp = true;
  /** What stands in for the store's answer to a check. */
  check: RelayStore['check'] | null = null;
  readonly rooms: Rooms;
  readonly homeCheck: HomeCheck;
  readonly closed: CloseName[] = [];

  constructor() {
    const { clock, storeClock } = this;
    const store: RelayStore = new Proxy(this.real, {
      get: (real, name: keyof RelayStore) =>
        name === 'check' && this.check !== null ? this.check : real[name].bind(real),
    });
    const storeNowMs = (): number => storeClock.nowMs();
    const placement = {
      self: f.HERE,
      choose: () => null,
      find: () => null,
      nodes: (): readonly NodeRecord[] => [],
      refresh: () => Promise.resolve({ isReliable: true }),
      leaseHeld: () => true,
      storeNowMs,
      draining: () => false,
    };
    const log = silentLog;
    const departures = new Departures({ store, clock, log, self: f.HERE, storeNowMs });
    const tallies = emptyTallies();
    this.rooms = new Rooms({
      store,
      placement,
      crypto: systemCrypto(),
      departures,
      watches: { watch: () => ({ begin: () => undefined, stop: () => undefined }) },
      room: {
        ...{ clock, tallies },
        broadcaster: { publish: () => undefined },
        schedule: new FlushSchedule(clock, new AutoWindow(clock, { utilization: () => 0 }), () => undefined),
        replayBounds: { maxEntries: 10, maxBytes: 1000 },
        outletBounds: { softBytes: 1000, hardBytes: 10_000, maxBehindMs: 1000 },
        slabs: new SlabPool(1024, 1),
      },
    });
    const storeIsUp = (): boolean => this.isUp;
    this.homeCheck = new HomeCheck({
      ...{ store, rooms: this.rooms, departures, self: f.HERE, clock, log, tallies, storeIsUp },
    });
    this.homeCheck.start();
  }

  /** A room with a member that is away. */
  async open(ttlMs: number): Promise<Room> {
    const session = f.newSession({ ttlMs, resumeWindowMs: 10 * 3_600_000 });
    await this.real.create(session, []);
    const member = await f.joinMinted(this.real, session.id);
    await this.real.away(f.holdOf(session.id, member));
    const room = await this.rooms.open(session.id);
    this.rooms.release(room);
    return room;
  }

  /** Both clocks, a quarter of a second at a time, so that what was asked is answered in between. */
  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 250) {
      this.storeClock.advance(250);
      this.clock.advance(250);
      for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  isLive(id: SessionId): boolean {
    return this.rooms.find(id) !== null;
  }
}

describe('the end of a room', () => {
  let home: Home;

  beforeEach(() => {
    home = new Home();
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
    home.check = () => new Promise(() => undefined);
    await home.pass(1_750);
    expect(home.isLive(room.id)).toBe(true);
    await home.pass(500);
    expect(room.ended).toBe('session_expired');
  });

  it('HM5 an answer that is older than what the room was told since does not undo it', async () => {
    const room = await home.open(60_000);
    await home.pass(500);
    await home.real.update(room.id, 'all', { metadata: 'older' });
    home.check = async (node, claims) => {
      home.check = null;
      const states = await home.real.check(node, claims);
      const session = await home.real.update(room.id, 'all', { metadata: 'newer' });
      if (session !== null) room.applySettings(session);
      return states;
    };
    await home.pass(2_000);
    expect(home.check).toBeNull();
    expect(room.session.metadata).toBe('newer');
    await home.pass(500);
    expect([room.session.metadata, room.copy.isSuspect]).toEqual(['newer', false]);
  });

  it('HM8 is not put off by what nobody can tell any more: unconfirmed for too long, and missing', async () => {
    const room = await home.open(3 * OVER_KEPT_MS);
    await home.pass(1_000);
    home.check = () => Promise.reject(new Failure('store_unavailable'));
    await home.pass(OVER_KEPT_MS);
    await home.real.end(room.id, 'all');
    home.storeClock.advance(OVER_KEPT_MS);
    home.check = null;
    await home.pass(2_500);
    expect(room.ended).toBe('store_unavailable');
    expect(await home.real.get(room.id, 'all')).toBeNull();
  });

  it('HM6 comes by its own time for one that was put back', async () => {
    const room = await home.open(20_000);
    await home.pass(3_000);
    const missing: RelayStore['check'] = (_home, claims) => Promise.resolve(claims.map(() => ({ state: 'missing' })));
    home.check = missing;
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
