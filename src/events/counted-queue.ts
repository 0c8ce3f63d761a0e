/** A queue whose bounds never take anything in silence: each loss is counted and logged. */
import type { DeliveryQueue, NotOwner, QueueChange } from '../ports/delivery-queue.js';
import type { FeedHold } from '../ports/event-feed.js';
import type { Log } from '../ports/log.js';
import type { Tallies } from '../ports/metrics.js';

export interface CountedQueueDeps {
  readonly queue: DeliveryQueue;
  readonly log: Pick<Log, 'warn'>;
  readonly tallies: Pick<Tallies, 'webhooksEvicted' | 'deadLettersDropped'>;
}

export function countLosses({ queue, log, tallies }: CountedQueueDeps): DeliveryQueue {
  function counted<T extends QueueChange | NotOwner>({ partition }: FeedHold, change: T): T {
    if (change.outcome === 'not_owner') return change;
    const { evicted, dropped } = change;
    tallies.webhooksEvicted += evicted;
    tallies.deadLettersDropped += dropped;
    if (evicted + dropped > 0) log.warn('webhooks_given_up', { partition, dead_letters: evicted, dropped });
    return change;
  }
  return {
    plan: async (hold, upTo, deliveries) => counted(hold, await queue.plan(hold, upTo, deliveries)),
    due: (hold, nowMs, query) => queue.due(hold, nowMs, query),
    settle: async (hold, id, outcome) => counted(hold, await queue.settle(hold, id, outcome)),
    trim: async (hold) => counted(hold, await queue.trim(hold)),
    deadLetters: (query) => queue.deadLetters(query),
    resend: (key, scope) => queue.resend(key, scope),
  };
}
