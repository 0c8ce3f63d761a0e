/** Names a target in the log once when it begins to fail, once when it loses a delivery, and once when it answers again. */
import type { Clock } from '../ports/clock.js';
import type { DeliveryTarget } from '../ports/delivery-queue.js';
import type { Log, LogFields } from '../ports/log.js';
import type { EndpointId } from '../protocol/ids.js';

const MOST_TARGETS = 10_000;
/** Longer than the longest delay between two attempts: nothing waits for a target that was not tried for so long. */
const FORGOTTEN_AFTER_MS = 30 * 3_600_000;

interface FailingTarget {
  readonly target: DeliveryTarget;
  readonly state: 'failing' | 'dead';
  readonly failedAtMs: number;
}

export class TargetHealth {
  readonly #log: Pick<Log, 'info' | 'warn'>;
  readonly #clock: Pick<Clock, 'nowMs'>;
  /** Only targets that fail; the one whose last failure is the oldest comes first. */
  readonly #states = new Map<string, FailingTarget>();

  constructor(log: Pick<Log, 'info' | 'warn'>, clock: Pick<Clock, 'nowMs'>) {
    this.#log = log;
    this.#clock = clock;
  }

  get failing(): number {
    return this.#states.size;
  }

  /** The failing targets that are registered endpoints, by their keys. */
  endpoints(): readonly (readonly [string, EndpointId])[] {
    return [...this.#states].flatMap(([key, { target }]) =>
      target.kind === 'endpoint' ? [[key, target.endpointId] as const] : [],
    );
  }

  /** The endpoint is gone. */
  forget(key: string): void {
    this.#states.delete(key);
  }

  /** Forgets the targets that nothing waits for, and returns their keys. */
  sweep(): readonly string[] {
    const swept: string[] = [];
    for (const [key, { failedAtMs }] of this.#states) {
      if (failedAtMs > this.#clock.nowMs() - FORGOTTEN_AFTER_MS) break;
      this.#states.delete(key);
      swept.push(key);
    }
    return swept;
  }

  delivered(key: string, target: DeliveryTarget): void {
    if (this.#states.delete(key)) this.#log.info('webhook_target_recovered', nameOf(target));
  }

  /** `isLost`: the delivery became a dead letter. */
  failed(key: string, target: DeliveryTarget, reason: string, isLost: boolean): void {
    const before = this.#states.get(key)?.state;
    const after = isLost || before === 'dead' ? 'dead' : 'failing';
    this.#states.delete(key);
    this.#states.set(key, { target, state: after, failedAtMs: this.#clock.nowMs() });
    if (before === after) return;
    const [oldest] = this.#states.keys();
    if (this.#states.size > MOST_TARGETS && oldest !== undefined) this.#states.delete(oldest);
    this.#log.warn(after === 'dead' ? 'webhook_target_dead' : 'webhook_target_failing', {
      ...nameOf(target),
      reason,
    });
  }
}

/** The path of a URL may hold a credential, so a line has the host alone. */
export function nameOf(target: DeliveryTarget): LogFields {
  if (target.kind === 'endpoint') return { endpoint_id: target.endpointId };
  return { project_id: target.projectId, host: URL.canParse(target.url) ? new URL(target.url).host : null };
}
