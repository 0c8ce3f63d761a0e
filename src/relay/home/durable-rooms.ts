/** Opens the logs of durable sessions, and gives each durable room its window from the log and its queue. */
import { Failure } from '../../protocol/failure.js';
import type { NodeId } from '../../protocol/ids.js';
import type { LogHome, OpenedLog } from '../../ports/durable-log.js';
import type { RelaySession } from '../../ports/relay-session.js';
import { DurableQueue, type DurableQueueDeps, type QueueOwner } from '../room/durable-queue.js';
import { decodeLogBatch, lostBefore } from '../room/log-batch.js';
import type { Room } from '../room/room.js';
import { homeElsewhere } from './home-elsewhere.js';

export interface DurableRoomsDeps {
  readonly queue: DurableQueueDeps;
  readonly self: NodeId;
  /** The time by the store's clock. */
  readonly storeNowMs: () => number;
}

export class DurableRooms {
  constructor(private readonly deps: DurableRoomsDeps) {}

  /**
   * Opens the session's log for this node, which must be its home. Rejects with `home_elsewhere`, `session_not_found` or
   * `store_unavailable`.
   */
  async open(session: RelaySession, newEpoch: string): Promise<OpenedLog> {
    const result = await this.deps.queue.log.open(this.homeOf(session), newEpoch);
    switch (result.outcome) {
      case 'opened':
        return result;
      case 'moved':
        throw homeElsewhere(null);
      case 'missing':
        throw new Failure('session_not_found');
    }
  }

  /** The room is new: no entry was accepted yet. */
  attach(room: Room, log: OpenedLog, { onMoved }: Pick<QueueOwner, 'onMoved'>): void {
    this.fill(room, log);
    const onMissing = (): void => {
      room.copy.isSuspect = true;
    };
    const { epoch, writer } = log;
    room.durable = new DurableQueue(
      room,
      this.homeOf(room.session),
      epoch,
      writer,
      { onMoved, onMissing },
      this.deps.queue,
    );
  }

  private fill({ replay, session }: Room, { seq, batches }: OpenedLog): void {
    const { queue, storeNowMs } = this.deps;
    const nowMs = queue.clock.monotonicMs();
    const aheadMs = storeNowMs() - nowMs;
    const decoded = batches.map((batch) => ({ ...batch, entries: decodeLogBatch(batch.bytes) }));
    const first = decoded[0];
    const last = decoded.at(-1);
    const lost = last === undefined ? null : lostBefore(last.bytes);
    replay.startAfter(first === undefined ? seq : first.seq - first.entries.length, lost);
    for (const { appendedAtMs, entries } of decoded) {
      for (const { sender, targets, payload } of entries) {
        replay.append(sender, targets, payload, Math.min(nowMs, appendedAtMs - aheadMs), session.resumeWindowMs);
      }
    }
  }

  private homeOf({ id, homeEpoch }: RelaySession): LogHome {
    return { sessionId: id, nodeId: this.deps.self, homeEpoch };
  }
}

/** The newest entry in the log that was appended before this time of the store's clock; 0: none. */
export function newestBefore({ batches }: OpenedLog, atMs: number): number {
  return batches.findLast((batch) => batch.appendedAtMs < atMs)?.seq ?? 0;
}
