/**
 * One stream of server-sent events. `id` is the cursor after its event, so a client that connects again with
 * `Last-Event-ID` misses nothing and sees nothing twice.
 *
 * A stream bounds what waits for a slow client: the stream reads on only when all it wrote has left, and a client that takes
 * nothing for half a minute is cut off.
 */
import { writeExactJson } from '../lib/exact-json.js';
import type { Clock, Timer } from '../ports/clock.js';
import type { StreamClient, StreamEvents, TextStream } from '../ports/http.js';
import { Failure } from '../protocol/failure.js';
import type { EventPages, EventQuery, ReadEvents } from './event-pages.js';
import { encodeEventCursor, type EventCursor } from './event-source.js';
import type { Watch } from './log-watches.js';

/** Why a stream ended. `client`: the client left. `unread`: it was never opened. */
export type StreamEnd =
  | 'client'
  | 'unread'
  | 'draining'
  | 'key_removed'
  | 'too_old'
  | 'slow_reader'
  | 'events_lost'
  | 'session_gone'
  | 'failed';

/** A client connects again after this time, so that all connections change node from time to time. */
export const MAX_STREAM_MS = 30 * 60_000;
/** How often the stream asks whether its key still counts. */
const CHECK_EVERY_MS = 3_000;
/** A comment every 15 s keeps proxies awake. */
const CHECKS_TO_COMMENT = 5;
const MAX_STALLED_MS = 30_000;
const AGAIN_AFTER_FAILURE_MS = 1_000;
/** A stream writes this much at once, and then sees whether its client keeps up. */
const PIECE_BYTES = 16 * 1024;
/** How long a client waits before it connects again. */
const RECONNECT_MS = 1_000;

export interface EventStreamDeps {
  readonly query: EventQuery;
  readonly cursor: EventCursor;
  readonly mayRead: () => Promise<boolean>;
  readonly pages: Pick<EventPages, 'read'>;
  readonly watch: (wake: () => void) => Watch;
  readonly draining: () => boolean;
  readonly clock: Clock;
  /** Called once. */
  readonly onEnd: (why: StreamEnd) => void;
  /** Something failed that should not. */
  readonly onFailure: (cause: unknown) => void;
}

export class EventStream implements TextStream, StreamEvents {
  readonly filler = ':\n\n';
  private client: StreamClient | null = null;
  private cursor: EventCursor;
  /** The client knows this one as its last event id. */
  private told: string;
  private watch: Watch | null = null;
  private readonly timers = new Map<'check' | 'stall' | 'again', Timer>();
  private readonly startedMs: number;
  private checks = 0;
  private isOver = false;
  private isReading = false;
  private isWoken = true;
  private isBlocked = false;
  /** How many events the next read asks for: fewer for a client that did not take the last ones. */
  private limit: number;

  constructor(private readonly deps: EventStreamDeps) {
    this.cursor = deps.cursor;
    this.told = '';
    this.limit = deps.query.limit;
    this.startedMs = deps.clock.monotonicMs();
  }

  open(client: StreamClient): StreamEvents {
    this.client = client;
    this.watch = this.deps.watch(() => {
      this.isWoken = true;
      this.pump();
    });
    this.write(`retry: ${String(RECONNECT_MS)}\n\n`);
    this.checkLater();
    this.pump();
    return this;
  }

  drop(): void {
    this.over('unread');
  }

  onDrain(): void {
    this.isBlocked = false;
    this.timers.get('stall')?.cancel();
    this.pump();
  }

  onGone(): void {
    this.over('client');
  }

  /** Sends what is new until the client is behind or all is sent. Only one runs at a time. */
  private pump(): void {
    if (this.isOver || this.isReading || this.isBlocked) return;
    if (this.deps.draining()) {
      this.end('draining');
      return;
    }
    if (!this.isWoken) return;
    this.isWoken = false;
    this.isReading = true;
    this.deps.pages
      .read({ ...this.deps.query, limit: this.limit }, this.cursor)
      .then(
        (read) => {
          this.send(read);
        },
        (error: unknown) => {
          this.failed(error);
        },
      )
      .catch((error: unknown) => {
        this.deps.onFailure(error);
        this.cut('failed');
      })
      .finally(() => {
        this.isReading = false;
        this.pump();
      });
  }

  /** The stream reads later again what does not fit: it keeps nothing for a slow client. */
  private send({ events, cursor, isAtEnd }: ReadEvents): void {
    let piece = '';
    for (const [at, { view, cursor: after }] of events.entries()) {
      const id = encodeEventCursor(after);
      piece += `id: ${id}\nevent: ${view.type}\ndata: ${writeExactJson(view)}\n\n`;
      this.cursor = after;
      this.told = id;
      if (piece.length < PIECE_BYTES) continue;
      this.write(piece);
      piece = '';
      if (this.isOver) return;
      if (this.isBlocked) {
        this.isWoken = true;
        this.limit = at + 1;
        return;
      }
    }
    this.limit = Math.min(this.deps.query.limit, 2 * this.limit);
    if (piece !== '') this.write(piece);
    this.cursor = cursor;
    if (!isAtEnd) this.isWoken = true;
  }

  private failed(error: unknown): void {
    if (Failure.is(error, 'event_cursor_lost')) this.end('events_lost');
    else if (Failure.is(error, 'session_not_found')) this.end('session_gone');
    else if (Failure.is(error, 'store_unavailable')) this.again();
    else {
      this.deps.onFailure(error);
      this.end('failed');
    }
  }

  private again(): void {
    this.set('again', AGAIN_AFTER_FAILURE_MS, () => {
      this.isWoken = true;
      this.pump();
    });
  }

  private checkLater(): void {
    this.set('check', CHECK_EVERY_MS, () => {
      this.check().then(
        () => {
          if (!this.isOver) this.checkLater();
        },
        (error: unknown) => {
          this.deps.onFailure(error);
          this.cut('failed');
        },
      );
    });
  }

  private async check(): Promise<void> {
    const nowMs = this.deps.clock.monotonicMs();
    this.checks += 1;
    if (this.deps.draining()) this.end('draining');
    else if (nowMs - this.startedMs >= MAX_STREAM_MS) this.end('too_old');
    // The store that does not answer has not removed the key.
    else if (!(await this.deps.mayRead().catch(isUnanswered))) this.end('key_removed');
    else if (!this.isBlocked && this.checks % CHECKS_TO_COMMENT === 0) this.sayAwake();
  }

  /** Tells the client also how far the stream has looked, so that it need not look through the same events again. */
  private sayAwake(): void {
    const id = encodeEventCursor(this.cursor);
    this.write(id === this.told ? ': awake\n\n' : `: awake\nid: ${id}\n\n`);
    this.told = id;
  }

  private write(text: string): void {
    if (this.isOver || this.client === null) return;
    if (this.client.write(text)) return;
    this.isBlocked = true;
    this.set('stall', MAX_STALLED_MS, () => {
      this.cut('slow_reader');
    });
  }

  private end(why: StreamEnd): void {
    if (this.isOver) return;
    if (!this.isBlocked) this.client?.write(`: closed by the gateway: ${why}\n\n`);
    this.over(why);
    this.client?.end();
  }

  private cut(why: StreamEnd): void {
    this.over(why);
    this.client?.cut();
  }

  private over(why: StreamEnd): void {
    if (this.isOver) return;
    this.isOver = true;
    this.watch?.stop();
    for (const timer of this.timers.values()) timer.cancel();
    this.deps.onEnd(why);
  }

  private set(name: 'check' | 'stall' | 'again', ms: number, run: () => void): void {
    this.timers.get(name)?.cancel();
    this.timers.set(name, this.deps.clock.after(ms, run));
  }
}

function isUnanswered(error: unknown): boolean {
  if (Failure.is(error, 'store_unavailable')) return true;
  throw error;
}
