/**
 * Keeps the store's index of this node's rooms, so that other nodes find them when this node is dead. A room is noted
 * before its first member joins. Closed rooms are removed once a second, and every room is noted again once a minute,
 * because the store may have lost the index.
 */
import { Failure } from '../../protocol/failure.js';
import type { NodeId, SessionId } from '../../protocol/ids.js';
import type { Clock, Timer } from '../../ports/clock.js';
import type { Log } from '../../ports/log.js';
import type { RoomIndex } from '../../ports/room-index.js';

const SETTLE_EVERY_MS = 1_000;
const NOTE_AGAIN_EVERY_MS = 60_000;

export interface RoomLedgerDeps {
  readonly index: Pick<RoomIndex, 'add' | 'remove'>;
  readonly self: NodeId;
  readonly clock: Clock;
  readonly log: Log;
}

export class RoomLedger {
  private readonly open = new Set<SessionId>();
  private readonly closed = new Set<SessionId>();
  private notedAllAtMs: number;
  private timer: Timer | null = null;
  private isStopped = false;

  constructor(private readonly deps: RoomLedgerDeps) {
    this.notedAllAtMs = deps.clock.monotonicMs();
  }

  /** Call it before the room takes members. Rejects with `store_unavailable`; call `onClosed` then. */
  async note(id: SessionId): Promise<void> {
    this.open.add(id);
    this.closed.delete(id);
    await this.deps.index.add(this.deps.self, [id]);
  }

  onClosed(id: SessionId): void {
    this.open.delete(id);
    this.closed.add(id);
  }

  start(): void {
    this.timer = this.deps.clock.after(SETTLE_EVERY_MS, () => {
      const again = (): void => {
        if (!this.isStopped) this.start();
      };
      this.settle().then(again, (error: unknown) => {
        if (!Failure.is(error, 'store_unavailable')) this.deps.log.error('room_ledger_failed', error);
        again();
      });
    });
  }

  stop(): void {
    this.isStopped = true;
    this.timer?.cancel();
  }

  private async settle(): Promise<void> {
    const { index, self, clock } = this.deps;
    const nowMs = clock.monotonicMs();
    if (nowMs - this.notedAllAtMs >= NOTE_AGAIN_EVERY_MS) {
      this.notedAllAtMs = nowMs;
      await index.add(self, [...this.open]);
    }
    const gone = [...this.closed];
    if (gone.length === 0) return;
    // A room that opens again meanwhile is noted after this call, on the same connection.
    this.closed.clear();
    try {
      await index.remove(self, gone);
    } catch (error) {
      for (const id of gone) if (!this.open.has(id)) this.closed.add(id);
      throw error;
    }
  }
}
