/**
 * What the cluster asks of the parts of this node: how many sessions it is home to, and to compare what it holds with the
 * store, after a gap in its lease and after orders of other nodes may have been lost. The cluster is built first. Each part
 * registers here when it is built, as gauges do; before that there is nothing to count and nothing to compare.
 */
export class NodeDuties {
  private readonly counts: (() => number)[] = [];
  private readonly comparisons: (() => Promise<void>)[] = [];

  countSessions(count: () => number): void {
    this.counts.push(count);
  }

  /** After a gap in the lease nothing is numbered or acked until every comparison has resolved. */
  compareWithStore(compare: () => Promise<void>): void {
    this.comparisons.push(compare);
  }

  sessions(): number {
    return this.counts.reduce((sum, count) => sum + count(), 0);
  }

  /** Rejects when a comparison does. */
  async compareAll(): Promise<void> {
    await Promise.all(this.comparisons.map((compare) => compare()));
  }
}
