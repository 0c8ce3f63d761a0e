/**
 * What membership asks of this node's homes: how many sessions they have, and that they look into the store after a gap in
 * the lease. Membership is built first, and each part registers with these duties when it is built, as gauges do.
 * Before that there is no home, so there is nothing to count and nothing to check.
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
