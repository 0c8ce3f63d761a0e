import type { EventFeed, FeedEntry, FeedHold, FeedPage } from '../../ports/event-feed.js';
import { EVENT_KEPT_MS, MAX_LOG_EVENTS } from '../../ports/event-log.js';
import type { NodeId } from '../../protocol/ids.js';
import { decodeFed, storedFormOf } from './event-codec.js';
import { logsOf } from './event-log.js';
import type { Keys } from './keys.js';
import type { Argument, RedisLink } from './link.js';
import { DIRECTORY_PARTITION } from './partitions.js';
import { asInteger, asList, asPairs } from './replies.js';
import type { Scripts } from './script.js';

/** The feed in Redis: a stream and an owner for each partition, in the partition's slot; docs/adr/0023-events.md. */
export class RedisEventFeed implements EventFeed {
  readonly partitions = DIRECTORY_PARTITION + 1;
  readonly #link: RedisLink;
  readonly #keys: Keys;
  readonly #scripts: Scripts;
  readonly #partitionOf: ReadonlyMap<string, number>;
  readonly #listeners: ((partition: number) => void)[] = [];

  constructor(link: RedisLink, keys: Keys, scripts: Scripts) {
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
    const keys = [this.#keys.feed(partition), this.#keys.feedOwner(partition)];
    const [dropped, ...rest] = asList(await this.#link.run('feed.read', this.#scripts.feedRead, keys, [limit]));
    const entries = asPairs(rest).map(([place, text]) => ({
      position: place,
      event: decodeFed({ partition, place, text }),
    }));
    return { entries, dropped: asInteger(dropped) };
  }

  async publish(partition: number, entries: readonly FeedEntry[]): Promise<void> {
    if (entries.length === 0) return;
    const numbers = new Map<string, number>();
    const numberOf = (log: string): number => {
      const number = numbers.get(log) ?? numbers.size + 1;
      numbers.set(log, number);
      return number;
    };
    const args = entries.flatMap(({ position, event }): Argument[] => [
      position,
      ...logsOf(event).map(numberOf),
      storedFormOf(event).text,
    ]);
    const logs = [...numbers.keys()];
    const keys = [this.#keys.logs, ...logs.map((log) => this.#keys.log(log))];
    const bounds = [partition, MAX_LOG_EVENTS, EVENT_KEPT_MS];
    await this.#link.run('feed.publish', this.#scripts.feedPublish, keys, [...bounds, logs.length, ...logs, ...args]);
  }

  async settle({ partition, nodeId, epoch }: FeedHold, upTo: string): Promise<boolean> {
    const keys = [this.#keys.feed(partition), this.#keys.feedOwner(partition)];
    const reply = await this.#link.run('feed.settle', this.#scripts.feedSettle, keys, [nodeId, epoch, upTo]);
    return asInteger(reply) === 1;
  }
}
