/** Hands the sessions of a draining node over, spread over time by their sockets, so that clients do not all move at once. */
import type { Clock } from '../../ports/clock.js';
import type { Placement } from '../../ports/placement.js';
import type { Room } from '../room/room.js';
import type { HandOvers } from './hand-overs.js';
import type { Rooms } from './rooms.js';

export interface SessionDrainDeps {
  readonly rooms: Pick<Rooms, 'all' | 'find'>;
  readonly placement: Pick<Placement, 'choose'>;
  readonly handOvers: Pick<HandOvers, 'handOver'>;
  readonly clock: Clock;
}

const TICK_MS = 10;
/** The most rooms that are on their way at once. Each is copied whole, and a receiver that is slow slows the drain. */
const MOST_AT_ONCE = 8;

export class SessionDrain {
  constructor(private readonly deps: SessionDrainDeps) {}

  /**
   * Hands over the sessions that fit another node, `msPerSocket` for each of their sockets. Resolves when their sockets
   * are closed, or at `deadlineMs` of the monotonic clock. The rooms of other sessions are left as they are.
   */
  async run(msPerSocket: number, deadlineMs: number): Promise<void> {
    const { clock, rooms, handOvers } = this.deps;
    const startedMs = clock.monotonicMs();
    const moving = new Set<Promise<void>>();
    const closing: Promise<void>[] = [];
    let dueMs = 0;
    for (const room of this.leaving()) {
      while (moving.size >= MOST_AT_ONCE || clock.monotonicMs() - startedMs < dueMs) await this.pause(TICK_MS);
      if (clock.monotonicMs() >= deadlineMs) return;
      // A node that needed it has it already.
      if (rooms.find(room.id) !== room) continue;
      const spreadMs = socketsOf(room) * msPerSocket;
      dueMs += spreadMs;
      const { decided, over } = handOvers.handOver(room, spreadMs, null);
      const counted = decided.finally(() => moving.delete(counted));
      moving.add(counted);
      closing.push(over);
    }
    await Promise.race([Promise.all(closing), this.pause(Math.max(0, deadlineMs - clock.monotonicMs()))]);
  }

  private leaving(): Room[] {
    const { rooms, placement } = this.deps;
    return [...rooms.all()].filter(({ session }) => placement.choose(session.filters) !== null);
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.deps.clock.after(ms, resolve);
    });
  }
}

function socketsOf({ members }: Room): number {
  let sockets = 0;
  for (const { outlet } of members.values()) if (outlet !== null) sockets += 1;
  return sockets;
}
