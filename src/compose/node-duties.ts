import type { LocalDrain } from '../cluster/node-drains.js';

/**
 * The duties that the cluster gives the parts of this node: the number of sessions it is home to, a comparison of what it
 * holds with the store, and its drain. The cluster asks for a comparison after a gap in the node's lease, and after it may
 * have lost orders of other nodes. The cluster is built first, so each part registers here when it is built, as gauges
 * do.
 */
export class NodeDuties {
  private readonly counts: (() => number)[] = [];
  private readonly comparisons: (() => Promise<void>)[] = [];
  private localDrain: LocalDrain | null = null;

  drainWith(drain: LocalDrain): void {
    this.localDrain = drain;
  }

  /** Throws before `drainWith`, which is called before the node hears any other. */
  get drain(): LocalDrain {
    if (this.localDrain === null) throw new Error('the drain is not composed yet');
    return this.localDrain;
  }

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
