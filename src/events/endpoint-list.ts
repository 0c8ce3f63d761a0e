/** A node's knowledge of the endpoints. It is at most `FRESH_MS` old when the node acts on it, and new when it plans. */
import type { EndpointId, ProjectId } from '../protocol/ids.js';
import { parseWebhookSecret, type WebhookSecret } from '../protocol/webhook-secret.js';
import type { Clock } from '../ports/clock.js';
import type { EndpointRecord, EndpointStore } from '../ports/endpoint-store.js';
import type { EventType } from '../ports/event.js';
import type { Sealer } from '../ports/sealer.js';
import { eventTypesNamed } from './event-types.js';

/** A change counts on every node within 1 s; this leaves time for the call. */
const FRESH_MS = 500;
const SECRET_CONTEXT = 'webhook endpoint secret';

export interface Endpoint extends Omit<EndpointRecord, 'secrets'> {
  /** Newest first. */
  readonly secrets: readonly { readonly secret: WebhookSecret; readonly validUntilMs: number | null }[];
}

export interface EndpointListDeps {
  readonly store: Pick<EndpointStore, 'list' | 'revision'>;
  readonly sealer: Sealer;
  readonly clock: Clock;
}

interface Known {
  readonly revision: number;
  readonly byId: ReadonlyMap<EndpointId, Endpoint>;
}

export class EndpointList {
  readonly #deps: EndpointListDeps;
  readonly #listeners = new Set<() => void>();
  #known: Known = { revision: -1, byId: new Map() };
  #freshUntilMs = -Infinity;
  #asking: Promise<Known> | null = null;
  #renewing: Promise<Known> | null = null;
  /** Counts the changes that this node made. */
  #generation = 0;

  constructor(deps: EndpointListDeps) {
    this.#deps = deps;
  }

  /** Calls `listener` whenever this node learns of a change. */
  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** The next question goes to the store. */
  forget(): void {
    this.#generation += 1;
    this.#freshUntilMs = -Infinity;
    this.#asking = null;
  }

  /**
   * Asks the store. What was registered before this call is known when it resolves, whichever node registered it. The
   * callers of one turn of the event loop share the question, which leaves at the end of the turn.
   */
  async renew(): Promise<void> {
    const asked = this.#renewing ?? this.#ask(this.#generation);
    if (this.#renewing === null) {
      this.#renewing = asked;
      this.#deps.clock.endOfTurn(() => {
        this.#renewing = null;
      });
    }
    await asked;
  }

  async find(id: EndpointId): Promise<Endpoint | null> {
    return (await this.#now()).byId.get(id) ?? null;
  }

  /** The endpoints that get this event, paused ones included: their deliveries wait. */
  async wanting(projectId: ProjectId | null, type: EventType): Promise<readonly Endpoint[]> {
    const { byId } = await this.#now();
    return [...byId.values()].filter(
      ({ owner, types }) => (owner === 'all' || owner === projectId) && (types === null || hasType(types, type)),
    );
  }

  async paused(): Promise<readonly EndpointId[]> {
    const { byId } = await this.#now();
    return [...byId.values()].filter(({ paused }) => paused !== null).map(({ id }) => id);
  }

  #now(): Promise<Known> {
    if (this.#freshUntilMs > this.#deps.clock.monotonicMs()) return Promise.resolve(this.#known);
    if (this.#asking !== null) return this.#asking;
    const asking = this.#ask(this.#generation).finally(() => {
      if (this.#asking === asking) this.#asking = null;
    });
    this.#asking = asking;
    return asking;
  }

  /** An answer that is older than a change of this node is used by those who asked, and not kept. */
  async #ask(generation: number): Promise<Known> {
    const { store, clock } = this.#deps;
    const freshUntilMs = clock.monotonicMs() + FRESH_MS;
    const revision = await store.revision();
    const before = this.#known;
    const known = revision === before.revision ? before : { revision, byId: await this.#read() };
    if (generation !== this.#generation) return known;
    this.#known = known;
    this.#freshUntilMs = freshUntilMs;
    if (known !== before) for (const listener of this.#listeners) listener();
    return known;
  }

  async #read(): Promise<Known['byId']> {
    const endpoints = await this.#deps.store.list();
    return new Map(endpoints.map((record) => [record.id, openSecret(this.#deps.sealer, record)]));
  }
}

export function sealSecret(sealer: Sealer, secret: WebhookSecret): string {
  return sealer.seal(secret, SECRET_CONTEXT);
}

/** A secret that another deployment sealed is left out: nobody can sign with it. */
export function openSecret(sealer: Sealer, { secrets, ...record }: EndpointRecord): Endpoint {
  const opened = secrets.flatMap(({ sealed, validUntilMs }) => {
    const text = sealer.open(sealed, SECRET_CONTEXT);
    const secret = text === null ? null : parseWebhookSecret(text);
    return secret === null ? [] : [{ secret, validUntilMs }];
  });
  return { ...record, secrets: opened };
}

function hasType(names: readonly string[], type: EventType): boolean {
  return names.some((name) => eventTypesNamed(name)?.includes(type) ?? false);
}
