/**
 * The stored half of a durable session's replay window: the session's newest reliable entries, in batches. The home of
 * the session writes it, and the next home reads it. The store does not look into a batch.
 *
 * Each call is atomic and checks the home: once another node has claimed the session, nothing that the old home sends
 * changes the log. A log has one writer at a time. Each `open` and `reopen` makes a new writer, and what an older writer
 * sent is refused from then on, even if it arrives later. So a home that does not know the outcome of an append reopens
 * the log, and then knows what is in it.
 *
 * A log is removed with its session. It is empty and has a new epoch after the store lost the session.
 */
import type { NodeId, SessionId } from '../protocol/ids.js';

/** The home that calls, as the session records it. */
export interface LogHome {
  readonly sessionId: SessionId;
  readonly nodeId: NodeId;
  readonly homeEpoch: number;
}

export interface LogBatch {
  /** The number of the last entry before the batch, and of the batch's last entry. */
  readonly after: number;
  readonly seq: number;
  readonly bytes: Uint8Array;
}

export interface StoredBatch {
  /** The number of the batch's last entry. */
  readonly seq: number;
  /** When it was appended, by the store's clock. */
  readonly appendedAtMs: number;
  readonly bytes: Uint8Array;
}

export interface OpenedLog {
  readonly outcome: 'opened';
  readonly writer: number;
  /** Names the numbering of the entries. */
  readonly epoch: string;
  /** The number of the newest entry that was ever appended in this epoch; 0: none. */
  readonly seq: number;
  /** The batches that are kept, oldest first, without a hole. The last one ends with `seq`. */
  readonly batches: readonly StoredBatch[];
}

/**
 * Nothing was changed. `moved`: another node is home now. `missing`: the session is over, or the store has lost it or
 * the claim of this home.
 */
export interface LogRefusal {
  readonly outcome: 'moved' | 'missing';
}

/** The part of its log that a home knows for certain. */
export interface KnownLog {
  readonly epoch: string;
  /** The newest entry whose append was confirmed. */
  readonly seq: number;
  /** The number of the oldest entry that the home itself still has; `seq` + 1: it has none. */
  readonly oldestSeq: number;
}

export interface DurableLog {
  /**
   * Opens the log for a new home. `newEpoch` names the numbering when there is no log, and when the store may have lost
   * the newest entries of the log: when another server answers than the one that the log was last opened on. Entries of
   * the old numbering are then removed.
   */
  open(home: LogHome, newEpoch: string): Promise<OpenedLog | LogRefusal>;
  /**
   * Opens the log anew for its living home, which has had appends without an answer. Entries after `known.seq` are
   * removed: nobody has seen them. When the store has less than the home, the log starts again behind
   * `known.oldestSeq`, and the home appends what it has. `seq` is the newest entry that is in the log now.
   */
  reopen(
    home: LogHome,
    known: KnownLog,
  ): Promise<{ readonly outcome: 'opened'; readonly writer: number; readonly seq: number } | LogRefusal>;
  /**
   * Appends a batch. Appends of one writer take effect in the order of the calls, also when none of them is answered
   * yet. `outdated`: this writer is not the newest, or the batch does not follow the newest entry. Batches that end
   * before `oldestSeq` may be removed. Rejects with `store_unavailable` when the outcome is unknown.
   */
  append(
    home: LogHome,
    writer: number,
    batch: LogBatch,
    oldestSeq: number,
  ): Promise<'appended' | 'outdated' | LogRefusal['outcome']>;
}
