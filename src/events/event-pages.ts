/** Reads the events of a source that pass a filter, in order, with the cursor behind each. */
import type { EventLog, EventPage, LogEntry } from '../ports/event-log.js';
import { Failure } from '../protocol/failure.js';
import { encodeEventCursor, type EventCursor, type EventSource, type EventStart } from './event-source.js';
import { passes, type EventFilter } from './event-types.js';
import { viewEvent, viewLogged, type EventView } from './event-view.js';

export interface ReadEvent {
  readonly view: EventView;
  /** Where to read on after this event. */
  readonly cursor: EventCursor;
}

export interface ReadEvents {
  readonly events: readonly ReadEvent[];
  /** Where to read on. It may be past `events`: the filter held back what follows. */
  readonly cursor: EventCursor;
  /** Whether the source had no more. */
  readonly isAtEnd: boolean;
}

export interface EventQuery {
  readonly source: EventSource;
  readonly filter: EventFilter;
  /** The most events of one answer. */
  readonly limit: number;
}

/** How many entries one call to the store looks through for those that pass a filter, and how many calls one read makes. */
const SCANNED_ENTRIES = 1000;
const MAX_SCANS = 10;

type Page = Extract<EventPage, { readonly outcome: 'read' }>;

export class EventPages {
  constructor(private readonly log: Pick<EventLog, 'ofSession' | 'of' | 'newest'>) {}

  /** Rejects with `session_not_found`, and with `event_cursor_lost` for a cursor whose next events are gone. */
  async start(source: EventSource, start: EventStart): Promise<EventCursor> {
    if (start === 'newest') return this.newest(source);
    if (start !== 'oldest') {
      await this.pagesAt(source, start, 1);
      return start;
    }
    const zero = Array.from({ length: source.of === 'session' ? 1 : source.logs.length }, () => 0);
    const pages = await this.load(source, zero, 1);
    return pages.map((page) => (page.outcome === 'read' ? 0 : Math.max(0, page.oldest - 1)));
  }

  /** The events after the cursor, up to the limit. Looks through a bounded number of events: it may find none and not be at the end. */
  async read(query: EventQuery, from: EventCursor): Promise<ReadEvents> {
    const { source, filter, limit } = query;
    const entries = filter === null ? limit : SCANNED_ENTRIES;
    let cursor = from;
    for (let scans = 1; ; scans += 1) {
      const found = merge(query, cursor, await this.pagesAt(source, cursor, entries));
      if (found.events.length > 0 || found.isAtEnd || scans === MAX_SCANS) return found;
      cursor = found.cursor;
    }
  }

  private async newest(source: EventSource): Promise<EventCursor> {
    if (source.of === 'logs') return this.log.newest(source.logs);
    const pages = await this.load(source, [0], 1);
    return pages.map((page) => page.newest);
  }

  private async pagesAt(source: EventSource, cursor: EventCursor, limit: number): Promise<readonly Page[]> {
    const pages = await this.load(source, cursor, limit);
    if (pages.every((page) => page.outcome === 'read')) return pages;
    const next = pages.map((page, at) => (page.outcome === 'read' ? (cursor[at] ?? 0) : Math.max(0, page.oldest - 1)));
    const after = encodeEventCursor(next);
    throw new Failure('event_cursor_lost', {
      message: `The log has lost the events after this cursor; the oldest event that it has follows after=${after}.`,
      details: { after },
    });
  }

  private async load(source: EventSource, cursor: EventCursor, limit: number): Promise<readonly EventPage[]> {
    const at = (n: number): number => cursor[n] ?? 0;
    if (source.of === 'logs') return Promise.all(source.logs.map((name, n) => this.log.of(name, at(n), limit)));
    const page = await this.log.ofSession(source.sessionId, source.scope, at(0), limit);
    if (page === null) throw new Failure('session_not_found');
    return [page];
  }
}

/**
 * Merges the pages by time; each keeps its own order. It stops where a page ends although its log goes on, because the
 * next event of that log may be older than the rest of the other page.
 */
function merge({ source, filter, limit }: EventQuery, from: EventCursor, pages: readonly Page[]): ReadEvents {
  const cursor = [...from];
  const taken = pages.map(() => 0);
  const events: ReadEvent[] = [];
  while (events.length < limit) {
    const at = oldestOf(pages, taken, cursor);
    if (at === null) break;
    const entry = pages[at]?.entries[taken[at] ?? 0];
    if (entry === undefined) break;
    taken[at] = (taken[at] ?? 0) + 1;
    cursor[at] = entry.position;
    if (passes(filter, entry.event.facts.type)) events.push({ view: viewOf(source, entry), cursor: [...cursor] });
  }
  return { events, cursor, isAtEnd: pages.every(({ newest }, at) => (cursor[at] ?? 0) >= newest) };
}

/** The page with the oldest next entry. null: all are read, or a page is whose log goes on. */
function oldestOf(pages: readonly Page[], taken: readonly number[], cursor: EventCursor): number | null {
  let oldest: number | null = null;
  let oldestMs = Infinity;
  for (const [at, { entries, newest }] of pages.entries()) {
    const next = entries[taken[at] ?? 0];
    if (next === undefined) {
      if ((cursor[at] ?? 0) < newest) return null;
    } else if (next.event.createdAtMs < oldestMs) {
      oldest = at;
      oldestMs = next.event.createdAtMs;
    }
  }
  return oldest;
}

function viewOf(source: EventSource, { event, position }: LogEntry): EventView {
  return source.of === 'session' ? viewEvent(event) : viewLogged(event, position);
}
