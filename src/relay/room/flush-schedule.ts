/**
 * Flushes dirty rooms: at the end of the loop turn, or after a window. One wake-up per turn, and one per millisecond
 * while windows are open, serve all rooms.
 */
import type { Clock } from '../../ports/clock.js';

export interface Flushable {
  readonly flushMs: number | 'auto';
  flush(): void;
}

/** One slot per millisecond. The longest window is 50 ms. */
const SLOTS = 64;
const TICK_MS = 1;
/** A slot is crowded with this many times the rooms that an even spread would give it. */
const CROWDED = 1.5;
/** Flushing this many rooms takes about 0.3 ms. */
const FEW = 8;

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
    /** Called after all due rooms were flushed. What they sent to other nodes leaves together. */
    private readonly onFlushed: () => void,
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
    this.onFlushed();
  };

  private markWindow(room: Flushable, windowMs: number): void {
    if (!this.isTicking) {
      this.isTicking = true;
      this.tickAtMs = this.clock.monotonicMs();
      this.clock.after(TICK_MS, this.onTick);
    }
    this.slotFor(Math.min(windowMs, SLOTS - 1)).push(room);
    this.waiting += 1;
  }

  /**
   * The slot at the window's end, or an earlier one in the second half of the window when too many rooms share that
   * slot. Rooms marked in one turn would otherwise all be flushed in one turn. That turn delays incoming frames, so
   * even more rooms are marked in the next: at 245,000 deliveries a second, turns of 14 ms went on forever, with a
   * fifth of the time idle.
   */
  private slotFor(windowMs: number): Flushable[] {
    const crowd = Math.max(FEW, (CROWDED * this.waiting) / windowMs);
    let emptiest = this.slotAt(windowMs);
    for (let ms = windowMs; ms > windowMs / 2; ms -= 1) {
      const slot = this.slotAt(ms);
      if (slot.length < crowd) return slot;
      if (slot.length < emptiest.length) emptiest = slot;
    }
    return emptiest;
  }

  private slotAt(ms: number): Flushable[] {
    return this.slots[(this.tick + ms) % SLOTS] ?? [];
  }

  /** A late timer flushes all the slots that it missed. */
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
      this.onFlushed();
    }
    this.isTicking = this.waiting > 0;
    if (this.isTicking) this.clock.after(TICK_MS, this.onTick);
  };

  /** A room that fails must not keep the others from their flush. */
  private flush(room: Flushable): void {
    try {
      room.flush();
    } catch (error) {
      this.onFailure(error);
    }
  }
}
