import type { ErrorCode } from '../../protocol/errors.js';

/** The new home's answer to a frame: the entry's number (0 for the classes without one), or why it was refused. */
export type HeldAnswer = { readonly seq: number } | { readonly error: ErrorCode };

/** Takes the frames of members while their session moves to another node. */
export interface FrameHold {
  /**
   * Keeps a relay frame for the new home; null: the member leaves. Copies the bytes before it returns. `onAnswer` is not
   * called when the new home's answer is lost.
   */
  keep(index: number, frame: Uint8Array | null, onAnswer: (answer: HeldAnswer) => void): void;
  /** The member's socket answered a ping, or is closed: what the member sent before has arrived. */
  onHeard(index: number): void;
  /** Resolves when the session has moved, or cannot move. */
  readonly released: Promise<void>;
}
