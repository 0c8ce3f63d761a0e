import type { EventFeed, FeedEntry, FeedHold, FeedPage } from '../../ports/event-feed.js';
import { EVENT_KEPT_MS, MAX_LOG_BYTES, MAX_LOG_EVENTS } from '../../ports/event-log.js';
import type { NodeId } from '../../protocol/ids.js';
import { decodeFed, storedFormOf } from './event-codec.js';
import { logsOf, PAGE_BYTES } from './event-log.js';
import type { Keys } from './keys.js';
import type { Argument, RedisLink } from './link.js';
import { DIRECTORY_PARTITION } from './partitions.js';
import { asInteger, asList, asPairs } from './replies.js';
import type { Scripts } from './script.js';
import { TurnBatch } from './turn-batch.js';

/** The most partitions whose events one script publishes. It holds up Redis for as long as it runs. */
const PUBLISHED_TOGETHER = 16;

/** The feed in Redis: a stream and an owner for each partition, in the partition's slot; docs/adr/0023-events.md. */
export class RedisEventFeed implements EventFeed {
  readonly partitions = DIRECTORY_PARTITION + 1;
  readonly #link: RedisLink;
  readonly #keys: Keys;
  readonly #scripts: Scripts;
  readonly #partitionOf: ReadonlyMap<string, number>;
  readonly #listeners: ((partition: number) => void)[] = [];

  readonly #maxFeedEvents: number;
  readonly #reads: TurnBatch<Read, unknown>;
  readonly #publications: TurnBatch<Publication, true>;
  readonly #settlements: TurnBatch<Settlement, unknown>;

  constructor(link: RedisLink, keys: Keys, scripts: Scripts, maxFeedEvents: number) {
    this.#maxFeedEvents = maxFeedEvents;
    // On a cluster the partitions lie in different slots. The logs share one.
    const together = link.isCluster ? 1 : this.partitions;
    this.#reads = new TurnBatch((reads) => this.#readAll(reads), together);
    this.#publications = new TurnBatch((publications) => this.#publishAll(publications), PUBLISHED_TOGETHER);
    this.#settlements = new TurnBatch((settlements) => this.#settleAll(settlements), together);
    this.#link = link;
    this.#keys = keys;
    this.#scripts = scripts;
    this.#partitionOf = new Map(
      Array.from({ length: this.partitions }, (_none, partition) => [keys.feed(partition), partition]),
    );
  }

  onWritten(listen: (partition: number) => void): void {
    this.#listeners.push(listen);
  }

  /** The link's calls may have written events to the feed with this key. */
  onFed(feed: string): void {
    const partition = this.#partitionOf.get(feed);
    if (partition === undefined) throw new Error(`${feed} is not a feed`);
    for (const listen of this.#listeners) listen(partition);
  }

  async claim(partition: number, nodeId: NodeId, leaseMs: number): Promise<FeedHold | null> {
    const keys = [this.#keys.feedOwner(partition)];
    const epoch = await this.#link.run('feed.claim', this.#scripts.feedClaim, keys, [nodeId, leaseMs]);
    return epoch === null ? null : { partition, nodeId, epoch: asInteger(epoch) };
  }

  async release({ partition, nodeId, epoch }: FeedHold): Promise<void> {
    const keys = [this.#keys.feedOwner(partition)];
    await this.#link.run('feed.release', this.#scripts.feedRelease, keys, [nodeId, epoch]);
  }

  async read(partition: number, limit: number): Promise<FeedPage> {
    const [dropped, held, ...rest] = asList(await this.#reads.ask({ partition, limit }));
    const entries = asPairs(rest).map(([place, text]) => ({
      position: place,
      event: decodeFed({ partition, place, text }),
    }));
    return { entries, dropped: asInteger(dropped), hasMore: asInteger(held) > entries.length };
  }

  async publish(partition: number, entries: readonly FeedEntry[]): Promise<void> {
    if (entries.length > 0) await this.#publications.ask({ partition, entries });
  }

  async settle(hold: FeedHold, upTo: string): Promise<boolean> {
    return asInteger(await this.#settlements.ask({ hold, upTo })) === 1;
  }

  async #readAll(reads: readonly Read[]): Promise<readonly unknown[]> {
    const keys = reads.flatMap(({ partition }) => this.#keysOf(partition));
    const limit = Math.max(...reads.map((read) => read.limit));
    const args = [this.#maxFeedEvents, limit, PAGE_BYTES];
    return asList(await this.#link.run('feed.read', this.#scripts.feedRead, keys, args));
  }

  async #publishAll(publications: readonly Publication[]): Promise<readonly true[]> {
    const numbers = new Map<string, number>();
    const numberOf = (log: string): number => {
      const number = numbers.get(log) ?? numbers.size + 1;
      numbers.set(log, number);
      return number;
    };
    const args = publications.flatMap(({ partition, entries }) =>
      entries.flatMap(({ position, event }): Argument[] => [
        partition,
        position,
        ...logsOf(event).map(numberOf),
        storedFormOf(event).text,
      ]),
    );
    const logs = [...numbers.keys()];
    const keys = [this.#keys.logs, ...logs.map((log) => this.#keys.log(log))];
    const bounds = [MAX_LOG_EVENTS, EVENT_KEPT_MS, MAX_LOG_BYTES, logs.length];
    await this.#link.run('feed.publish', this.#scripts.feedPublish, keys, [...bounds, ...logs, ...args]);
    return publications.map(() => true);
  }

  async #settleAll(settlements: readonly Settlement[]): Promise<readonly unknown[]> {
    const keys = settlements.flatMap(({ hold }) => this.#keysOf(hold.partition));
    const args = settlements.flatMap(({ hold, upTo }) => [hold.nodeId, hold.epoch, upTo]);
    return asList(await this.#link.run('feed.settle', this.#scripts.feedSettle, keys, args));
  }

  #keysOf(partition: number): readonly string[] {
    return [this.#keys.feed(partition), this.#keys.feedOwner(partition)];
  }
}

interface Read {
  readonly partition: number;
  readonly limit: number;
}

interface Publication {
  readonly partition: number;
  readonly entries: readonly FeedEntry[];
}

interface Settlement {
  readonly hold: FeedHold;
  readonly upTo: string;
}
