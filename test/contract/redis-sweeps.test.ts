/** Sweeps of Redis: hints that come before their time do not hide what has expired. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openRedisStore, type OpenedStore } from '../support/stores.js';
import * as f from './suites/fixtures.js';
import * as i from './suites/identity-fixtures.js';

const LIMIT = 5;
/** Two sweeps of this limit find nothing else. */
const PROLONGED = 2 * LIMIT;

describe('sweeps of Redis', () => {
  let on: OpenedStore;

  beforeEach(async () => {
    on = await openRedisStore();
  });

  afterEach(() => on.close());

  test('RF9 relay sessions that got more time do not hide expired ones behind them', async () => {
    const { relay } = on.store;
    const prolonged = Array.from({ length: PROLONGED }, () => f.newSession({ ttlMs: 1_000 }));
    const expired = f.newSession({ ttlMs: 1_001 });
    for (const session of [...prolonged, expired]) await relay.create(session, []);
    for (const { id } of prolonged) await relay.update(id, 'all', { ttlMs: 60_000 });
    on.clock.advance(2_000);
    expect(await relay.sweepExpired(LIMIT)).toEqual([expired.id]);
    expect(await relay.sweepExpired(LIMIT)).toEqual([]);
    on.clock.advance(60_000);
    const later = [await relay.sweepExpired(LIMIT), await relay.sweepExpired(LIMIT)];
    expect(later.flat().sort()).toEqual(prolonged.map(({ id }) => id).sort());
  });

  test('RF9 user sessions that were touched do not hide expired ones behind them', async () => {
    const { userSessions } = on.store;
    const touched = [];
    for (let n = 0; n < PROLONGED; n += 1) touched.push(await i.openSession(userSessions, { inactivityMs: 1_000 }));
    const expired = await i.openSession(userSessions, { inactivityMs: 1_001 });
    for (const { id } of touched) await userSessions.change(id, { touch: { inactivityMs: 60_000 } });
    on.clock.advance(2_000);
    expect(i.idsOf(await userSessions.sweepDue(LIMIT))).toEqual([expired.id]);
    expect(await userSessions.sweepDue(LIMIT)).toEqual([]);
  });
});
