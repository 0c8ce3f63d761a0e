/** Composes the events: what carries them from the feed to the logs, and on to those who wait for them. */
import { Dispatcher, type PartitionWork } from '../events/dispatcher.js';
import type { EventFeed } from '../ports/event-feed.js';
import type { NodeCalls } from '../ports/node-calls.js';
import type { Placement } from '../ports/placement.js';
import type { Ground } from './ground.js';
import type { Composed } from './service.js';

export interface EventParts {
  readonly membership: Placement;
  readonly calls: NodeCalls;
}

export function composeEvents(
  { store, clock, log, metrics }: Pick<Ground, 'store' | 'clock' | 'log' | 'metrics'>,
  { membership, calls }: EventParts,
): Composed {
  const { tallies } = metrics;
  const dispatcher = new Dispatcher({
    feed: store.feed,
    work: logsAlone(store.feed),
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

/** Nobody but the logs wants the events. */
function logsAlone(feed: EventFeed): PartitionWork {
  return {
    taken: () => undefined,
    lost: () => Promise.resolve(),
    settle: async (hold, entries) => {
      const last = entries.at(-1);
      return last === undefined || feed.settle(hold, last.position);
    },
  };
}
