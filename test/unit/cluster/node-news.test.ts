import { expect, test } from 'vitest';
import { createMemoryStore } from '../../../src/adapters/memory/memory-store.js';
import { Membership } from '../../../src/cluster/membership.js';
import type { NodeFacts } from '../../../src/ports/event.js';
import type { NodeId } from '../../../src/protocol/ids.js';
import { Failure } from '../../../src/protocol/failure.js';
import { DEPLOYMENT, factsOf, logged } from '../../contract/suites/event-fixtures.js';
import * as f from '../../contract/suites/fixtures.js';
import { ManualClock } from '../../support/manual-clock.js';
import { silentLog } from '../../support/silent-log.js';

const LEASE_MS = 1_500;
const BEAT_MS = LEASE_MS / 5;
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

function stage() {
  const clock = new ManualClock();
  const store = createMemoryStore({ clock });
  let failure: Failure | null = null;
  const membershipOf = (self: NodeId): Membership =>
    new Membership({
      nodes: { ...store.nodes, isShared: true },
      events: {
        append: (facts) => {
          if (failure === null) return store.events.append(facts);
          const error = failure;
          failure = null;
          return Promise.reject(error);
        },
      },
      clock,
      log: silentLog,
      tallies: { leaseGaps: 0 },
      self,
      leaseMs: LEASE_MS,
      longestLeaseMs: LEASE_MS,
      report: () => REPORT,
      hears: () => true,
      onLeaseRegained: () => Promise.resolve(),
    });
  return {
    clock,
    store,
    membershipOf,
    failNext: (code: 'store_unavailable' | 'outcome_unknown') => {
      failure = new Failure(code, { retryAfterS: 1 });
    },
    pass: async (ms: number) => {
      for (let passed = 0; passed < ms; passed += BEAT_MS) {
        clock.advance(BEAT_MS);
        for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      }
    },
    told: async () => factsOf(await logged(store, DEPLOYMENT)),
  };
}

const news = (type: NodeFacts['type'], nodeId: NodeId): NodeFacts => ({ type, nodeId });

test('EV29 a node joins once, is drained once, and is not lost when it leaves', async () => {
  const { membershipOf, pass, told } = stage();
  const [here, other] = [membershipOf(f.HERE), membershipOf(f.ELSEWHERE)];
  await here.start();
  await other.start();
  await pass(2 * LEASE_MS);
  await here.drain();
  here.noteDrained();
  await here.stop();
  await pass(2 * LEASE_MS);
  await other.stop();
  expect(await told()).toEqual([
    news('node.joined', f.HERE),
    news('node.joined', f.ELSEWHERE),
    news('node.drained', f.HERE),
  ]);
});

test('EV29 a node that is silent is lost once, whoever sees it, and joins when it comes back', async () => {
  const { store, membershipOf, pass, told } = stage();
  const nodes = ['a', 'b', 'c'].map((letter) => membershipOf(f.nodeId(letter)));
  const silent = f.nodeId('d');
  await store.nodes.heartbeat({ id: silent, state: 'ready', ...REPORT }, LEASE_MS);
  for (const node of nodes) await node.start();
  await pass(3 * LEASE_MS);
  const back = membershipOf(silent);
  await back.start();
  await pass(LEASE_MS);
  const about = (await told()).filter((facts) => 'nodeId' in facts && facts.nodeId === silent);
  expect(about).toEqual([news('node.lost', silent), news('node.joined', silent)]);
  for (const node of [...nodes, back]) await node.stop();
});

test('EV29 what the store does not take is written later, what it may have taken is not written again', async () => {
  const { membershipOf, pass, told, failNext } = stage();
  const [here, other] = [membershipOf(f.HERE), membershipOf(f.ELSEWHERE)];
  failNext('store_unavailable');
  await here.start();
  await pass(BEAT_MS);
  expect(await told()).toEqual([news('node.joined', f.HERE)]);
  failNext('outcome_unknown');
  await other.start();
  await pass(LEASE_MS);
  failNext('store_unavailable');
  here.noteDrained();
  await pass(BEAT_MS);
  await here.stop();
  await other.stop();
  expect(await told()).toEqual([news('node.joined', f.HERE), news('node.drained', f.HERE)]);
});
