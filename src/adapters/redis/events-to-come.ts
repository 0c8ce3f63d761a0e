/** Stands in for the events of the Redis store until they exist. */
import type { EventFeed } from '../../ports/event-feed.js';
import type { EventLog } from '../../ports/event-log.js';

const fail = (): Promise<never> => Promise.reject(new Error('not there yet'));

export const eventLogToCome: EventLog = { ofSession: fail, of: fail, newest: fail, append: fail };

export const eventFeedToCome: EventFeed = {
  partitions: 64,
  onWritten: () => undefined,
  claim: fail,
  release: fail,
  read: fail,
  publish: fail,
  settle: fail,
};
