/**
 * A node hears its own beats: those to all, and one on the channel that is its own. On a Redis Cluster the two channels are
 * on different servers, and either subscription may end without a word. The node is deaf when one of the two stays
 * silent.
 */
import type { NodeId } from '../../protocol/ids.js';
import type { Beat } from './envelope.js';

/** How long a channel may be silent before the transport connects again. */
const DEAF_AFTER_MS = 1_000;
const NOTHING_SENT = { run: 0, number: 0 } as const;

export class Echo {
  private sentAtMs = 0;
  private sentId = 0;
  private tookMs = 0;
  private allAtMs = 0;
  private ownAtMs = 0;

  constructor(private readonly self: NodeId) {}

  start(nowMs: number): void {
    this.allAtMs = nowMs;
    this.ownAtMs = nowMs;
  }

  sent(id: number, nowMs: number): void {
    this.sentId = id;
    this.sentAtMs = nowMs;
  }

  /** A beat that tells of no envelope, for the node's own channel. Only such a beat names the node itself. */
  ownBeat(id: number): Beat {
    return { id, all: NOTHING_SENT, ones: [{ to: this.self, run: 0, number: 0 }] };
  }

  hear(beat: Beat, nowMs: number): void {
    if (beat.ones.some(({ to }) => to === this.self)) {
      this.ownAtMs = nowMs;
      return;
    }
    this.allAtMs = nowMs;
    if (beat.id === this.sentId) this.tookMs = nowMs - this.sentAtMs;
  }

  /** How long the last beat took to come back, or how long the next one is overdue if that is longer, in ms. */
  lagMs(nowMs: number, everyMs: number): number {
    return Math.max(this.tookMs, nowMs - Math.min(this.allAtMs, this.ownAtMs) - everyMs);
  }

  /** True once for each time that a channel was silent for too long; then both have that time again. */
  isDeaf(nowMs: number): boolean {
    if (nowMs - Math.min(this.allAtMs, this.ownAtMs) <= DEAF_AFTER_MS) return false;
    this.start(nowMs);
    return true;
  }
}
