/** The dispatcher plans the deliveries of events with this, and tells the sender which partitions to serve. */
import type { DeliveryQueue } from '../ports/delivery-queue.js';
import type { PartitionWork } from './dispatcher.js';
import type { Planner } from './planner.js';
import type { WebhookSender } from './sender.js';

export interface WebhookWorkDeps {
  readonly planner: Planner;
  readonly queue: Pick<DeliveryQueue, 'plan'>;
  readonly sender: Pick<WebhookSender, 'own' | 'disown' | 'wake'>;
}

export function webhookWork({ planner, queue, sender }: WebhookWorkDeps): PartitionWork {
  return {
    taken: (hold) => {
      sender.own(hold);
    },
    lost: ({ partition }) => {
      sender.disown(partition);
      return Promise.resolve();
    },
    settle: async (hold, entries) => {
      const last = entries.at(-1);
      if (last === undefined) return true;
      const planned = await planner.plan(entries.map(({ event }) => event));
      const { outcome } = await queue.plan(hold, last.position, planned);
      if (planned.length > 0) sender.wake(hold.partition);
      return outcome === 'changed';
    },
  };
}
