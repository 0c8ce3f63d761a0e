/** Drains a node on behalf of any other: the drain runs where the sockets are, and its caller asks how far it is. */
import { boolean, finite, object, type Shaped } from '../lib/shape.js';
import type { Clock } from '../ports/clock.js';
import { callKind, type NodeCalls } from '../ports/node-calls.js';
import type { Placement } from '../ports/placement.js';
import { Failure } from '../protocol/failure.js';
import type { NodeId } from '../protocol/ids.js';

const progress = object({ isOver: boolean, closed: finite });
/** How far a drain is: whether it is over, and how many sockets it has closed. */
export type DrainProgress = Shaped<typeof progress>;

/** Begins the drain unless it runs already, and answers when it is over or after `ANSWER_AFTER_MS`. */
const DRAIN = callKind('node.drain', object({}), progress);

/** A call is answered within a second. */
const ANSWER_AFTER_MS = 700;

/** The drain of this process. */
export interface LocalDrain {
  /** Begins it unless it has begun. Resolves when it is over; never rejects. */
  begin(): Promise<void>;
  progress(): DrainProgress;
}

export interface DrainReport {
  /** Sockets that the drain has closed so far. */
  readonly closed: number;
  /** Whether the node answered. */
  readonly isAcked: boolean;
}

export interface NodeDrainsDeps {
  readonly calls: NodeCalls;
  readonly placement: Pick<Placement, 'self' | 'find'>;
  readonly clock: Clock;
  /** Built after the parts that it drains. */
  readonly local: () => LocalDrain;
}

export class NodeDrains {
  constructor(private readonly deps: NodeDrainsDeps) {}

  serve(): void {
    this.deps.calls.serve(DRAIN, () => this.drainHere());
  }

  /**
   * Drains the node. Resolves when the drain is over, when the node does not answer, or after about `waitMs`; a repeat
   * waits on. Rejects with `node_not_found`.
   */
  async drain(id: NodeId, waitMs: number): Promise<DrainReport> {
    const { placement, clock, calls } = this.deps;
    if (placement.find(id) === null) throw new Failure('node_not_found');
    const untilMs = clock.monotonicMs() + waitMs;
    let closed = 0;
    do {
      try {
        const answer = await (id === placement.self ? this.drainHere() : calls.ask(DRAIN, id, {}));
        closed = answer.closed;
        if (answer.isOver) break;
      } catch (error) {
        if (!Failure.is(error, 'home_unreachable')) throw error;
        return { closed, isAcked: false };
      }
    } while (clock.monotonicMs() < untilMs);
    return { closed, isAcked: true };
  }

  private async drainHere(): Promise<DrainProgress> {
    const drain = this.deps.local();
    await Promise.race([
      drain.begin(),
      new Promise<void>((resolve) => {
        this.deps.clock.after(ANSWER_AFTER_MS, resolve);
      }),
    ]);
    return drain.progress();
  }
}
