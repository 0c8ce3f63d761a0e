/**
 * When the batches of dirty rooms leave: at the end of the loop turn, or after a window. One wake-up a turn, and one a
 * millisecond while windows are open, serve every room.
 */
import type { Clock } from '../ports/clock.js';

export interface Flushable {
  readonly flushMs: number | 'auto';
  flush(): void;
}

/** One slot a millisecond; the longest window is 50. */
const SLOTS = 64;
const TICK_MS = 1;

export class FlushSchedule {
  private endOfTurn: Flushable[] = [];
  private readonly slots: Flushable[][] = Array.from({ length: SLOTS }, () => []);
  /** The slot that was flushed last, and when it was due. */
  private tick = 0;
  private tickAtMs = 0;
  /** How many rooms wait in slots. */
  private waiting = 0;
  private isTicking = false;

  constructor(
    private readonly clock: Clock,
    private readonly autoWindow: { currentMs(): number },
    private readonly onFailure: (cause: unknown) => void,
  ) {}

  /** The room has its first entry since the last flush. */
  mark(room: Flushable): void {
    const windowMs = room.flushMs === 'auto' ? this.autoWindow.currentMs() : room.flushMs;
    if (windowMs > 0) this.markWindow(room, windowMs);
    else if (this.endOfTurn.push(room) === 1) this.clock.endOfTurn(this.onEndOfTurn);
  }

  private readonly onEndOfTurn = (): void => {
    const rooms = this.endOfTurn;
    this.endOfTurn = [];
    for (const room of rooms) this.flush(room);
  };

  private markWindow(room: Flushable, windowMs: number): void {
    if (!this.isTicking) {
      this.isTicking = true;
      this.tickAtMs = this.clock.monotonicMs();
      this.clock.after(TICK_MS, this.onTick);
    }
    this.slots[(this.tick + Math.min(windowMs, SLOTS - 1)) % SLOTS]?.push(room);
    this.waiting += 1;
  }

  /** A timer that comes late makes up for the slots that it passed. */
  private readonly onTick = (): void => {
    const due = Math.min(SLOTS, Math.max(1, Math.floor(this.clock.monotonicMs() - this.tickAtMs)));
    for (let n = 0; n < due; n += 1) {
      this.tick = (this.tick + 1) % SLOTS;
      this.tickAtMs += TICK_MS;
      const rooms = this.slots[this.tick] ?? [];
      if (rooms.length === 0) continue;
      this.slots[this.tick] = [];
      this.waiting -= rooms.length;
      for (const room of rooms) this.flush(room);
    }
    this.isTicking = this.waiting > 0;
    if (this.isTicking) this.clock.after(TICK_MS, this.onTick);
  };

  /** One room that fails must not keep the others from their flush. */
  private flush(room: Flushable): void {
    try {
      room.flush();
    } catch (error) {
      this.onFailure(error);
    }
  }
}
