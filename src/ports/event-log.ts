/**
 * The event logs. Each relay session has one, each project has one of all its sessions, and the deployment has two: of
 * the events without a project, and of everything. A log numbers its events from 1, without gaps; that number is an
 * event's position in it, and the number of a session's log is the event's `sequence`.
 *
 * The store writes an event to the session's log and to the feed in the step that makes the change. The dispatcher then
 * publishes it to the other logs, within milliseconds, in the order of the session. So an event is in its session's log
 * as soon as the change is made, and it is in the other logs soon after, whichever nodes die in between.
 *
 * A log is bounded in count and in age: the oldest events are removed first.
 */
import type { ProjectId, SessionId } from '../protocol/ids.js';
import type { EventRecord, NodeFacts } from './event.js';
import type { ProjectScope } from './relay-session.js';

/** How many of the newest events a log keeps. */
export const MAX_SESSION_EVENTS = 1000;
/** How many bytes of large events a session's log keeps in a shared store. */
export const MAX_SESSION_EVENT_BYTES = 1024 * 1024;
export const MAX_LOG_EVENTS = 100_000;
/** How many bytes of events a log other than a session's keeps in a shared store. */
export const MAX_LOG_BYTES = 64 * 1024 * 1024;
/** How long a log keeps an event, and how long a session's log outlives the session. */
export const EVENT_KEPT_MS = 24 * 3_600_000;
export const SESSION_EVENTS_KEPT_MS = 3_600_000;

/** A log other than a session's. `deployment`: the events without a project. `all`: every event. */
export type LogName = { readonly of: 'project'; readonly projectId: ProjectId } | { readonly of: 'deployment' | 'all' };

export interface LogEntry {
  readonly position: number;
  readonly event: EventRecord;
}

export type EventPage =
  | {
      readonly outcome: 'read';
      /** Oldest first. There may be fewer than asked for, but one at least, although `newest` is farther. */
      readonly entries: readonly LogEntry[];
      /** The newest position of the log; 0: nothing was ever written. */
      readonly newest: number;
    }
  /** Events after this position were removed already, or the log has never been that far: the store lost its data. */
  | { readonly outcome: 'cursor_lost'; readonly oldest: number; readonly newest: number };

export interface EventLog {
  /**
   * The events of a session after a position. null: no such session in this scope, or it ended longer than
   * `SESSION_EVENTS_KEPT_MS` ago. Rejects with `internal` when the store holds an event that it cannot read.
   */
  ofSession(id: SessionId, scope: ProjectScope, after: number, limit: number): Promise<EventPage | null>;
  /** The events of another log after a position. A log that has no event yet is empty. */
  of(log: LogName, after: number, limit: number): Promise<EventPage>;
  /** The newest position of each log, in their order: one call for all that wait. */
  newest(logs: readonly LogName[]): Promise<readonly number[]>;
  /** Writes events that tell of no change in the store. */
  append(facts: NodeFacts): Promise<void>;
}
