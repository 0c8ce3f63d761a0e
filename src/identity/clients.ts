/**
 * Clients: the browsers and devices that hold user sessions, and the tokens they are known by. A sign-in outdates the
 * token that came with it, so that a token somebody planted beforehand is worth nothing afterwards.
 */
import { randomBase62 } from '../lib/base62.js';
import { Failure } from '../protocol/failure.js';
import { parseClientId, type ClientId } from '../protocol/ids.js';
import type { Clock } from '../ports/clock.js';
import type { Crypto } from '../ports/crypto.js';
import type { ClientTokens } from '../ports/session-tokens.js';
import type { Client, ClientWithSessions, UserSessionStore } from '../ports/user-session-store.js';

export interface ClientsDeps {
  readonly store: Pick<UserSessionStore, 'createClient' | 'client' | 'changeClient'>;
  readonly tokens: ClientTokens;
  readonly crypto: Crypto;
  readonly clock: Clock;
}

/** A client's new token, and how long it lives. */
export interface IssuedClientToken {
  readonly text: string;
  readonly lifetimeMs: number;
}

export interface Rotation {
  readonly lastStrategy: string;
  /** null: from whichever. */
  readonly from: number | null;
}

/** Sessions live a week at most; a client outlives a dozen of them. */
const LIFETIME_MS = 90 * 24 * 60 * 60 * 1000;
/** Less than that left would end a session that opens now before its time. */
const LEAST_LEFT_MS = 8 * 24 * 60 * 60 * 1000;
const ID_LETTERS = 27;

export class Clients {
  constructor(private readonly deps: ClientsDeps) {}

  /** null for what is no client's token, or not any more. */
  async find(token: string): Promise<ClientWithSessions | null> {
    const claims = await this.deps.tokens.verify(token);
    const found = claims === null ? null : await this.deps.store.client(claims.clientId);
    return found?.client.rotation === claims?.rotation ? found : null;
  }

  /** As it is now. Rejects with `authentication_invalid` when it is gone. */
  async current(id: ClientId): Promise<ClientWithSessions> {
    const found = await this.deps.store.client(id);
    if (found === null) throw new Failure('authentication_invalid');
    return found;
  }

  /** The client a sign-in goes to: the one that asks, or a new one when there is none, or its life is nearly over. */
  async forSignIn(asking: ClientWithSessions | null): Promise<ClientWithSessions> {
    const { store, clock } = this.deps;
    if (asking !== null) {
      const isNearlyOver = asking.client.expireAtMs - clock.nowMs() < LEAST_LEFT_MS;
      const isInUse = asking.sessions.some(({ status }) => status === 'active');
      if (isInUse || !isNearlyOver) return asking;
    }
    return { client: await store.createClient(this.newId(), LIFETIME_MS), sessions: [] };
  }

  /**
   * After a sign-in: outdates the client's tokens and issues a new one. null when the client is gone, or when its rotation
   * is not `from` any more: somebody else signed in there meanwhile.
   */
  async rotate(id: ClientId, { lastStrategy, from }: Rotation): Promise<IssuedClientToken | null> {
    const client = await this.deps.store.changeClient(id, { lastStrategy, rotate: from ?? true });
    return client === null ? null : this.tokenOf(client);
  }

  async makeActive(id: ClientId, sessionId: Client['lastActiveSessionId']): Promise<void> {
    await this.deps.store.changeClient(id, { lastActiveSessionId: sessionId });
  }

  private async tokenOf({ id, rotation, expireAtMs }: Client): Promise<IssuedClientToken> {
    const lifetimeMs = Math.max(0, expireAtMs - this.deps.clock.nowMs());
    return { text: await this.deps.tokens.sign({ clientId: id, rotation }, lifetimeMs), lifetimeMs };
  }

  private newId(): ClientId {
    const id = parseClientId(`client_${randomBase62(this.deps.crypto, ID_LETTERS)}`);
    if (id === null) throw new Error('a random source without base62 letters');
    return id;
  }
}
