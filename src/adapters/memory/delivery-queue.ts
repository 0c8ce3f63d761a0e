import type { Clock } from '../../ports/clock.js';
import {
  DELIVERY_BOUNDS,
  type DeadLetter,
  type DeliveryBounds,
  type DeliveryQueue,
  type NotOwner,
} from '../../ports/delivery-queue.js';
import type { FeedHold } from '../../ports/event-feed.js';
import { DeliveryPartition } from './delivery-partition.js';

/** The part of the memory feed that the queue changes in its own step. */
export interface OwnedFeed {
  readonly partitions: number;
  /** Whether this hold is the newest one of its partition and has not run out. */
  owns(hold: FeedHold): boolean;
  /** Removes the entries up to this position. */
  removeUpTo(upTo: string): void;
}

const NOT_OWNER: NotOwner = { outcome: 'not_owner' };

/** The deliveries of webhooks, in this process. */
export function createMemoryDeliveryQueue(
  clock: Clock,
  feed: OwnedFeed,
  bounds: DeliveryBounds = DELIVERY_BOUNDS,
): DeliveryQueue {
  const partitions = Array.from({ length: feed.partitions }, (_, at) => new DeliveryPartition(at, bounds));
  const owned = (hold: FeedHold): DeliveryPartition | undefined =>
    feed.owns(hold) ? partitions[hold.partition] : undefined;
  return {
    plan: async (hold, upTo, deliveries) => {
      const partition = owned(hold);
      if (partition === undefined) return NOT_OWNER;
      feed.removeUpTo(upTo);
      return partition.plan(clock.nowMs(), deliveries);
    },
    due: async (hold, nowMs, query) => owned(hold)?.due(nowMs, query) ?? NOT_OWNER,
    settle: async (hold, id, outcome) => owned(hold)?.settle(clock.nowMs(), id, outcome) ?? NOT_OWNER,
    trim: async (hold) => owned(hold)?.trim(clock.nowMs()) ?? NOT_OWNER,
    deadLetters: async ({ scope, targetKey, before, limit }) =>
      partitions
        .flatMap((partition) => partition.deadLetters(scope, targetKey))
        .filter((letter) => before === null || newestFirst(before, letter) < 0)
        .sort(newestFirst)
        .slice(0, limit),
    resend: async (key, scope) => partitions[key.partition]?.resend(clock.nowMs(), key.id, scope) ?? false,
  };
}

function newestFirst(a: Pick<DeadLetter, 'diedAtMs' | 'id'>, b: Pick<DeadLetter, 'diedAtMs' | 'id'>): number {
  return b.diedAtMs - a.diedAtMs || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0);
}
