/**
 * What a room sends, in its order: entries are gathered in a batch until the room is flushed; control frames and targeted
 * entries flush first. A frame is encoded once, however many members receive it.
 */
import { encodeBatchFrame } from '../../protocol/batch-frame.js';
import type { DeliveryClass } from '../../protocol/wire.js';
import type { Audience } from '../../ports/audience.js';
import type { Tallies } from '../../ports/metrics.js';
import { Batch } from './batch.js';
import type { FlushSchedule, Flushable } from './flush-schedule.js';

export interface FanOutDeps {
  readonly schedule: FlushSchedule;
  readonly tallies: Tallies;
}

export class FanOut {
  private readonly batch = new Batch();

  constructor(
    private readonly audience: Audience,
    /** What the schedule wakes when the batch is due. */
    private readonly room: Flushable,
    private readonly deps: FanOutDeps,
  ) {}

  /** Sends what waits. A batch with a single sender never goes back to it. */
  flush(): void {
    if (this.batch.isEmpty) return;
    const { frame, onlySender } = this.batch.take();
    this.deps.tallies.batchesOut += 1;
    this.audience.publish(frame, onlySender);
  }

  /** A control frame to everybody but one member, in order with the entries before it; null: no exception. */
  announce(text: string, except: number | null): void {
    this.flush();
    this.audience.announce(text, except);
  }

  /** An entry for everybody but its sender. */
  deliverToAll(sender: number, deliveryClass: DeliveryClass, keyOrSeq: number, payload: Uint8Array): void {
    if (this.audience.hasSlow) {
      this.audience.offer({ sender, deliveryClass, targeted: false, keyOrSeq, payload }, null);
    }
    const wasEmpty = this.batch.isEmpty;
    this.batch.append(sender, deliveryClass, keyOrSeq, payload);
    if (this.batch.isFull) this.flush();
    else if (wasEmpty) this.deps.schedule.mark(this.room);
  }

  /** An entry for some. What waits for everybody goes first, so that each target sees the session's order. */
  deliverTargeted(
    sender: number,
    deliveryClass: DeliveryClass,
    keyOrSeq: number,
    targets: Uint16Array,
    payload: Uint8Array,
  ): void {
    const { audience } = this;
    this.flush();
    const { hasSlow } = audience;
    if (hasSlow) audience.offer({ sender, deliveryClass, targeted: true, keyOrSeq, payload }, targets);
    const frame = encodeBatchFrame([{ sender, deliveryClass, targeted: true, key: keyOrSeq, seq: keyOrSeq, payload }]);
    this.deps.tallies.batchesOut += 1;
    for (const index of new Set(targets)) {
      if (index !== sender && !(hasSlow && audience.isSlow(index))) audience.send(index, frame);
    }
  }
}
