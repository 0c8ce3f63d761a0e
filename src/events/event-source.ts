/** The log or logs that a reader of events reads, and how far it is. */
import type { EventRecord } from '../ports/event.js';
import type { LogName } from '../ports/event-log.js';
import type { ProjectScope } from '../ports/relay-session.js';
import type { SessionId } from '../protocol/ids.js';

export type EventSource =
  | { readonly of: 'session'; readonly sessionId: SessionId; readonly scope: ProjectScope }
  /** One log, or two that are merged by time. */
  | { readonly of: 'logs'; readonly logs: readonly LogName[] };

/** The position after which to read, in each log of the source. */
export type EventCursor = readonly number[];

export type EventStart = EventCursor | 'oldest' | 'newest';

const POSITION = /^(?:0|[1-9][0-9]{0,14})$/;

export function encodeEventCursor(cursor: EventCursor): string {
  return cursor.join('.');
}

/** null: no cursor of this source. `0` is the beginning of every source. */
export function decodeEventCursor(source: EventSource, text: string): EventCursor | null {
  const count = source.of === 'session' ? 1 : source.logs.length;
  if (text === '0') return Array.from({ length: count }, () => 0);
  const parts = text.split('.');
  return parts.length === count && parts.every((part) => POSITION.test(part)) ? parts.map(Number) : null;
}

/**
 * The logs that grow when the source does. The store tells of a session's log only itself; the log of its project, or of
 * everything, has the same events a moment later.
 */
export function logsBehind(source: EventSource): readonly LogName[] {
  if (source.of === 'logs') return source.logs;
  return [source.scope === 'all' ? { of: 'all' } : { of: 'project', projectId: source.scope }];
}

/** Whether an event of these logs is one of the source. */
export function belongsTo(source: EventSource, event: EventRecord): boolean {
  return source.of === 'logs' || event.sessionId === source.sessionId;
}
