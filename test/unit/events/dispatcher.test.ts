import { beforeEach, describe, expect, test } from 'vitest';
import { MemoryEventFeed } from '../../../src/adapters/memory/event-feed.js';
import { Dispatcher } from '../../../src/events/dispatcher.js';
import type { EventFeed, FeedEntry, FeedHold } from '../../../src/ports/event-feed.js';
import type { CallKind, TakeTime } from '../../../src/ports/node-calls.js';
import type { NodeRecord } from '../../../src/ports/node-store.js';
import type { EventRecord } from '../../../src/ports/event.js';
import { emptyTallies } from '../../../src/ports/metrics.js';
import { Failure } from '../../../src/protocol/failure.js';
import type { NodeId } from '../../../src/protocol/ids.js';
import { ELSEWHERE, HERE } from '../../contract/suites/fixtures.js';
import { ManualClock } from '../../support/manual-clock.js';
import { silentLog } from '../../support/silent-log.js';

/** How long a partition waits for a node that died. */
const LEASE_MS = 2_000;
const GATHER_MS = 10;

interface Message {
  readonly kind: string;
  readonly body: unknown;
}

/** The nodes of one cluster, which share a feed of one partition. */
class Cluster {
  readonly feed: MemoryEventFeed;
  readonly live = new Set<NodeId>();
  readonly draining = new Set<NodeId>();
  /** They were killed: nothing that they call is heard. */
  readonly dead = new Set<NodeId>();
  readonly announced: Message[] = [];
  /** `<node> <event>` in the order in which the events were settled. */
  readonly settled: string[] = [];
  isNewsLost = false;
  /** How many entries the next pages of the feed have. */
  readonly pages: number[] = [];
  private readonly served = new Map<NodeId, (body: unknown) => void>();

  constructor(readonly clock: ManualClock) {
    this.feed = new MemoryEventFeed(clock, 10);
  }

  node(self: NodeId) {
    this.live.add(self);
    const { feed, clock, live, draining, settled } = this;
    const tallies = emptyTallies();
    const taken: FeedHold[] = [];
    const settle = async (hold: FeedHold, entries: readonly FeedEntry[]) => {
      const isSettled = await feed.settle(hold, entries.at(-1)?.position ?? '');
      if (isSettled) for (const { event } of entries) settled.push(`${self} ${event.id}`);
      return isSettled;
    };
    const dispatcher = new Dispatcher({
      feed: this.feedOf(self),
      work: { taken: (hold) => taken.push(hold), lost: () => Promise.resolve(), settle },
      placement: {
        self,
        nodes: () => [...live].map((id) => ({ id, state: draining.has(id) ? 'draining' : 'ready' }) as NodeRecord),
        draining: () => draining.has(self),
      },
      calls: {
        announce: <B>(kind: CallKind<B, number>, body: B) => {
          this.announced.push({ kind: kind.name, body });
          if (this.isNewsLost) return;
          for (const [id, run] of this.served) if (id !== self) run(body);
        },
        serve: <B, A>(_kind: CallKind<B, A>, run: (body: B, from: NodeId, takeTime: TakeTime) => A | Promise<A>) => {
          this.served.set(self, (body) => {
            Promise.resolve(run(body as B, self, () => undefined)).catch(() => undefined);
          });
        },
      },
      clock,
      log: silentLog,
      tallies,
    });
    dispatcher.serve();
    return { self, dispatcher, tallies, taken };
  }

  /** The feed as one node sees it: a dead node reaches nothing, and each hears what its own calls write. */
  private feedOf(self: NodeId): EventFeed {
    const { feed, writers } = this;
    const reach = async <T>(run: () => Promise<T>): Promise<T> => {
      if (this.dead.has(self)) throw new Failure('store_unavailable', { retryAfterS: 1 });
      return run();
    };
    return {
      partitions: feed.partitions,
      onWritten: (listen) => void writers.set(self, listen),
      claim: (partition, nodeId, leaseMs) => reach(() => feed.claim(partition, nodeId, leaseMs)),
      release: (hold) => reach(() => feed.release(hold)),
      read: (partition, limit) => reach(() => feed.read(partition, this.pages.shift() ?? limit)),
      publish: () => reach(() => feed.publish()),
      settle: (hold, upTo) => reach(() => feed.settle(hold, upTo)),
    };
  }

  readonly writers = new Map<NodeId, (partition: number) => void>();

  /** The node's store writes an event and tells the node. */
  write(by: NodeId, id: string): void {
    this.feed.add({ id } as EventRecord);
    this.writers.get(by)?.(0);
  }

  async pass(ms: number): Promise<void> {
    await turns();
    for (let passed = 0; passed < ms; passed += 5) {
      this.clock.advance(5);
      await turns();
    }
  }
}

/** Lets every promise that can settle do so. */
async function turns(): Promise<void> {
  for (let i = 0; i < 3; i += 1) await new Promise((resolve) => setImmediate(resolve));
}

describe('the dispatcher of events', () => {
  let cluster: Cluster;
  let owner: ReturnType<Cluster['node']>;
  let other: ReturnType<Cluster['node']>;

  beforeEach(async () => {
    cluster = new Cluster(new ManualClock());
    const [a, b] = [cluster.node(HERE), cluster.node(ELSEWHERE)];
    await Promise.all([a.dispatcher.start(), b.dispatcher.start()]);
    [owner, other] = a.taken.length === 1 ? [a, b] : [b, a];
  });

  test('ED1 one node of the cluster owns a partition', () => {
    expect([owner.taken.length, other.taken.length]).toEqual([1, 0]);
  });

  test('ED2 the owner carries on what it writes, and within milliseconds what another node writes', async () => {
    cluster.write(owner.self, 'mine');
    await cluster.pass(GATHER_MS);
    expect(cluster.settled).toEqual([`${owner.self} mine`]);
    cluster.write(other.self, 'yours');
    await cluster.pass(5 + GATHER_MS);
    expect(cluster.settled).toEqual([`${owner.self} mine`, `${owner.self} yours`]);
    expect(owner.tallies.eventsDispatched).toBe(2);
  });

  test('ED2 many events of one moment are told in one message', async () => {
    for (let i = 0; i < 8; i += 1) cluster.write(other.self, `e${String(i)}`);
    await cluster.pass(5);
    expect(cluster.announced).toEqual([{ kind: 'events.written', body: { partitions: [0] } }]);
  });

  test('ED3 an event whose writer died before it told is carried on within a second or so', async () => {
    cluster.isNewsLost = true;
    cluster.write(other.self, 'untold');
    await cluster.pass(1_050);
    expect(cluster.settled).toEqual([`${owner.self} untold`]);
  });

  test('ED4 the other node takes over what a dead owner left, in order and once', async () => {
    cluster.dead.add(owner.self);
    cluster.live.delete(owner.self);
    for (const id of ['one', 'two', 'three']) cluster.feed.add({ id } as EventRecord);
    await cluster.pass(1_000);
    expect(cluster.settled).toEqual([]);
    await cluster.pass(LEASE_MS);
    expect(cluster.settled).toEqual(['one', 'two', 'three'].map((id) => `${other.self} ${id}`));
    // It was only frozen, and comes back: it owns nothing.
    cluster.dead.delete(owner.self);
    cluster.write(owner.self, 'four');
    await cluster.pass(1_000);
    expect(cluster.settled.at(-1)).toBe(`${other.self} four`);
    expect(cluster.settled).toHaveLength(4);
  });

  test('ED5 a node that drains gives its partitions up at once', async () => {
    cluster.draining.add(owner.self);
    cluster.live.delete(owner.self);
    await cluster.pass(1_100);
    expect(other.taken).toHaveLength(1);
    cluster.write(other.self, 'after');
    await cluster.pass(GATHER_MS);
    expect(cluster.settled).toEqual([`${other.self} after`]);
  });

  test('ED5 the last node carries on while it drains', async () => {
    for (const { self } of [owner, other]) cluster.draining.add(self);
    await cluster.pass(1_100);
    cluster.write(owner.self, 'late');
    await cluster.pass(GATHER_MS);
    expect(cluster.settled).toEqual([`${owner.self} late`]);
  });

  test('ED7 it reads on at once after a page that was cut short, also when the page is empty', async () => {
    cluster.pages.push(1, 0, 2, 0, 1);
    for (const id of ['one', 'two', 'three', 'four']) cluster.feed.add({ id } as EventRecord);
    cluster.write(owner.self, 'five');
    await cluster.pass(6 * GATHER_MS);
    expect(cluster.settled).toEqual(['one', 'two', 'three', 'four', 'five'].map((id) => `${owner.self} ${id}`));
  });

  test('ED6 what the feed dropped is counted once', async () => {
    cluster.isNewsLost = true;
    await cluster.pass(1_000);
    for (let i = 0; i < 15; i += 1) cluster.feed.add({ id: String(i) } as EventRecord);
    cluster.write(owner.self, 'last');
    await cluster.pass(GATHER_MS);
    expect(owner.tallies.eventsDropped).toBe(6);
    expect(cluster.settled).toHaveLength(10);
    await cluster.pass(2_000);
    expect(owner.tallies.eventsDropped).toBe(6);
  });
});
