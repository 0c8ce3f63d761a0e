/** Keeps what is secret unreadable at rest. Every node with the same server secret opens what another one sealed. */
export interface Sealer {
  /** `context` says what the text is for; it must be the same to open it. */
  seal(text: string, context: string): string;
  /** null for anything that was not sealed with this secret and context. Never throws. */
  open(sealed: string, context: string): string | null;
  /** A digest that nobody can guess the text of without the server secret; alike for the same text and context. */
  mark(text: string, context: string): string;
}
