/** Backends try a webhook, read dead letters, and send these again. */
import { randomBase62 } from '../lib/base62.js';
import { Failure } from '../protocol/failure.js';
import type { EndpointId, ProjectId } from '../protocol/ids.js';
import type { WebhookSecret } from '../protocol/webhook-secret.js';
import type { Crypto } from '../ports/crypto.js';
import type { DeadLetter, DeadLetterKey, DeadLetterQuery, DeliveryQueue } from '../ports/delivery-queue.js';
import type { Patience } from '../ports/http.js';
import type { ProjectScope } from '../ports/relay-session.js';
import type { WebhookSigner } from '../ports/webhook-signer.js';
import { ATTEMPT_DEADLINE_MS, post, validSecrets, type AttemptDeps } from './attempt.js';
import type { Endpoint } from './endpoint-list.js';
import type { Endpoints } from './endpoints.js';
import { endpointKey, isDeliveryTo } from './planner.js';

export interface WebhooksDeps extends Pick<AttemptDeps, 'outbound' | 'clock'> {
  readonly endpoints: Pick<Endpoints, 'existing'>;
  readonly queue: Pick<DeliveryQueue, 'deadLetters' | 'resend'>;
  readonly signer: WebhookSigner;
  readonly crypto: Crypto;
  /** Sends what is due, when this node owns the partition; another owner looks within 5 s. */
  readonly wake: (partition: number) => void;
}

/** The type of test events. It is no type that an endpoint can ask for. */
const TEST_TYPE = 'webhook.test';
/** Tests of one endpoint at once, at one node. */
const MOST_TESTS = 2;

export interface TestReport {
  /** The id of the test event: the `webhook-id` that the endpoint got. */
  readonly id: string;
  readonly delivered: boolean;
  /** Why it was not delivered; null when it was. */
  readonly reason: string | null;
  readonly tookMs: number;
}

export class Webhooks {
  /** How many tests of an endpoint are under way. */
  readonly #testing = new Map<EndpointId, number>();

  constructor(private readonly deps: WebhooksDeps) {}

  /**
   * Sends an event to the endpoint now, once, also while it is paused; ends when the caller is gone. Rejects with
   * `webhook_not_found` or `too_many_webhook_tests`.
   */
  async test(id: EndpointId, scope: ProjectScope, patience?: Patience): Promise<TestReport> {
    const endpoint = await this.deps.endpoints.existing(id, scope);
    const underWay = this.#testing.get(id) ?? 0;
    if (underWay >= MOST_TESTS)
      throw new Failure('too_many_webhook_tests', { retryAfterS: ATTEMPT_DEADLINE_MS / 1000 });
    this.#testing.set(id, underWay + 1);
    try {
      return await this.#test(endpoint, patience);
    } finally {
      const left = (this.#testing.get(id) ?? 1) - 1;
      if (left === 0) this.#testing.delete(id);
      else this.#testing.set(id, left);
    }
  }

  async #test(endpoint: Endpoint, patience: Patience | undefined): Promise<TestReport> {
    const { crypto, clock } = this.deps;
    const over = new AbortController();
    patience?.extend(ATTEMPT_DEADLINE_MS);
    patience?.onOver(() => {
      over.abort();
    });
    const eventId = `evt_test_${randomBase62(crypto, 22)}`;
    const createdAtMs = clock.nowMs();
    const data = { webhook_id: endpoint.id };
    const body = JSON.stringify({ id: eventId, type: TEST_TYPE, sequence: null, created_at: createdAtMs, data });
    const startedMs = clock.monotonicMs();
    const message = { id: eventId, url: endpoint.url, body, secrets: validSecrets(endpoint, createdAtMs) };
    const result = await post(message, this.deps, over.signal);
    const reason = result.kind === 'failed' ? result.reason : result.kind === 'gone' ? 'status 410' : null;
    const tookMs = Math.round(clock.monotonicMs() - startedMs);
    return { id: eventId, delivered: result.kind === 'delivered', reason, tookMs };
  }

  /** Those of one endpoint, or all that the scope may see, newest first. Rejects with `webhook_not_found`. */
  async deadLetters(
    scope: ProjectScope,
    endpointId: EndpointId | null,
    page: Pick<DeadLetterQuery, 'before' | 'limit'>,
  ): Promise<readonly DeadLetter[]> {
    const { endpoints, queue } = this.deps;
    if (endpointId !== null) await endpoints.existing(endpointId, scope);
    return queue.deadLetters({ scope, targetKey: endpointId === null ? null : endpointKey(endpointId), ...page });
  }

  /** `endpointId`: whose dead letter it must be; null: of any target. Rejects with `dead_letter_not_found`. */
  async resend(key: DeadLetterKey, scope: ProjectScope, endpointId: EndpointId | null): Promise<void> {
    const isOther = endpointId !== null && !isDeliveryTo(key.id, endpointKey(endpointId));
    if (isOther) throw new Failure('dead_letter_not_found');
    if (!(await this.deps.queue.resend(key, scope))) throw new Failure('dead_letter_not_found');
    this.deps.wake(key.partition);
  }

  /** The secret that signs what goes to the addresses that sessions of the project name. */
  signingSecret(projectId: ProjectId): WebhookSecret {
    return this.deps.signer.secretOf(projectId);
  }
}
