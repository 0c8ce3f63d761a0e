/** Names a target in the log once when it begins to fail, once when it loses a delivery, and once when it answers again. */
import type { DeliveryTarget } from '../ports/delivery-queue.js';
import type { Log, LogFields } from '../ports/log.js';

const MOST_TARGETS = 10_000;

export class TargetHealth {
  readonly #log: Pick<Log, 'info' | 'warn'>;
  /** Only targets that fail; the oldest first. */
  readonly #states = new Map<string, 'failing' | 'dead'>();

  constructor(log: Pick<Log, 'info' | 'warn'>) {
    this.#log = log;
  }

  get failing(): number {
    return this.#states.size;
  }

  delivered(key: string, target: DeliveryTarget): void {
    if (this.#states.delete(key)) this.#log.info('webhook_target_recovered', nameOf(target));
  }

  /** `isLost`: the delivery became a dead letter. */
  failed(key: string, target: DeliveryTarget, reason: string, isLost: boolean): void {
    const before = this.#states.get(key);
    const after = isLost || before === 'dead' ? 'dead' : 'failing';
    if (before === after) return;
    this.#states.set(key, after);
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
