/**
 * When the batches of dirty rooms leave: at the end of the loop turn, or after the session's own window.
 * One wake-up serves every room that became dirty in a turn.
 */
import type { Clock } from '../ports/clock.js';

export interface Flushable {
  readonly flushMs: number | 'auto';
  flush(): void;
}

export class FlushSchedule {
  private dirty: Flushable[] = [];

  constructor(
    private readonly clock: Clock,
    private readonly onFailure: (cause: unknown) => void,
  ) {}

  /** The room has its first entry since the last flush. `auto` is as soon as possible while nothing is measured. */
  mark(room: Flushable): void {
    const windowMs = room.flushMs;
    if (windowMs !== 'auto' && windowMs > 0) {
      this.clock.after(windowMs, () => {
        this.run(room);
      });
      return;
    }
    if (this.dirty.push(room) === 1) {
      this.clock.endOfTurn(() => {
        const rooms = this.dirty;
        this.dirty = [];
        for (const each of rooms) this.run(each);
      });
    }
  }

  /** One room that fails must not keep the others from their flush. */
  private run(room: Flushable): void {
    try {
      room.flush();
    } catch (error) {
      this.onFailure(error);
    }
  }
}
