import { beforeEach, describe, expect, it } from 'vitest';
import { createMemoryNodeStore } from '../../../src/adapters/memory/node-store.js';
import { LEASE_MS, Membership } from '../../../src/cluster/membership.js';
import type { NodeStore } from '../../../src/ports/node-store.js';
import * as f from '../../contract/suites/fixtures.js';
import { ManualClock } from '../../support/manual-clock.js';
import { silentLog } from '../../support/silent-log.js';

const REPORT = {
  startedAtMs: 0,
  labels: {},
  publicUrl: '',
  address: '',
  connections: 0,
  sessions: 0,
  version: '',
  engine: '',
};

describe('the lease of a node', () => {
  let clock: ManualClock;
  let storeClock: ManualClock;
  let nodes: NodeStore;
  let regained: number;
  let release: () => void;
  let isHeldUp: boolean;
  let membership: Membership;

  beforeEach(async () => {
    clock = new ManualClock();
    storeClock = new ManualClock();
    nodes = createMemoryNodeStore(storeClock);
    regained = 0;
    isHeldUp = false;
    membership = new Membership({
      nodes: { heartbeat: (report, leaseMs) => nodes.heartbeat(report, leaseMs), leave: (id) => nodes.leave(id) },
      clock,
      log: silentLog,
      self: f.HERE,
      report: () => REPORT,
      onLeaseRegained: () => {
        regained += 1;
        return isHeldUp ? new Promise((resolve) => (release = resolve)) : Promise.resolve();
      },
    });
    await membership.start();
  });

  async function beat(): Promise<void> {
    storeClock.advance(1_000);
    clock.advance(1_000);
    for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }

  it('HM11, HM9 the store has lost the node: nothing is acked before its rooms are checked, nothing claimed for a lease', async () => {
    for (let n = 0; n < 5; n += 1) await beat();
    // The control: while the store has what it was told, it is asked for nothing.
    expect([regained, membership.leaseHeld()]).toEqual([1, true]);
    expect(await membership.refresh()).toEqual({ isReliable: true });
    nodes = createMemoryNodeStore(storeClock);
    isHeldUp = true;
    await beat();
    expect([regained, membership.leaseHeld()]).toEqual([2, false]);
    release();
    await beat();
    expect(membership.leaseHeld()).toBe(true);
    expect(await membership.refresh()).toEqual({ isReliable: false });
    for (let ms = 0; ms < LEASE_MS; ms += 1_000) await beat();
    expect(await membership.refresh()).toEqual({ isReliable: true });
    expect(regained).toBe(2);
  });

  it('HM10 a replica that lagged has an older lease, which is noticed as well', async () => {
    for (let n = 0; n < 2; n += 1) await beat();
    const lagging = createMemoryNodeStore(storeClock);
    await lagging.heartbeat({ ...REPORT, id: f.HERE, state: 'ready' }, LEASE_MS);
    nodes = lagging;
    await beat();
    expect(regained).toBe(1);
    const older = createMemoryNodeStore(storeClock);
    await older.heartbeat({ ...REPORT, id: f.HERE, state: 'ready' }, LEASE_MS - 1);
    nodes = older;
    await beat();
    expect(regained).toBe(2);
  });

  it('HM4 it tells the time by the store, however wrong the clock of its machine is', async () => {
    clock.step(-90_000);
    await beat();
    expect(membership.storeNowMs()).toBe(storeClock.nowMs());
    clock.step(200_000);
    clock.advance(500);
    expect(membership.storeNowMs()).toBe(storeClock.nowMs() + 500);
  });
});
