/** The services of a gateway: how they start in order and stop in reverse. */
import type { Clock } from '../ports/clock.js';
import type { Log } from '../ports/log.js';

export interface Service {
  /** For the log. */
  readonly name: string;
  /** Called once. Resolves when the service runs. A rejection makes the start of the gateway fail. */
  start(): void | Promise<void>;
  /** Idempotent, and allowed before `start`. */
  stop(): void | Promise<void>;
  /** How long the gateway waits for `stop`; absent: `STOP_WAIT_MS`. */
  readonly stopWaitMs?: number;
}

/** Every composition returns its services beside the parts that it made. */
export interface Composed {
  /** In the order in which they start. */
  readonly services: readonly Service[];
}

export interface StopDeps {
  readonly clock: Pick<Clock, 'after'>;
  readonly log: Pick<Log, 'error'>;
}

/** Far more than any service needs, and less than an orchestrator waits before it kills the process. */
export const STOP_WAIT_MS = 5000;

/** One after the other: a service may rely on those before it. */
export async function startInOrder(services: readonly Service[]): Promise<void> {
  for (const service of services) await service.start();
}

/**
 * Stops every service in reverse order, started or not. The failure of one does not keep the others from stopping: it
 * is logged, and the call rejects at the end.
 */
export async function stopInReverse(services: readonly Service[], { clock, log }: StopDeps): Promise<void> {
  const failures: unknown[] = [];
  for (const service of [...services].reverse()) {
    try {
      await stopWithin(service, service.stopWaitMs ?? STOP_WAIT_MS, clock);
    } catch (error) {
      log.error('service_stop_failed', error, { service: service.name });
      failures.push(error);
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, 'some services did not stop');
}

function stopWithin(service: Service, waitMs: number, clock: Pick<Clock, 'after'>): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(waitMs, () => {
      reject(new Error(`the service did not stop within ${String(waitMs)} ms`));
    });
    stopped(service)
      .finally(() => {
        timer.cancel();
      })
      .then(resolve, reject);
  });
}

/** Rejects also when `stop` throws. */
async function stopped(service: Service): Promise<void> {
  await service.stop();
}
