/** The endpoints of webhooks: how backends register and change them. Stored secrets are sealed. */
import { randomBase62 } from '../lib/base62.js';
import { Failure } from '../protocol/failure.js';
import { parseEndpointId, type EndpointId } from '../protocol/ids.js';
import type { WebhookSecret } from '../protocol/webhook-secret.js';
import type { Clock } from '../ports/clock.js';
import type { Crypto } from '../ports/crypto.js';
import { MAX_ENDPOINTS, type EndpointRecord, type EndpointStore, type PauseReason } from '../ports/endpoint-store.js';
import type { Outbound } from '../ports/outbound.js';
import type { ProjectScope } from '../ports/relay-session.js';
import type { Sealer } from '../ports/sealer.js';
import type { WebhookSigner } from '../ports/webhook-signer.js';
import { isWithoutProject } from './event-types.js';
import { openSecret, sealSecret, type Endpoint, type EndpointList } from './endpoint-list.js';

export interface EndpointsDeps {
  readonly store: EndpointStore;
  readonly list: EndpointList;
  readonly signer: Pick<WebhookSigner, 'newSecret'>;
  readonly outbound: Pick<Outbound, 'refusalOf'>;
  readonly sealer: Sealer;
  readonly clock: Clock;
  readonly crypto: Crypto;
}

export interface EndpointChange {
  readonly url?: string | undefined;
  readonly types?: readonly string[] | null | undefined;
  readonly paused?: boolean | undefined;
}

/** How long a rotated secret still signs beside its successor. */
export const ROTATED_SECRET_VALID_MS = 24 * 3_600_000;
/** Signatures of one message, however often its secret is rotated in a day. */
const MAX_SECRETS = 5;
const ID_LETTERS = 24;
const MAX_TRIES = 5;

/** An endpoint with the secret that only this answer shows. */
export interface NewSecret {
  readonly endpoint: Endpoint;
  readonly secret: WebhookSecret;
}

export class Endpoints {
  constructor(private readonly deps: EndpointsDeps) {}

  /** Rejects with `webhook_url_refused`, `too_many_webhooks` or `invalid_request`. */
  async create(owner: ProjectScope, url: string, types: readonly string[] | null): Promise<NewSecret> {
    const { crypto, signer, clock } = this.deps;
    this.#mayCall(url);
    mayGet(owner, types);
    const id = parseEndpointId(`wh_${randomBase62(crypto, ID_LETTERS)}`);
    if (id === null) throw new Error('an endpoint id has another form');
    const secret = signer.newSecret(crypto);
    const secrets = [{ sealed: sealSecret(this.deps.sealer, secret), validUntilMs: null }];
    const record = { id, owner, url, types, secrets, paused: null, createdAtMs: clock.nowMs(), version: 1 };
    const outcome = await this.#put(record);
    if (outcome === 'full') throw new Failure('too_many_webhooks');
    // Another endpoint has the id: its secret is not the one that this answer would show.
    if (outcome === 'changed') throw new Error('an endpoint with the new id exists');
    return { endpoint: this.#opened(record), secret };
  }

  /** Those that the scope may see, oldest first. */
  async all(scope: ProjectScope): Promise<readonly Endpoint[]> {
    return (await this.deps.store.list()).filter(({ owner }) => sees(scope, owner)).map((each) => this.#opened(each));
  }

  /** Rejects with `webhook_not_found`. */
  async existing(id: EndpointId, scope: ProjectScope): Promise<Endpoint> {
    return this.#opened(await this.#record(id, scope));
  }

  /** Rejects with `webhook_not_found`, `webhook_url_refused`, `changed_meanwhile` or `invalid_request`. */
  async change(id: EndpointId, scope: ProjectScope, { url, types, paused }: EndpointChange): Promise<Endpoint> {
    if (url !== undefined) this.#mayCall(url);
    return this.#update(id, scope, (before) => {
      if (types !== undefined) mayGet(before.owner, types);
      return {
        ...before,
        url: url ?? before.url,
        types: types === undefined ? before.types : types,
        paused: paused === undefined ? before.paused : paused ? (before.paused ?? 'asked') : null,
      };
    });
  }

  /** Pauses an endpoint in the gateway's own name. An endpoint that is not there stays away. */
  async pause(id: EndpointId, reason: PauseReason): Promise<void> {
    await this.#update(id, 'all', (before) => ({ ...before, paused: before.paused ?? reason })).catch(
      (error: unknown) => {
        if (!(error instanceof Failure && error.code === 'webhook_not_found')) throw error;
      },
    );
  }

  /** The former secret signs for a day beside the new one. */
  async rotate(id: EndpointId, scope: ProjectScope): Promise<NewSecret> {
    const { clock, crypto, sealer, signer } = this.deps;
    const secret = signer.newSecret(crypto);
    const endpoint = await this.#update(id, scope, (before) => {
      const untilMs = clock.nowMs() + ROTATED_SECRET_VALID_MS;
      const former = before.secrets
        .map((each) => ({ ...each, validUntilMs: each.validUntilMs ?? untilMs }))
        .filter(({ validUntilMs }) => validUntilMs > clock.nowMs());
      const newest = { sealed: sealSecret(sealer, secret), validUntilMs: null };
      return { ...before, secrets: [newest, ...former].slice(0, MAX_SECRETS) };
    });
    return { endpoint, secret };
  }

  /** Rejects with `webhook_not_found`. */
  async remove(id: EndpointId, scope: ProjectScope): Promise<void> {
    const found = (await this.deps.store.list()).find((each) => each.id === id);
    if (found !== undefined && !sees(scope, found.owner)) throw new Failure('webhook_not_found');
    // Asked also when the endpoint is gone: the store knows the repeat of an operation that removed it.
    const wasThere = await this.deps.store.remove(id);
    this.deps.list.forget();
    if (!wasThere) throw new Failure('webhook_not_found');
  }

  #mayCall(url: string): void {
    const refusal = this.deps.outbound.refusalOf(url);
    if (refusal === null) return;
    const problem = { path: 'url', message: refusal };
    throw new Failure('webhook_url_refused', { message: `url: ${refusal}`, details: [problem] });
  }

  async #record(id: EndpointId, scope: ProjectScope): Promise<EndpointRecord> {
    const found = (await this.deps.store.list()).find((each) => each.id === id);
    if (found === undefined || !sees(scope, found.owner)) throw new Failure('webhook_not_found');
    return found;
  }

  async #update(
    id: EndpointId,
    scope: ProjectScope,
    changed: (before: EndpointRecord) => EndpointRecord,
  ): Promise<Endpoint> {
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const before = await this.#record(id, scope);
      const record = { ...changed(before), version: before.version + 1 };
      if ((await this.#put(record)) === 'written') return this.#opened(record);
    }
    throw new Failure('changed_meanwhile');
  }

  async #put(record: EndpointRecord) {
    const outcome = await this.deps.store.put(record, MAX_ENDPOINTS);
    // This node acts on its own change at once.
    this.deps.list.forget();
    return outcome;
  }

  #opened(record: EndpointRecord): Endpoint {
    return openSecret(this.deps.sealer, record);
  }
}

/** Rejects an endpoint that would never get anything. */
function mayGet(owner: ProjectScope, types: readonly string[] | null): void {
  if (owner === 'all' || types?.every(isWithoutProject) !== true) return;
  const message = 'a project never gets user_session.* and node.*: only a webhook of the root key does';
  throw new Failure('invalid_request', { message: `types: ${message}`, details: [{ path: 'types', message }] });
}

function sees(scope: ProjectScope, owner: ProjectScope): boolean {
  return scope === 'all' || scope === owner;
}
