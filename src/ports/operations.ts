/**
 * An operation is one REST call that changes something, from its first step to its answer. The store steps of the call
 * find their operation here. This lets a repeat of the call take each step only once, and lets the answer to a failed
 * call say correctly whether anything changed.
 */
export interface Operation {
  /** The same for every repeat of the call; null when the caller sent no Idempotency-Key, so each try is a new call. */
  readonly id: string | null;
  /** Whether a step has changed something, or may have. */
  readonly mayHaveChanged: boolean;
  /** Records that a step has changed something, or may have. */
  noteChange(): void;
  /** Names the next step of this kind. A repeat that takes the same steps gets the same names. */
  nameStep(kind: string): string;
  /**
   * Bytes that only this server can predict; a repeat gets the same bytes in the same order. Throws a TypeError when
   * the operation has no id.
   */
  randomBytes(count: number): Uint8Array;
}

export interface Operations {
  /** Runs `work` as part of operation `id`. Tasks that are still running after `work` settles are not part of it. */
  run<T>(id: string | null, work: (operation: Operation) => Promise<T>): Promise<T>;
  /** The operation that the caller runs in; null outside an operation. */
  current(): Operation | null;
}
