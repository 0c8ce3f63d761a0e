import { beforeEach, describe, expect, it } from 'vitest';
import { createMemoryRoomIndex } from '../../../../src/adapters/memory/room-index.js';
import type { RoomIndex } from '../../../../src/ports/room-index.js';
import { Failure } from '../../../../src/protocol/failure.js';
import { RoomLedger } from '../../../../src/relay/home/room-ledger.js';
import * as f from '../../../contract/suites/fixtures.js';
import { ManualClock } from '../../../support/manual-clock.js';
import { silentLog } from '../../../support/silent-log.js';

describe('the ledger of rooms', () => {
  const [one, two] = [f.sessionId(), f.sessionId()];
  let clock: ManualClock;
  let index: RoomIndex;
  let isUp: boolean;
  let ledger: RoomLedger;

  beforeEach(() => {
    clock = new ManualClock();
    index = createMemoryRoomIndex(clock);
    isUp = true;
    const guarded = <T>(call: () => Promise<T>): Promise<T> =>
      isUp ? call() : Promise.reject(new Failure('store_unavailable', { retryAfterS: 1 }));
    ledger = new RoomLedger({
      index: {
        add: (home, ids) => guarded(() => index.add(home, ids)),
        remove: (home, ids) => guarded(() => index.remove(home, ids)),
      },
      self: f.HERE,
      clock,
      log: silentLog,
    });
    ledger.start();
  });

  async function pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 1_000) {
      clock.advance(1_000);
      for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Looks without a claim that outlives the test's next look. */
  const noted = async (): Promise<readonly string[]> => {
    const found = await index.claim(f.HERE, 10);
    await index.add(f.HERE, found);
    return found;
  };

  it('FO7 notes a room at once, and removes it within a second after it has closed, unless it is open again', async () => {
    await Promise.all([ledger.note(one), ledger.note(two)]);
    expect(await noted()).toEqual([one, two]);
    ledger.onClosed(one);
    ledger.onClosed(two);
    await ledger.note(two);
    await pass(1_000);
    expect(await noted()).toEqual([two]);
  });

  it('FO7 removes what could not be removed once the store is back', async () => {
    await ledger.note(one);
    ledger.onClosed(one);
    isUp = false;
    await pass(2_000);
    expect(await noted()).toEqual([one]);
    isUp = true;
    await pass(1_000);
    expect(await index.homes()).toEqual([]);
  });

  it('FO7 notes every room again within a minute after the store has lost them', async () => {
    await ledger.note(one);
    index = createMemoryRoomIndex(clock);
    await pass(59_000);
    expect(await index.homes()).toEqual([]);
    await pass(1_000);
    expect(await noted()).toEqual([one]);
    ledger.stop();
    expect(clock.pendingTimers).toBe(0);
  });
});
