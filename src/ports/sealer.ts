/** Encrypts stored secrets. Every node with the same server secret can open them. */
export interface Sealer {
  /** `context` says what the text is for; `open` needs the same context. */
  seal(text: string, context: string): string;
  /** null unless the text was sealed with this secret and context. Never throws. */
  open(sealed: string, context: string): string | null;
  /** A digest that cannot be guessed without the server secret. The same text and context give the same digest. */
  mark(text: string, context: string): string;
}
