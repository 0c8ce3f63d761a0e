/**
 * Slows down clients that guess credentials. The door refuses an address whose handshakes keep failing for a while,
 * before it looks at the credential. The memory is bounded: it drops the address that failed longest ago first.
 */
import { networkOf } from '../lib/address.js';
import type { Clock } from '../ports/clock.js';
import { TokenBucket } from '../lib/token-bucket.js';

const MAX_ADDRESSES = 10_000;

export class FailedHandshakes {
  private readonly buckets = new Map<string, TokenBucket>();

  /** Each address may fail `perSecond` times per second; 0: no limit. */
  constructor(
    private readonly perSecond: number,
    private readonly clock: Pick<Clock, 'monotonicMs'>,
  ) {}

  /** Whether this address has failed too often lately. */
  isOver(address: string): boolean {
    const bucket = this.buckets.get(networkOf(address));
    return bucket?.has(1, this.clock.monotonicMs()) === false;
  }

  note(address: string): void {
    if (this.perSecond === 0) return;
    const nowMs = this.clock.monotonicMs();
    const network = networkOf(address);
    const bucket = this.buckets.get(network) ?? new TokenBucket(this.perSecond, nowMs);
    bucket.has(1, nowMs);
    bucket.take(1);
    this.buckets.delete(network);
    this.buckets.set(network, bucket);
    const oldest = this.buckets.size > MAX_ADDRESSES ? this.buckets.keys().next().value : undefined;
    if (oldest !== undefined) this.buckets.delete(oldest);
  }
}
