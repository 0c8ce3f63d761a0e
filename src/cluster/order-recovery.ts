/**
 * Orders may be among the messages that the bus has lost. After a loss, this node compares everything that it holds
 * with the store. It repeats the comparison until it succeeds, because the store may be unavailable.
 */
import { Failure } from '../protocol/failure.js';
import type { Clock, Timer } from '../ports/clock.js';
import type { Log } from '../ports/log.js';
import type { NodeBus } from '../ports/node-bus.js';

const RETRY_AFTER_MS = 500;

export interface OrderRecoveryDeps {
  readonly bus: Pick<NodeBus, 'onLost'>;
  readonly clock: Clock;
  readonly log: Log;
  /** Compares what this node holds with the store. Rejects when the store cannot be asked. */
  readonly check: () => Promise<void>;
}

export class OrderRecovery {
  private timer: Timer | null = null;
  private isRunning = false;
  /** A loss was reported since the running comparison began. */
  private isDue = false;
  private isStopped = false;

  constructor(private readonly deps: OrderRecoveryDeps) {
    deps.bus.onLost(() => {
      this.begin();
    });
  }

  stop(): void {
    this.isStopped = true;
    this.timer?.cancel();
  }

  private begin(): void {
    this.isDue = true;
    if (this.isRunning || this.isStopped) return;
    this.isRunning = true;
    this.timer?.cancel();
    // Several nodes may be lost in one turn: one comparison is enough.
    this.deps.clock.endOfTurn(() => {
      this.isDue = false;
      this.deps.check().then(
        () => {
          this.end(false);
        },
        (error: unknown) => {
          if (!Failure.is(error, 'store_unavailable')) this.deps.log.error('order_recovery_failed', error);
          this.end(true);
        },
      );
    });
  }

  private end(hasFailed: boolean): void {
    this.isRunning = false;
    if (this.isStopped) return;
    if (this.isDue) this.begin();
    else if (hasFailed) {
      this.timer = this.deps.clock.after(RETRY_AFTER_MS, () => {
        this.begin();
      });
    }
  }
}
