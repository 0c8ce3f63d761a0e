/** How long one return took: from the start of its connection until the last replayed entry, or the welcome. */
export class Return {
  private upToSeq: number | null = null;
  private newestMs = 0;

  constructor(private readonly startedMs: number) {}

  /** `seq` is the newest entry before live ones: entries up to it are replayed. */
  onWelcome(seq: number, nowMs: number): void {
    this.upToSeq = seq;
    this.newestMs = nowMs;
  }

  onReliable(seq: number, nowMs: number): void {
    if (this.upToSeq !== null && seq <= this.upToSeq) this.newestMs = nowMs;
  }

  /** Call it when its connection is over. Without a welcome it took all the time until now. */
  tookMs(nowMs: number): number {
    return (this.upToSeq === null ? nowMs : this.newestMs) - this.startedMs;
  }
}
