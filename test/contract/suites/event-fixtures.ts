/** Fixtures of the event rules. */
import type { EventFacts, EventRecord } from '../../../src/ports/event.js';
import type { FeedEntry, FeedHold } from '../../../src/ports/event-feed.js';
import type { EventPage, LogEntry, LogName } from '../../../src/ports/event-log.js';
import type { Store } from '../../../src/ports/store.js';
import type { SessionId } from '../../../src/protocol/ids.js';
import * as f from './fixtures.js';

export const LEASE_MS = 2_000;
export const ALL: LogName = { of: 'all' };
export const DEPLOYMENT: LogName = { of: 'deployment' };
export const OF_ACME: LogName = { of: 'project', projectId: f.ACME };
export const OF_OTHER: LogName = { of: 'project', projectId: f.OTHER };

export function entriesOf(page: EventPage | null): readonly LogEntry[] {
  if (page?.outcome !== 'read') throw new Error(`expected to read, was ${JSON.stringify(page)}`);
  return page.entries;
}

/** All events of a session, oldest first. */
export async function sessionEvents({ events }: Store, id: SessionId): Promise<readonly EventRecord[]> {
  return entriesOf(await events.ofSession(id, 'all', 0, 2000)).map(({ event }) => event);
}

/** The facts of a session's events, oldest first, without those of its beginning. */
export async function told(store: Store, id: SessionId): Promise<readonly EventFacts[]> {
  const [, ...facts] = (await sessionEvents(store, id)).map((event) => event.facts);
  return facts;
}

export async function logged({ events }: Store, log: LogName, after = 0): Promise<readonly EventRecord[]> {
  return entriesOf(await events.of(log, after, 2000)).map(({ event }) => event);
}

export const factsOf = (events: readonly EventRecord[]): readonly EventFacts[] => events.map(({ facts }) => facts);
export const idsOf = (events: readonly EventRecord[]): readonly string[] => events.map(({ id }) => id);

export async function claimed({ feed }: Store, partition: number, nodeId = f.HERE): Promise<FeedHold> {
  return f.sure(await feed.claim(partition, nodeId, LEASE_MS));
}

/** Publishes and settles whatever the feed holds, as a dispatcher does, and returns the events. */
export async function dispatch(store: Store, nodeId = f.HERE): Promise<readonly EventRecord[]> {
  const { feed } = store;
  const all: EventRecord[] = [];
  for (let partition = 0; partition < feed.partitions; partition += 1) {
    const hold = await claimed(store, partition, nodeId);
    for (let batch = await entriesIn(store, partition); batch.length > 0; batch = await entriesIn(store, partition)) {
      await feed.publish(partition, batch);
      await feed.settle(hold, f.sure(batch.at(-1)).position);
      all.push(...batch.map(({ event }) => event));
    }
    await feed.release(hold);
  }
  return all;
}

export async function entriesIn({ feed }: Store, partition: number, limit = 100): Promise<readonly FeedEntry[]> {
  return (await feed.read(partition, limit)).entries;
}

/** The partition that holds events now; there must be one. */
export async function busyPartition(store: Store): Promise<number> {
  for (let partition = 0; partition < store.feed.partitions; partition += 1) {
    if ((await entriesIn(store, partition, 1)).length > 0) return partition;
  }
  throw new Error('the fixture is wrong: the feed is empty');
}
