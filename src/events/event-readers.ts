/**
 * Those who read events of this node: pages at once, pages that wait for the first event (long poll), and streams. How
 * many may wait and how many streams there are is bounded.
 */
import type { Clock } from '../ports/clock.js';
import type { EventLog } from '../ports/event-log.js';
import type { Patience, TextStream } from '../ports/http.js';
import type { Log } from '../ports/log.js';
import type { Tallies } from '../ports/metrics.js';
import { Failure } from '../protocol/failure.js';
import { EventPages, type EventQuery, type ReadEvents } from './event-pages.js';
import { belongsTo, logsBehind, type EventStart } from './event-source.js';
import { EventStream } from './event-stream.js';
import { passes } from './event-types.js';
import { Places } from './places.js';
import { LogWatches, type Waiter, type Watch } from './log-watches.js';

/** How many readers of one node may wait in a long poll, and how many streams it serves. */
export const MAX_WAITING_READERS = 2000;
export const MAX_EVENT_STREAMS = 1000;
const RETRY_AFTER_S = 5;

export interface EventReadersDeps {
  readonly log: EventLog;
  readonly clock: Clock;
  readonly records: Pick<Log, 'info' | 'error'>;
  readonly tallies: Pick<Tallies, 'eventReadersRefused' | 'eventStreamsCut'>;
  readonly draining: () => boolean;
  readonly bounds?: { readonly waiting: number; readonly streams: number };
}

export interface ReadingRequest {
  /** The owner of a reader's place: the owners share the places. */
  readonly owner: string;
  readonly query: EventQuery;
  readonly start: EventStart;
}

export class EventReaders {
  private readonly pages: EventPages;
  private readonly watches: LogWatches;
  private readonly waiting: Places;
  private readonly streams: Places;

  constructor(private readonly deps: EventReadersDeps) {
    this.pages = new EventPages(deps.log);
    this.watches = new LogWatches(deps);
    this.waiting = new Places(deps.bounds?.waiting ?? MAX_WAITING_READERS);
    this.streams = new Places(deps.bounds?.streams ?? MAX_EVENT_STREAMS);
  }

  get waitingReaders(): number {
    return this.waiting.taken;
  }

  get openStreams(): number {
    return this.streams.taken;
  }

  /**
   * The next events. Without one it waits up to `waitMs` for the first, or until the node shuts down. Rejects with
   * `session_not_found`, `event_cursor_lost`, `too_many_event_readers`, `draining` (instead of a wait) and
   * `store_unavailable`.
   */
  async read({ owner, query, start }: ReadingRequest, waitMs: number, patience?: Patience): Promise<ReadEvents> {
    const { clock, draining } = this.deps;
    const cursor = typeof start === 'string' ? await this.pages.start(query.source, start) : start;
    const found = await this.pages.read(query, cursor);
    if (found.events.length > 0 || waitMs === 0) return found;
    // An answer at once would bring an impatient client back at once.
    if (draining()) throw new Failure('draining', { retryAfterS: 1 });
    if (!this.waiting.take(owner)) throw this.refusal();
    const untilMs = clock.monotonicMs() + waitMs;
    const waiting = new Waiting(clock);
    const watch = this.watch(query, () => {
      waiting.wake();
    });
    patience?.extend(waitMs);
    patience?.onOver(() => {
      waiting.leave();
    });
    try {
      let last = found;
      for (;;) {
        last = await this.pages.read(query, last.cursor);
        const leftMs = untilMs - clock.monotonicMs();
        if (last.events.length > 0 || leftMs <= 0 || waiting.isGone || draining()) return last;
        if (last.isAtEnd) await waiting.forWake(leftMs);
      }
    } finally {
      watch.stop();
      this.waiting.leave(owner);
    }
  }

  /**
   * A stream of server-sent events. Rejects as `read`, before the stream begins. `mayRead`: whether the reader may still
   * read; asked every few seconds. It rejects when the store does not answer, which ends no stream.
   */
  async stream({ owner, query, start }: ReadingRequest, mayRead: () => Promise<boolean>): Promise<TextStream> {
    const { clock, records, draining, tallies } = this.deps;
    if (draining()) throw new Failure('draining', { retryAfterS: 1 });
    if (!this.streams.take(owner)) throw this.refusal();
    try {
      const cursor = await this.pages.start(query.source, start);
      return new EventStream({
        query,
        cursor,
        mayRead,
        pages: this.pages,
        watch: (wake) => this.watch(query, wake),
        draining,
        clock,
        onEnd: (why) => {
          this.streams.leave(owner);
          if (why === 'slow_reader') tallies.eventStreamsCut += 1;
          records.info('event_stream_ended', { why });
        },
        onFailure: (cause) => {
          records.error('event_stream_failed', cause);
        },
      });
    } catch (error) {
      this.streams.leave(owner);
      throw error;
    }
  }

  private watch({ source, filter }: EventQuery, wake: () => void): Watch {
    const waiter: Waiter = { wants: (event) => belongsTo(source, event) && passes(filter, event.facts.type), wake };
    return this.watches.watch(logsBehind(source), waiter);
  }

  private refusal(): Failure {
    this.deps.tallies.eventReadersRefused += 1;
    return new Failure('too_many_event_readers', { retryAfterS: RETRY_AFTER_S });
  }
}

/** One reader's wait. A wake that comes while the reader reads counts for its next wait. */
class Waiting {
  private isWoken = false;
  private resume: (() => void) | null = null;
  isGone = false;

  constructor(private readonly clock: Pick<Clock, 'after'>) {}

  wake(): void {
    this.isWoken = true;
    this.resume?.();
  }

  leave(): void {
    this.isGone = true;
    this.wake();
  }

  async forWake(ms: number): Promise<void> {
    if (!this.isWoken) {
      await new Promise<void>((resolve) => {
        const timer = this.clock.after(ms, resolve);
        this.resume = () => {
          timer.cancel();
          resolve();
        };
      });
    }
    this.resume = null;
    this.isWoken = false;
  }
}
