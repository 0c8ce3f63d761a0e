/** One attempt of a delivery: whom it goes to, what proves it, and what the answer means. */
import type { Clock } from '../ports/clock.js';
import type { DueDelivery } from '../ports/delivery-queue.js';
import { OutboundFailure, type Outbound } from '../ports/outbound.js';
import type { WebhookSigner } from '../ports/webhook-signer.js';
import type { WebhookSecret } from '../protocol/webhook-secret.js';
import type { Endpoint, EndpointList } from './endpoint-list.js';

export const ATTEMPT_DEADLINE_MS = 15_000;
const GONE = 410;

export interface AttemptDeps {
  readonly endpoints: Pick<EndpointList, 'find'>;
  readonly outbound: Pick<Outbound, 'post'>;
  readonly signer: Pick<WebhookSigner, 'sign' | 'secretOf'>;
  readonly clock: Clock;
}

/**
 * `withheld`: the endpoint is paused, or the gateway stops; nothing was sent, or nobody knows. `orphaned`: the endpoint
 * was removed. `gone`: the target wants no more.
 */
export type AttemptResult =
  | { readonly kind: 'delivered' | 'withheld' | 'orphaned' }
  | { readonly kind: 'gone' }
  /** `reason`: for operators; names no secret and no path. */
  | { readonly kind: 'failed'; readonly reason: string };

export interface Message {
  readonly id: string;
  readonly url: string;
  readonly body: string;
  readonly secrets: readonly WebhookSecret[];
}

/** Rejects with `store_unavailable` when the endpoint cannot be read. */
export async function attempt(
  { target, eventId, body }: Pick<DueDelivery, 'target' | 'eventId' | 'body'>,
  deps: AttemptDeps,
  signal: AbortSignal,
): Promise<AttemptResult> {
  if (target.kind === 'session') {
    const secrets = [deps.signer.secretOf(target.projectId)];
    return post({ id: eventId, url: target.url, body, secrets }, deps, signal);
  }
  const endpoint = await deps.endpoints.find(target.endpointId);
  if (endpoint === null) return { kind: 'orphaned' };
  if (endpoint.paused !== null) return { kind: 'withheld' };
  const secrets = validSecrets(endpoint, deps.clock.nowMs());
  return post({ id: eventId, url: endpoint.url, body, secrets }, deps, signal);
}

export async function post(
  { id, url, body, secrets }: Message,
  { outbound, signer, clock }: Pick<AttemptDeps, 'outbound' | 'signer' | 'clock'>,
  signal: AbortSignal,
): Promise<AttemptResult> {
  if (secrets.length === 0) return { kind: 'failed', reason: 'the secret was sealed with another SALLYPORT_SECRET' };
  const proof = signer.sign({ id, sentAtMs: clock.nowMs(), body }, secrets);
  const headers = { 'Content-Type': 'application/json', ...proof };
  try {
    const call = { url, headers, body, deadlineMs: ATTEMPT_DEADLINE_MS, maxAnswerBytes: 0, signal };
    const { status } = await outbound.post(call);
    if (status >= 200 && status <= 299) return { kind: 'delivered' };
    return status === GONE ? { kind: 'gone' } : { kind: 'failed', reason: `status ${String(status)}` };
  } catch (error) {
    if (!(error instanceof OutboundFailure)) throw error;
    if (error.fault === 'aborted') return { kind: 'withheld' };
    return { kind: 'failed', reason: `${error.fault}: ${error.message}`.slice(0, 200) };
  }
}

export function validSecrets({ secrets }: Pick<Endpoint, 'secrets'>, nowMs: number): readonly WebhookSecret[] {
  return secrets
    .filter(({ validUntilMs }) => validUntilMs === null || validUntilMs > nowMs)
    .map(({ secret }) => secret);
}
