/** The services of a gateway: how they start in order and stop in reverse. */
import type { Log } from '../ports/log.js';

export interface Service {
  /** For the log. */
  readonly name: string;
  /** Called once. Resolves when the service runs; rejects when it cannot, which makes the start of the gateway fail. */
  start(): void | Promise<void>;
  /** Idempotent, and allowed before `start`. Resolves within the service's own deadline. */
  stop(): void | Promise<void>;
}

/** Every composition returns its services beside the parts that it made. */
export interface Composed {
  /** In the order in which they start. */
  readonly services: readonly Service[];
}

/** One after the other: a service may rely on those before it. */
export async function startInOrder(services: readonly Service[]): Promise<void> {
  for (const service of services) await service.start();
}

/**
 * Stops every service in reverse order, started or not. One that fails keeps none of the others from stopping: it is
 * logged, and the call rejects at the end.
 */
export async function stopInReverse(services: readonly Service[], log: Log): Promise<void> {
  const failures: unknown[] = [];
  for (const service of [...services].reverse()) {
    try {
      await service.stop();
    } catch (error) {
      log.error('service_stop_failed', error, { service: service.name });
      failures.push(error);
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, 'some services did not stop');
}
