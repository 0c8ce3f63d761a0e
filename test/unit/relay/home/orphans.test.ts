import { beforeEach, describe, expect, it } from 'vitest';
import { createMemoryRoomIndex } from '../../../../src/adapters/memory/room-index.js';
import type { NodeRecord } from '../../../../src/ports/node-store.js';
import type { RoomIndex } from '../../../../src/ports/room-index.js';
import { Failure } from '../../../../src/protocol/failure.js';
import type { ErrorCode } from '../../../../src/protocol/errors.js';
import type { SessionId } from '../../../../src/protocol/ids.js';
import { Orphans } from '../../../../src/relay/home/orphans.js';
import type { Room } from '../../../../src/relay/room/room.js';
import * as f from '../../../contract/suites/fixtures.js';
import { HomeStage } from '../../../support/home.js';
import { ManualClock } from '../../../support/manual-clock.js';
import { silentLog } from '../../../support/silent-log.js';

const LEASE_MS = 1_500;

describe('the sessions of a dead node', () => {
  const [one, two] = [f.sessionId(), f.sessionId()];
  let clock: ManualClock;
  let index: RoomIndex;
  let room: Room;
  let nodes: NodeRecord[];
  let opened: SessionId[];
  let refuses: ErrorCode | null;
  let isDraining: boolean;
  let isHeld: boolean;
  let orphans: Orphans;

  beforeEach(async () => {
    clock = new ManualClock();
    index = createMemoryRoomIndex(clock);
    room = await new HomeStage().open(60_000);
    await index.add(f.ELSEWHERE, [one, two]);
    nodes = [];
    opened = [];
    refuses = null;
    isDraining = false;
    isHeld = true;
    orphans = new Orphans({
      index,
      rooms: {
        open: (id) => {
          opened.push(id);
          return refuses === null ? Promise.resolve(room) : Promise.reject(new Failure(refuses));
        },
        release: () => undefined,
      },
      placement: {
        self: f.HERE,
        nodes: () => nodes,
        isGone: (id) => Promise.resolve(nodes.every((node) => node.id !== id)),
        draining: () => isDraining,
        leaseHeld: () => isHeld,
        storeNowMs: () => clock.nowMs(),
      },
      clock,
      log: silentLog,
    });
  });

  function elsewhereLives(): void {
    const about = { startedAtMs: 0, labels: {}, publicUrl: '', address: '', connections: 0, sessions: 0 };
    const leaseUntilMs = clock.nowMs() + LEASE_MS;
    nodes = [{ id: f.ELSEWHERE, state: 'ready', ...about, version: '', engine: '', leaseUntilMs }];
  }

  async function pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 50) {
      clock.advance(50);
      for (let turn = 0; turn < 8; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  it('FO8 are claimed between 1.9 and 2 s after its lease, each once, and not while it lives', async () => {
    elsewhereLives();
    orphans.start();
    for (let ms = 0; ms < 3_000; ms += 300) {
      elsewhereLives();
      await pass(300);
    }
    expect(opened).toEqual([]);
    nodes = [];
    // The last renewal was 300 ms ago.
    await pass(LEASE_MS - 300 + 1_850);
    expect([opened, orphans.deadHomes]).toEqual([[], 1]);
    await pass(100);
    expect(opened).toEqual([one, two]);
    await pass(30_000);
    expect(opened).toEqual([one, two]);
    expect([await index.homes(), orphans.deadHomes]).toEqual([[], 0]);
  });

  it('FO8 are found by a node that never knew the dead one', async () => {
    orphans.start();
    await pass(3_000);
    expect(opened).toEqual([one, two]);
  });

  it('FO8 are left alone by a node that drains or has no lease', async () => {
    isDraining = true;
    orphans.start();
    await pass(15_000);
    isDraining = false;
    isHeld = false;
    await pass(15_000);
    expect(opened).toEqual([]);
    isHeld = true;
    await pass(3_000);
    expect(opened).toEqual([one, two]);
  });

  it('FO8 are tried again when the store failed, and forgotten when they are over', async () => {
    refuses = 'store_unavailable';
    orphans.start();
    await pass(3_000);
    expect(await index.homes()).toEqual([f.ELSEWHERE]);
    refuses = 'session_not_found';
    await pass(25_000);
    expect(opened).toEqual([one, two, one, two]);
    expect(await index.homes()).toEqual([]);
    orphans.stop();
  });
});
