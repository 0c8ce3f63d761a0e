/**
 * Wakes those who wait for events of this node. One call in 100 ms asks the store how far the watched logs are, however
 * many wait; of a log that has grown, one more call reads what is new. Nothing runs while nobody waits.
 */
import type { Clock, Timer } from '../ports/clock.js';
import type { EventRecord } from '../ports/event.js';
import type { EventLog, LogName } from '../ports/event-log.js';

export interface Waiter {
  /** Whether to wake for this event. */
  wants(event: EventRecord): boolean;
  /** There is such an event, or may be. Called in a turn of its own, any number of times. */
  wake(): void;
}

export interface Watch {
  /** Idempotent. */
  stop(): void;
}

export interface LogWatchesDeps {
  readonly log: Pick<EventLog, 'newest' | 'of'>;
  readonly clock: Pick<Clock, 'after'>;
  /** Whether this node gives up its work: then nobody may wait on. */
  readonly draining: () => boolean;
}

interface Followed {
  readonly name: LogName;
  readonly waiters: Set<Waiter>;
  /** How far the log was seen; null before the first look. */
  position: number | null;
}

const EVERY_MS = 100;
/** After failures it asks the store less often, at last this seldom. */
const MAX_EVERY_MS = 2000;
const ENTRIES = 1000;

export class LogWatches {
  private readonly followed = new Map<string, Followed>();
  private timer: Timer | null = null;
  private everyMs = EVERY_MS;
  private isAsking = false;

  constructor(private readonly deps: LogWatchesDeps) {}

  /**
   * Wakes the waiter for every event that it wants and that is published after this call, and perhaps once for nothing. So
   * a reader that watches first and reads then misses none.
   */
  watch(logs: readonly LogName[], waiter: Waiter): Watch {
    for (const name of logs) this.follow(name).waiters.add(waiter);
    this.schedule();
    return {
      stop: () => {
        for (const name of logs) this.leave(name, waiter);
      },
    };
  }

  private follow(name: LogName): Followed {
    const key = keyOf(name);
    const found = this.followed.get(key);
    if (found !== undefined) return found;
    const followed: Followed = { name, waiters: new Set(), position: null };
    this.followed.set(key, followed);
    return followed;
  }

  private leave(name: LogName, waiter: Waiter): void {
    const key = keyOf(name);
    const followed = this.followed.get(key);
    if (followed?.waiters.delete(waiter) !== true || followed.waiters.size > 0) return;
    this.followed.delete(key);
    if (this.followed.size > 0) return;
    this.timer?.cancel();
    this.timer = null;
  }

  private schedule(): void {
    if (this.timer !== null || this.isAsking || this.followed.size === 0) return;
    this.timer = this.deps.clock.after(this.everyMs, () => {
      this.timer = null;
      this.isAsking = true;
      this.look().then(
        () => {
          this.looked(EVERY_MS);
        },
        () => {
          // The store counts and logs its own failures. Readers learn of it by their own calls.
          this.looked(Math.min(2 * this.everyMs, MAX_EVERY_MS));
        },
      );
    });
  }

  private looked(everyMs: number): void {
    this.everyMs = everyMs;
    this.isAsking = false;
    this.schedule();
  }

  private async look(): Promise<void> {
    const all = [...this.followed.values()];
    if (this.deps.draining()) for (const { waiters } of all) wakeAll(waiters);
    const newest = await this.deps.log.newest(all.map(({ name }) => name));
    await Promise.all(all.map((followed, at) => this.advance(followed, newest[at] ?? 0)));
  }

  private async advance(followed: Followed, newest: number): Promise<void> {
    const { position, name, waiters } = followed;
    if (position === newest) return;
    followed.position = newest;
    // A log that went back has lost its events: the readers find out by their cursors.
    if (position === null || newest < position) {
      wakeAll(waiters);
      return;
    }
    const page = await this.deps.log.of(name, position, ENTRIES).catch((error: unknown) => {
      followed.position = position;
      throw error;
    });
    if (page.outcome === 'cursor_lost') {
      wakeAll(waiters);
      return;
    }
    followed.position = page.entries.at(-1)?.position ?? newest;
    for (const waiter of [...waiters]) if (page.entries.some(({ event }) => waiter.wants(event))) waiter.wake();
  }
}

function wakeAll(waiters: ReadonlySet<Waiter>): void {
  for (const waiter of [...waiters]) waiter.wake();
}

function keyOf(name: LogName): string {
  return name.of === 'project' ? `project ${name.projectId}` : name.of;
}
