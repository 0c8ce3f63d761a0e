/**
 * The entries of a durable session between their acceptance and their release. A reliable entry gets its number when
 * it is accepted. It is released, which delivers and acknowledges it, when the store has it. An entry without a number
 * waits behind the reliable entries before it, so that every receiver sees the session's order. The queue decides
 * nothing about members.
 *
 * When an append fails, the store may have it or not. All reliable entries that wait are refused, and the log is
 * reopened: that removes them from it, if they are there. Nobody has seen their numbers, which are then given again.
 */
import { Failure } from '../../protocol/failure.js';
import { CLASS, type DeliveryClass } from '../../protocol/wire.js';
import type { Clock, Timer } from '../../ports/clock.js';
import type { DurableLog, LogHome } from '../../ports/durable-log.js';
import type { Tallies } from '../../ports/metrics.js';
import { encodeLogBatch, loggedBytes, type LoggedEntry } from './log-batch.js';
import type { ReplayWindow } from './replay-window.js';
import { WaitingEntries, type AcceptedEntry, type Answer, type WaitingEntry } from './waiting-entries.js';
import type { WaitingTotal } from './waiting-total.js';

/** `accept` returns it for an entry that is answered later. */
export const WAITS = -1;

const BATCH_BYTES = 64 * 1024;
/** The most targets of lost entries that a batch names: 2 KiB of text. */
const LOGGED_TARGETS = 64;
const RETRY_MS = 250;

/** The room behind the queue. */
export interface ReleasingRoom {
  readonly replay: ReplayWindow;
  /** Delivers the entry. Returns its number, which the window gives; 0 for classes without a number. */
  append(
    sender: number,
    deliveryClass: DeliveryClass,
    key: number,
    targets: Uint16Array | null,
    payload: Uint8Array,
  ): number;
}

export interface QueueOwner {
  /** Another node is home. */
  onMoved(): void;
  /** The store does not know the session, or not this home. */
  onMissing(): void;
}

export interface DurableQueueDeps {
  readonly log: DurableLog;
  readonly clock: Clock;
  readonly tallies: Tallies;
  readonly total: WaitingTotal;
  /** Whether the store can be asked now. */
  readonly storeIsUp: () => boolean;
  /** Called with errors that are bugs. */
  readonly onFailure: (cause: unknown) => void;
}

export class DurableQueue {
  private readonly waiting: WaitingEntries;
  /** The reliable entries that are not sent to the store yet. */
  private gathered: LoggedEntry[] = [];
  private gatheredBytes = 0;
  private newestSeq: number;
  private state: 'open' | 'reopening' | 'closed' = 'open';
  private isDoubted = false;
  private retry: Timer | null = null;

  constructor(
    private readonly room: ReleasingRoom,
    private readonly home: LogHome,
    private readonly epoch: string,
    private writer: number,
    private readonly owner: QueueOwner,
    private readonly deps: DurableQueueDeps,
  ) {
    this.newestSeq = room.replay.seq;
    this.waiting = new WaitingEntries(deps.total);
  }

  /** Whether every accepted entry is answered. */
  get isIdle(): boolean {
    return this.waiting.isEmpty;
  }

  /**
   * Returns 0 for an entry without a number that needs not wait, `WAITS`, or the name of the error. Copies the payload
   * of an entry that waits.
   */
  accept(entry: AcceptedEntry, ref: number | null, answer: Answer): number | 'store_unavailable' {
    const isReliable = entry.deliveryClass === CLASS.reliable;
    if (!isReliable && this.isIdle) return this.release(entry);
    if ((isReliable && this.state !== 'open') || !this.waiting.hasRoomFor(entry)) return 'store_unavailable';
    const { sender, deliveryClass, key, targets } = entry;
    const kept = { sender, deliveryClass, key, targets, payload: entry.payload.slice() };
    if (!isReliable) {
      this.waiting.push({ seq: 0, entry: kept, ref, answer });
      return WAITS;
    }
    this.newestSeq += 1;
    this.waiting.push({ seq: this.newestSeq, entry: kept, ref, answer });
    this.gather(kept);
    return WAITS;
  }

  /** Sends what was gathered to the store now. By default that happens at the end of the turn. */
  send(): void {
    const count = this.gathered.length;
    if (count === 0) return;
    const { deps, home, writer, newestSeq: seq } = this;
    const batch = { after: seq - count, seq, bytes: this.encode(this.gathered) };
    this.gathered = [];
    this.gatheredBytes = 0;
    deps.tallies.durableAppends += 1;
    deps.log
      .append(home, writer, batch, this.room.replay.oldestSeq)
      .then(
        (outcome) => {
          this.onAnswer(writer, seq, outcome);
        },
        (error: unknown) => {
          this.report(error);
          this.onAnswer(writer, seq, 'outdated');
        },
      )
      .catch(deps.onFailure);
  }

  /**
   * The store may have lost entries: it was not reachable. The log is compared with the room as soon as nothing waits.
   */
  doubt(): void {
    if (this.state !== 'open') return;
    this.isDoubted = true;
    this.reopenInDoubt();
  }

  /** The room ends or is let go. The next home releases what the store has of the entries that wait. */
  stop(): void {
    if (this.state === 'closed') return;
    this.state = 'closed';
    this.retry?.cancel();
    for (const { answer } of this.takeWaiting()) answer.onUnknown();
  }

  private gather(entry: LoggedEntry): void {
    this.gathered.push(entry);
    this.gatheredBytes += loggedBytes(entry);
    if (this.gatheredBytes >= BATCH_BYTES) this.send();
    else if (this.gathered.length === 1) this.deps.clock.endOfTurn(this.onEndOfTurn);
  }

  private readonly onEndOfTurn = (): void => {
    this.send();
  };

  /** Answers to an older writer no longer matter: its entries were refused. */
  private onAnswer(writer: number, seq: number, outcome: Awaited<ReturnType<DurableLog['append']>>): void {
    if (this.state !== 'open' || writer !== this.writer) return;
    switch (outcome) {
      case 'appended':
        // Appends take effect in order, so all the earlier ones have succeeded too.
        this.releaseUpTo(seq);
        return;
      case 'moved':
        this.owner.onMoved();
        return;
      case 'missing':
        this.owner.onMissing();
        this.fail();
        return;
      case 'outdated':
        this.fail();
    }
  }

  private releaseUpTo(seq: number): void {
    for (let next = this.waiting.takeUpTo(seq); next !== null; next = this.waiting.takeUpTo(seq)) {
      next.answer.onReleased(next.ref, this.release(next.entry));
    }
    this.reopenInDoubt();
  }

  private release({ sender, deliveryClass, key, targets, payload }: AcceptedEntry): number {
    return this.room.append(sender, deliveryClass, key, targets, payload);
  }

  private fail(): void {
    this.deps.tallies.durableFailures += 1;
    this.state = 'reopening';
    this.refuseWaiting();
    this.reopen();
  }

  /** Refuses the reliable entries, and releases the others. */
  private refuseWaiting(): void {
    for (const { seq, entry, ref, answer } of this.takeWaiting()) {
      if (seq > 0) answer.onRefused(ref);
      else answer.onReleased(ref, this.release(entry));
    }
  }

  private takeWaiting(): readonly WaitingEntry[] {
    this.gathered = [];
    this.gatheredBytes = 0;
    return this.waiting.takeAll();
  }

  private reopenInDoubt(): void {
    if (!this.isDoubted || !this.isIdle || this.state !== 'open') return;
    this.state = 'reopening';
    this.reopen();
  }

  private reopen(): void {
    this.tryReopen()
      .catch((error: unknown) => {
        this.report(error);
        return 'again' as const;
      })
      .then((outcome) => {
        if (this.state === 'reopening') this.onReopened(outcome);
      })
      .catch(this.deps.onFailure);
  }

  private onReopened(outcome: 'open' | 'again' | 'moved' | 'missing'): void {
    if (outcome === 'moved') {
      this.owner.onMoved();
      return;
    }
    if (outcome === 'open') {
      this.newestSeq = this.room.replay.seq;
      this.isDoubted = false;
      this.state = 'open';
      return;
    }
    if (outcome === 'missing') this.owner.onMissing();
    this.reopenLater();
  }

  private reopenLater(): void {
    this.retry = this.deps.clock.after(RETRY_MS, () => {
      if (this.deps.storeIsUp()) this.reopen();
      else this.reopenLater();
    });
  }

  private async tryReopen(): Promise<'open' | 'again' | 'moved' | 'missing'> {
    const { log } = this.deps;
    const { seq, oldestSeq } = this.room.replay;
    const result = await log.reopen(this.home, { epoch: this.epoch, seq, oldestSeq });
    if (result.outcome !== 'opened') return result.outcome;
    this.writer = result.writer;
    const isFull = await this.refill(result.seq);
    return isFull ? 'open' : 'again';
  }

  /** The store has lost entries: puts back those that the room still has. */
  private async refill(from: number): Promise<boolean> {
    const { replay } = this.room;
    let after = from;
    while (after < replay.seq) {
      const part = firstBytes(replay.after(after).entries, BATCH_BYTES);
      const batch = { after, seq: after + part.length, bytes: this.encode(part) };
      const outcome = await this.deps.log.append(this.home, this.writer, batch, replay.oldestSeq);
      if (outcome !== 'appended') return false;
      after = batch.seq;
    }
    return true;
  }

  /** The next home learns for whom the entries were that are in the log no more. */
  private encode(entries: readonly LoggedEntry[]): Uint8Array {
    return encodeLogBatch(entries, this.room.replay.lostView(LOGGED_TARGETS));
  }

  private report(error: unknown): void {
    if (!Failure.is(error, 'store_unavailable')) this.deps.onFailure(error);
  }
}

/** The first entries, up to this many bytes, and at least one. */
function firstBytes<T extends LoggedEntry>(entries: readonly T[], maxBytes: number): readonly T[] {
  let bytes = 0;
  const end = entries.findIndex((entry) => {
    bytes += loggedBytes(entry);
    return bytes > maxBytes;
  });
  return end === -1 ? entries : entries.slice(0, Math.max(1, end));
}
