/** Composes the events: what carries them from the feed to the logs, and on to those who wait for them. */
import { Dispatcher } from '../events/dispatcher.js';
import { webhookWork } from '../events/webhook-work.js';
import type { NodeCalls } from '../ports/node-calls.js';
import type { Placement } from '../ports/placement.js';
import type { Ground } from './ground.js';
import type { Composed } from './service.js';
import type { WebhookParts } from './webhooks.js';

export interface EventParts {
  readonly membership: Placement;
  readonly calls: NodeCalls;
  readonly webhooks: WebhookParts;
}

export function composeEvents(
  { store, clock, log, metrics }: Pick<Ground, 'store' | 'clock' | 'log' | 'metrics'>,
  { membership, calls, webhooks }: EventParts,
): Composed {
  const { tallies } = metrics;
  const dispatcher = new Dispatcher({
    feed: store.feed,
    work: webhookWork({ ...webhooks, feed: store.feed, queue: webhooks.deliveries }),
    placement: membership,
    calls,
    clock,
    log,
    tallies,
  });
  dispatcher.serve();
  return {
    services: [{ name: 'event_dispatcher', start: () => dispatcher.start(), stop: () => dispatcher.stop() }],
  };
}
