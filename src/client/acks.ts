/** The callers that wait for the answer to a frame, by its ref. Each promise is settled exactly once. */
import { deferred, type Deferred } from './deferred.js';
import { RelayError, type RelayErrorCode } from './relay-error.js';

interface Waiting extends Deferred<number> {
  isOnWire: boolean;
}

export class Acks {
  private readonly waiting = new Map<number, Waiting>();
  private lastRef = 0;

  constructor(private readonly maxWaiting: number) {}

  get size(): number {
    return this.waiting.size;
  }

  /** Whether a frame that somebody waits for is on the wire. */
  get isAwaited(): boolean {
    for (const { isOnWire } of this.waiting.values()) if (isOnWire) return true;
    return false;
  }

  /** null: the maximum number of callers already waits. */
  open(): { readonly ref: number; readonly promise: Promise<number> } | null {
    if (this.waiting.size >= this.maxWaiting) return null;
    const ref = this.nextRef();
    const waiting = { ...deferred<number>(), isOnWire: false };
    this.waiting.set(ref, waiting);
    return { ref, promise: waiting.promise };
  }

  /** A ref that nobody waits for. */
  nextRef(): number {
    do this.lastRef = (this.lastRef + 1) >>> 0;
    while (this.waiting.has(this.lastRef));
    return this.lastRef;
  }

  onWire(ref: number): void {
    const waiting = this.waiting.get(ref);
    if (waiting !== undefined) waiting.isOnWire = true;
  }

  accepted(ref: number, seq: number): void {
    this.take(ref)?.resolve(seq);
  }

  /** false when nobody waits for this ref. */
  refused(ref: number, code: RelayErrorCode, message: string): boolean {
    const waiting = this.take(ref);
    waiting?.reject(new RelayError(code, message));
    return waiting !== undefined;
  }

  /** Drops the ref of a frame that was never sent, whose sender learns that in another way. */
  forget(ref: number): void {
    this.take(ref);
  }

  /**
   * Rejects for frames that were on the wire and may or may not have arrived. Frames that wait for a link keep waiting.
   */
  linkLost(): void {
    for (const [ref, { isOnWire }] of [...this.waiting]) {
      if (isOnWire) this.refused(ref, 'unknown_outcome', 'The link was lost before the answer came.');
    }
  }

  private take(ref: number): Waiting | undefined {
    const waiting = this.waiting.get(ref);
    this.waiting.delete(ref);
    return waiting;
  }
}
