import { beforeEach, describe, expect, it } from 'vitest';
import { createMemoryNodeStore } from '../../../src/adapters/memory/node-store.js';
import { Membership } from '../../../src/cluster/membership.js';
import type { NodeStore } from '../../../src/ports/node-store.js';
import { Failure } from '../../../src/protocol/failure.js';
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

const LEASE_MS = 1500;
const LONGEST_LEASE_MS = 2000;
const BEAT_MS = LEASE_MS / 5;

describe('the lease of a node', () => {
  let clock: ManualClock;
  let storeClock: ManualClock;
  let nodes: NodeStore;
  let heartbeats: number;
  let regained: number;
  let release: () => void;
  let isHeldUp: boolean;
  let isStoreUp: boolean;
  let isOtherHeard: boolean;
  let isShared: boolean;
  let tallies: { leaseGaps: number };
  let membership: Membership;

  beforeEach(async () => {
    clock = new ManualClock();
    storeClock = new ManualClock();
    nodes = createMemoryNodeStore(storeClock);
    heartbeats = 0;
    regained = 0;
    isHeldUp = false;
    isStoreUp = true;
    isOtherHeard = false;
    isShared = true;
    tallies = { leaseGaps: 0 };
    membership = new Membership({
      nodes: {
        get isShared() {
          return isShared;
        },
        heartbeat: (report, leaseMs) => {
          heartbeats += 1;
          return isStoreUp
            ? nodes.heartbeat(report, leaseMs)
            : Promise.reject(new Failure('store_unavailable', { retryAfterS: 1 }));
        },
        leave: (id) => nodes.leave(id),
      },
      events: { append: () => Promise.resolve() },
      clock,
      log: silentLog,
      tallies,
      self: f.HERE,
      leaseMs: LEASE_MS,
      longestLeaseMs: LONGEST_LEASE_MS,
      report: () => REPORT,
      hears: () => isOtherHeard,
      onLeaseRegained: () => {
        regained += 1;
        return isHeldUp ? new Promise((resolve) => (release = resolve)) : Promise.resolve();
      },
    });
    await membership.start();
  });

  async function settle(): Promise<void> {
    for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }

  /** Both clocks, one heartbeat of this node at a time. */
  async function pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += BEAT_MS) {
      storeClock.advance(BEAT_MS);
      clock.advance(BEAT_MS);
      await settle();
    }
  }

  /** Another node renews its lease, of its own length. */
  async function otherRenews(leaseMs: number): Promise<void> {
    await nodes.heartbeat({ ...REPORT, id: f.ELSEWHERE, state: 'ready' }, leaseMs);
  }

  /** The outcome of a wait; null while it waits. */
  function outcomeOf(wait: Promise<boolean>): () => boolean | null {
    let outcome: boolean | null = null;
    wait.then(
      (is) => (outcome = is),
      () => undefined,
    );
    return () => outcome;
  }

  it('FO1 a lease is renewed five times in its length', async () => {
    const before = heartbeats;
    await pass(LEASE_MS);
    expect(heartbeats - before).toBe(5);
  });

  it('FO2 nine tenths of a lease after the last renewal nothing may be acked, until all is compared', async () => {
    isStoreUp = false;
    clock.advance(LEASE_MS * 0.9 - 1);
    await settle();
    expect(membership.leaseHeld()).toBe(true);
    clock.advance(1);
    await settle();
    expect(membership.leaseHeld()).toBe(false);
    isStoreUp = true;
    isHeldUp = true;
    await pass(BEAT_MS);
    expect([regained, membership.leaseHeld(), tallies.leaseGaps]).toEqual([2, false, 1]);
    release();
    await settle();
    expect(membership.leaseHeld()).toBe(true);
  });

  it('FO10 a node alone on its store holds its lease through a pause of any length', async () => {
    isShared = false;
    isStoreUp = false;
    clock.advance(60_000);
    await settle();
    expect(membership.leaseHeld()).toBe(true);
    isStoreUp = true;
    await pass(BEAT_MS);
    expect([membership.leaseHeld(), tallies.leaseGaps]).toEqual([true, 0]);
    await membership.stop();
    expect(membership.leaseHeld()).toBe(false);
  });

  it('FO2 the lease is renewed while a long comparison runs, and another gap makes it run again', async () => {
    isStoreUp = false;
    await pass(LEASE_MS);
    isStoreUp = true;
    isHeldUp = true;
    await pass(LEASE_MS * 2);
    expect([regained, membership.leaseHeld()]).toEqual([2, false]);
    // The control: the store has held the lease all the time.
    expect((await nodes.heartbeat({ ...REPORT, id: f.ELSEWHERE, state: 'ready' }, 1)).live).toHaveLength(2);
    nodes = createMemoryNodeStore(storeClock);
    await pass(BEAT_MS);
    isHeldUp = false;
    release();
    await settle();
    expect([regained, membership.leaseHeld()]).toEqual([3, true]);
  });

  it('FO2 a comparison that fails begins again with the next renewal', async () => {
    nodes = createMemoryNodeStore(storeClock);
    isHeldUp = true;
    await pass(BEAT_MS);
    expect(membership.leaseHeld()).toBe(false);
    isHeldUp = false;
    await pass(BEAT_MS);
    expect([regained, membership.leaseHeld()]).toEqual([2, false]);
    release();
    await pass(BEAT_MS);
    expect([regained, membership.leaseHeld()]).toEqual([2, true]);
  });

  it('HM11, HM9 the store has lost the node: nothing is acked before its rooms are checked, nothing claimed for a lease', async () => {
    await pass(LONGEST_LEASE_MS);
    // The control: while the store has what it was told, it is asked for nothing.
    expect([regained, membership.leaseHeld()]).toEqual([1, true]);
    expect(await membership.isGone(f.ELSEWHERE)).toBe(true);
    nodes = createMemoryNodeStore(storeClock);
    isHeldUp = true;
    await pass(BEAT_MS);
    expect([regained, membership.leaseHeld()]).toEqual([2, false]);
    release();
    await pass(BEAT_MS);
    expect(membership.leaseHeld()).toBe(true);
    expect(await membership.isGone(f.ELSEWHERE)).toBe(false);
    await pass(LONGEST_LEASE_MS);
    expect(await membership.isGone(f.ELSEWHERE)).toBe(true);
    expect(regained).toBe(2);
  });

  it('HM10 a replica that lagged has an older lease, which is noticed as well', async () => {
    await pass(2 * BEAT_MS);
    const lagging = createMemoryNodeStore(storeClock);
    await lagging.heartbeat({ ...REPORT, id: f.HERE, state: 'ready' }, LEASE_MS);
    nodes = lagging;
    await pass(BEAT_MS);
    expect(regained).toBe(1);
    const older = createMemoryNodeStore(storeClock);
    await older.heartbeat({ ...REPORT, id: f.HERE, state: 'ready' }, LEASE_MS - 1);
    nodes = older;
    await pass(BEAT_MS);
    expect(regained).toBe(2);
  });

  it('FO3 a silent node is waited for until its own lease ends, whatever its length', async () => {
    await pass(LONGEST_LEASE_MS);
    for (const leaseMs of [600, 1800]) {
      await otherRenews(leaseMs);
      const outcome = outcomeOf(membership.isGone(f.ELSEWHERE));
      await pass(leaseMs - BEAT_MS);
      expect(outcome()).toBeNull();
      await pass(2 * BEAT_MS);
      expect(outcome()).toBe(true);
    }
  });

  it('FO3 a silent node that renews its lease is not gone, and one that is heard is not waited for', async () => {
    await pass(LONGEST_LEASE_MS);
    await otherRenews(LEASE_MS);
    const silent = outcomeOf(membership.isGone(f.ELSEWHERE));
    await pass(BEAT_MS);
    expect(silent()).toBeNull();
    expect(membership.reach(f.ELSEWHERE)).toBeNull();
    await otherRenews(LEASE_MS);
    await pass(2 * BEAT_MS);
    expect(silent()).toBe(false);
    isOtherHeard = true;
    expect(membership.reach(f.ELSEWHERE)).toMatchObject({ id: f.ELSEWHERE });
    expect(await membership.isGone(f.ELSEWHERE)).toBe(false);
  });

  it('FO3 a crowd that asks about one node costs two calls of the store', async () => {
    await pass(LONGEST_LEASE_MS);
    const before = heartbeats;
    const answers = await Promise.all(Array.from({ length: 100 }, () => membership.isGone(f.ELSEWHERE)));
    expect(new Set(answers)).toEqual(new Set([true]));
    expect(heartbeats - before).toBeLessThanOrEqual(2);
  });

  it('HM1 while the store does not answer, no node is called gone', async () => {
    await pass(LONGEST_LEASE_MS);
    await otherRenews(LEASE_MS);
    await pass(BEAT_MS);
    isStoreUp = false;
    const outcome = outcomeOf(membership.isGone(f.ELSEWHERE));
    await pass(LEASE_MS + BEAT_MS);
    expect(outcome()).toBe(false);
  });

  it('HM4 it tells the time by the store, however wrong the clock of its machine is', async () => {
    clock.step(-90_000);
    await pass(BEAT_MS);
    expect(membership.storeNowMs()).toBe(storeClock.nowMs());
    clock.step(200_000);
    clock.advance(BEAT_MS / 2);
    expect(membership.storeNowMs()).toBe(storeClock.nowMs() + BEAT_MS / 2);
  });
});
