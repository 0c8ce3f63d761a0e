/**
 * An operation is one REST call that changes something, from its first step to its answer. Steps that it takes in the
 * store find it here, so that a repeat of the call takes each step once, and so that the answer to a call that failed
 * says truly whether anything changed.
 */
export interface Operation {
  /** The same for every repeat of the call; null when the caller sent no Idempotency-Key, so that a repeat is a new call. */
  readonly id: string | null;
  /** Whether a step of it has taken effect, or may have. */
  readonly mayHaveChanged: boolean;
  /** Notes that a step has taken effect, or may have. */
  noteChange(): void;
  /** Names the next step of this kind. A repeat that takes the same steps gives them the same names. */
  nameStep(kind: string): string;
  /**
   * Bytes that only this server can predict: a repeat draws the same ones, in the same order. Throws a TypeError when the
   * operation has no id.
   */
  randomBytes(count: number): Uint8Array;
}

export interface Operations {
  /** Runs `work` as a part of the operation `id`. What `work` leaves running after it settles is no part of it. */
  run<T>(id: string | null, work: (operation: Operation) => Promise<T>): Promise<T>;
  /** The operation that the caller runs in; null outside of one. */
  current(): Operation | null;
}
