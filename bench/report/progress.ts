/** The progress of a run: one line that is rewritten on a terminal, else a line every 5 s. */
const EVERY_MS = 5_000;
const CLEAR_LINE = '\r\u001b[K';

export interface Output {
  readonly isTTY?: boolean;
  readonly write: (text: string) => unknown;
}

export class Progress {
  private newestMs: number;
  private isLineOpen = false;

  constructor(
    private readonly output: Output,
    private readonly nowMs: () => number = () => performance.now(),
  ) {
    this.newestMs = nowMs();
  }

  show(text: string): void {
    if (this.output.isTTY === true) {
      this.output.write(`${CLEAR_LINE}  ${text}`);
      this.isLineOpen = true;
      return;
    }
    const nowMs = this.nowMs();
    if (nowMs - this.newestMs < EVERY_MS) return;
    this.newestMs = nowMs;
    this.output.write(`  ${text}\n`);
  }

  /** Call it before anything else is written. */
  clear(): void {
    if (this.isLineOpen) this.output.write(CLEAR_LINE);
    this.isLineOpen = false;
  }
}
