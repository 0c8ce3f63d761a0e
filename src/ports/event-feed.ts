/**
 * The feed: events that the dispatcher has not handled yet, in the order in which the store wrote them. It has several
 * partitions. All events of one relay session are in one partition, and all of one user's sessions in one.
 *
 * One node at a time owns a partition. What a former owner still asks for changes nothing.
 */
import type { NodeId } from '../protocol/ids.js';
import type { EventRecord } from './event.js';

/** When a partition holds more, its oldest events are dropped, and `dropped` counts them. */
export const MAX_FEED_EVENTS = 100_000;
/** The bytes of large events in a partition of a shared store; when it holds more, it drops its oldest events too. */
export const MAX_FEED_BYTES = 64 * 1024 * 1024;

export interface FeedEntry {
  /** Opaque; orders the entries of a partition. */
  readonly position: string;
  readonly event: EventRecord;
}

export interface FeedPage {
  /** Oldest first. */
  readonly entries: readonly FeedEntry[];
  /** How many events the partition dropped since it exists, because it was full. */
  readonly dropped: number;
  /** Whether the partition held more than these entries. */
  readonly hasMore: boolean;
}

/** Names a node's ownership of a partition: a later owner has a higher epoch. */
export interface FeedHold {
  readonly partition: number;
  readonly nodeId: NodeId;
  readonly epoch: number;
}

export interface EventFeed {
  /** How many partitions there are; they are numbered from 0. */
  readonly partitions: number;
  /** Calls `listen` after a call of this process that may have written events to the partition. Add it before `start`. */
  onWritten(listen: (partition: number) => void): void;
  /**
   * Takes the partition, or renews what the node has, for `leaseMs`. null: another node owns it still. The epoch stays
   * the same while the node renews in time.
   */
  claim(partition: number, nodeId: NodeId, leaseMs: number): Promise<FeedHold | null>;
  /** Gives the partition up, so that another node can take it at once. */
  release(hold: FeedHold): Promise<void>;
  /**
   * The oldest entries. A store may answer fewer than `limit`, even none, when they are large or when it reads several
   * partitions at once: `hasMore` tells. Rejects with `internal` when the store holds an event that it cannot read.
   */
  read(partition: number, limit: number): Promise<FeedPage>;
  /**
   * Appends the entries to the logs of their projects and of the deployment, each once, however often and by whomever
   * it is called. `entries`: what `read` answered, in that order, from its beginning; the very event records, not copies.
   */
  publish(partition: number, entries: readonly FeedEntry[]): Promise<void>;
  /** Removes the entries up to this position. False: the node does not own the partition any more; nothing changed. */
  settle(hold: FeedHold, upTo: string): Promise<boolean>;
}
