/** The dispatcher plans the deliveries of events with this, and tells the sender which partitions to serve. */
import type { DeliveryQueue } from '../ports/delivery-queue.js';
import type { EventFeed } from '../ports/event-feed.js';
import type { PartitionWork } from './dispatcher.js';
import type { Planner } from './planner.js';
import type { WebhookSender } from './sender.js';

export interface WebhookWorkDeps {
  readonly feed: Pick<EventFeed, 'settle'>;
  readonly planner: Planner;
  readonly queue: Pick<DeliveryQueue, 'plan'>;
  readonly sender: Pick<WebhookSender, 'own' | 'disown' | 'wake'>;
}

export function webhookWork({ feed, planner, queue, sender }: WebhookWorkDeps): PartitionWork {
  return {
    taken: (hold) => {
      sender.own(hold);
    },
    lost: ({ partition }) => sender.disown(partition),
    settle: async (hold, entries) => {
      const last = entries.at(-1);
      if (last === undefined) return true;
      const planned = await planner.plan(entries.map(({ event }) => event));
      // The feed settles many partitions in one call of the store.
      if (planned.length === 0) return feed.settle(hold, last.position);
      const { outcome } = await queue.plan(hold, last.position, planned);
      sender.wake(hold.partition);
      return outcome === 'changed';
    },
  };
}
