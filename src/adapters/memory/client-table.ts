import type { Clock } from '../../ports/clock.js';
import type { Client } from '../../ports/user-session-store.js';
import { Failure } from '../../protocol/failure.js';
import type { ClientId, UserSessionId } from '../../protocol/ids.js';
import { ExpiringMap } from './expiring-map.js';

export type ClientChange = Partial<Pick<Client, 'lastActiveSessionId' | 'lastStrategy'>> & {
  readonly rotate?: true | number;
};

interface ClientState {
  client: Client;
  /** Ordered by time of opening. */
  readonly sessionIds: Set<UserSessionId>;
}

/** How long a client without listed sessions is kept. */
const KEPT_MS = 24 * 3_600_000;

/** The clients of the user sessions. */
export class ClientTable {
  readonly #clock: Clock;
  readonly #clients: ExpiringMap<ClientId, ClientState>;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#clients = new ExpiringMap(clock);
  }

  create(id: ClientId, lifetimeMs: number): Client {
    if (this.#clients.get(id) !== undefined) throw new Failure('internal', { cause: new Error('client id is taken') });
    const nowMs = this.#clock.nowMs();
    const client = Object.freeze({
      id,
      rotation: 1,
      lastActiveSessionId: null,
      lastStrategy: null,
      createdAtMs: nowMs,
      updatedAtMs: nowMs,
      expireAtMs: nowMs + lifetimeMs,
    });
    this.#keep({ client, sessionIds: new Set() }, nowMs);
    return client;
  }

  get(id: ClientId): Readonly<ClientState> | null {
    return this.#clients.get(id) ?? null;
  }

  change(id: ClientId, { rotate, ...members }: ClientChange): Client | null {
    const state = this.#clients.get(id);
    if (state === undefined) return null;
    if (typeof rotate === 'number' && rotate !== state.client.rotation) return null;
    const rotation = state.client.rotation + (rotate === undefined ? 0 : 1);
    state.client = Object.freeze({ ...state.client, ...members, rotation, updatedAtMs: this.#clock.nowMs() });
    return state.client;
  }

  /** Adds a session to the client's list and makes it the active one. Does nothing when the client does not exist. */
  addSession(id: ClientId, sessionId: UserSessionId): void {
    const state = this.#clients.get(id);
    if (state === undefined) return;
    state.sessionIds.add(sessionId);
    this.#clients.set(id, state, state.client.expireAtMs);
    this.change(id, { lastActiveSessionId: sessionId });
  }

  dropSession(id: ClientId, sessionId: UserSessionId, forgottenAtMs: number): void {
    const state = this.#clients.get(id);
    if (state?.sessionIds.delete(sessionId) === true && state.sessionIds.size === 0) this.#keep(state, forgottenAtMs);
  }

  /** Keeps the client for 24 h after its last session was removed, at most until it expires. */
  #keep(state: ClientState, sinceMs: number): void {
    const { id, expireAtMs } = state.client;
    this.#clients.set(id, state, Math.min(expireAtMs, sinceMs + KEPT_MS));
  }
}
