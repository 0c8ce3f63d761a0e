/**
 * Sends what a room sends, in the room's order. Entries gather in a batch until the room is flushed. Control frames
 * and targeted entries flush the batch first. A frame is encoded once, however many members receive it.
 *
 * In a large room announcements about members wait, too. They leave before anything else that goes to everybody. While
 * some members are slow, either the batch or the announcements are empty: what is offered to a slow member is in order.
 */
import { encodeBatchFrame } from '../../protocol/batch-frame.js';
import type { DeliveryClass } from '../../protocol/wire.js';
import type { Audience } from '../../ports/audience.js';
import type { Clock } from '../../ports/clock.js';
import type { Tallies, Timings } from '../../ports/metrics.js';
import { Announcements } from './announcements.js';
import { Batch } from './batch.js';
import type { FlushSchedule, Flushable } from './flush-schedule.js';
import type { Outlet } from './outlet.js';

export interface FanOutDeps {
  readonly schedule: FlushSchedule;
  readonly tallies: Tallies;
  readonly timings: Pick<Timings, 'flush'>;
  readonly clock: Pick<Clock, 'monotonicMs'>;
}

export class FanOut {
  private readonly batch = new Batch();
  /** When the first entry of the batch came, in monotonic milliseconds. */
  private batchSinceMs = 0;
  private readonly announcements: Announcements;

  constructor(
    private readonly audience: Audience,
    /** The schedule flushes it when the batch is due. */
    private readonly room: Flushable,
    private readonly deps: FanOutDeps,
  ) {
    this.announcements = new Announcements(audience, deps.schedule);
  }

  /** The outlet's welcome is sent: from now on the outlet gets what the room sends. */
  begin(outlet: Outlet): void {
    this.announcements.begin(outlet);
  }

  /** Sends the waiting batch. A batch with a single sender never goes back to it. */
  flush(): void {
    if (this.batch.isEmpty) return;
    this.announcements.release();
    const { frame, onlySender } = this.batch.take();
    const { tallies, timings, clock } = this.deps;
    tallies.batchesOut += 1;
    timings.flush.observe((clock.monotonicMs() - this.batchSinceMs) / 1000);
    this.audience.publish(frame, onlySender);
  }

  /** Sends a control frame to everybody except one member, after the entries before it; null: no exception. */
  announce(text: string, except: number | null): void {
    this.announcements.release();
    this.flush();
    this.audience.announce(text, except);
  }

  /** As `announce`, within 50 ms, for a text about a member. */
  announceSoon(text: string, about: number, except: number | null): void {
    this.flush();
    this.announcements.add(text, about, except);
  }

  /** Whether an announcement about the member waits. */
  isAnnouncing(index: number): boolean {
    return this.announcements.has(index);
  }

  /** Sends the announcements that wait. */
  release(): void {
    this.announcements.release();
  }

  /** Sends an entry to everybody but its sender. */
  deliverToAll(sender: number, deliveryClass: DeliveryClass, keyOrSeq: number, payload: Uint8Array): void {
    if (this.audience.hasSlow) {
      this.announcements.release();
      this.audience.offer({ sender, deliveryClass, targeted: false, keyOrSeq, payload }, null);
    }
    const wasEmpty = this.batch.isEmpty;
    // A clock read costs about 100 ns: one at each end of a batch, none for the entries between them.
    if (wasEmpty) this.batchSinceMs = this.deps.clock.monotonicMs();
    this.batch.append(sender, deliveryClass, keyOrSeq, payload);
    if (this.batch.isFull) this.flush();
    else if (wasEmpty) this.deps.schedule.mark(this.room);
  }

  /** Sends an entry to some members. The waiting batch goes first, so that each target sees the session's order. */
  deliverTargeted(
    sender: number,
    deliveryClass: DeliveryClass,
    keyOrSeq: number,
    targets: Uint16Array,
    payload: Uint8Array,
  ): void {
    const { audience } = this;
    this.flush();
    if (this.announcements.has(sender)) this.announcements.release();
    const { hasSlow } = audience;
    if (hasSlow) audience.offer({ sender, deliveryClass, targeted: true, keyOrSeq, payload }, targets);
    const frame = encodeBatchFrame([{ sender, deliveryClass, targeted: true, key: keyOrSeq, seq: keyOrSeq, payload }]);
    this.deps.tallies.batchesOut += 1;
    for (const index of new Set(targets)) {
      if (index !== sender && !(hasSlow && audience.isSlow(index))) audience.send(index, frame);
    }
  }
}
