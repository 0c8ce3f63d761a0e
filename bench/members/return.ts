/** How long one return took: from the start of its connection to the last replayed entry, or the welcome alone. */
export class Return {
  private upToSeq: number | null = null;
  private newestMs = 0;

  constructor(private readonly startedMs: number) {}

  /** `seq` is the newest entry before live ones: what has a number up to it is replayed. */
  onWelcome(seq: number, nowMs: number): void {
    this.upToSeq = seq;
    this.newestMs = nowMs;
  }

  onReliable(seq: number, nowMs: number): void {
    if (this.upToSeq !== null && seq <= this.upToSeq) this.newestMs = nowMs;
  }

  /** Asked when its connection is over. Without a welcome it has taken all the time until now. */
  tookMs(nowMs: number): number {
    return (this.upToSeq === null ? nowMs : this.newestMs) - this.startedMs;
  }
}
