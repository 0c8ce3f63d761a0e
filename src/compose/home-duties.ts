/**
 * Membership asks two things of this node as a home: how many sessions it has, and to check them against the store after a
 * gap in the lease. Membership is built first. Each part that has sessions registers here when it is built, as gauges do;
 * before that there is nothing to count and nothing to check.
 */
export class HomeDuties {
  private readonly counts: (() => number)[] = [];
  private readonly checks: (() => Promise<void>)[] = [];

  countSessions(count: () => number): void {
    this.counts.push(count);
  }

  /** Nothing is numbered or acked until every check has resolved. */
  onLeaseRegained(check: () => Promise<void>): void {
    this.checks.push(check);
  }

  sessions(): number {
    return this.counts.reduce((sum, count) => sum + count(), 0);
  }

  /** Rejects when a check does. */
  async leaseRegained(): Promise<void> {
    await Promise.all(this.checks.map((check) => check()));
  }
}
