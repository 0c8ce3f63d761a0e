import { Failure } from '../../protocol/failure.js';
import type { RedisLink } from './link.js';
import { asInteger } from './replies.js';

/** Shorter than the command timeout, so that a missing replica is an answer and does not count as a stall. */
const WAIT_MS = 800;

/** Waits until replicas have what was sent before. One command serves all callers of an event-loop turn. */
export class Replication {
  readonly #link: RedisLink;
  readonly #replicas: number;
  #waiting: Promise<void> | null = null;

  /** `replicas`: how many must have it; with 0 nothing waits. */
  constructor(link: RedisLink, replicas: number) {
    this.#link = link;
    this.#replicas = replicas;
  }

  /**
   * Resolves when enough replicas have every change that this connection sent before the end of this turn. Rejects with
   * `store_unavailable` when they do not have it in time.
   */
  async done(): Promise<void> {
    if (this.#replicas === 0) return;
    this.#waiting ??= this.#afterTurn();
    await this.#waiting;
  }

  #afterTurn(): Promise<void> {
    return new Promise((resolve, reject) => {
      setImmediate(() => {
        this.#waiting = null;
        this.#wait().then(resolve, reject);
      });
    });
  }

  async #wait(): Promise<void> {
    const reached = asInteger(await this.#link.replicasReached('log.replicate', this.#replicas, WAIT_MS));
    if (reached >= this.#replicas) return;
    throw new Failure('store_unavailable', { retryAfterS: 1, cause: new Error('too few replicas have the change') });
  }
}
