/** Composes the readers of events over the store's logs. */
import type { Membership } from '../cluster/membership.js';
import { EventReaders } from '../events/event-readers.js';
import type { Ground } from './ground.js';

export function composeEventReaders(
  { store, clock, log: records, metrics }: Pick<Ground, 'store' | 'clock' | 'log' | 'metrics'>,
  membership: Pick<Membership, 'draining'>,
): EventReaders {
  const { tallies } = metrics;
  const readers = new EventReaders({
    log: store.events,
    clock,
    records,
    tallies,
    draining: () => membership.draining(),
  });
  metrics.gauge('event_readers_waiting', 'Long polls that wait for events.', () => readers.waitingReaders);
  metrics.gauge('event_streams', 'Open streams of events.', () => readers.openStreams);
  return readers;
}
