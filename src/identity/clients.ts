/**
 * Clients: the browsers and devices that hold user sessions, and their tokens. A sign-in invalidates the token that it
 * was made with, so a token planted by an attacker is worthless afterwards.
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

/** A client's new token and its lifetime. */
export interface IssuedClientToken {
  readonly text: string;
  readonly lifetimeMs: number;
}

export interface Rotation {
  readonly lastStrategy: string;
  /** null: rotate from any value. */
  readonly from: number | null;
}

/** Sessions live at most a week; a client outlives a dozen of them. */
const LIFETIME_MS = 90 * 24 * 60 * 60 * 1000;
/** With less time left than this, a new session would end early. */
const LEAST_LEFT_MS = 8 * 24 * 60 * 60 * 1000;
const ID_LETTERS = 27;

export class Clients {
  constructor(private readonly deps: ClientsDeps) {}

  /** null for an invalid or outdated token. */
  async find(token: string): Promise<ClientWithSessions | null> {
    const claims = await this.deps.tokens.verify(token);
    const found = claims === null ? null : await this.deps.store.client(claims.clientId);
    return found?.client.rotation === claims?.rotation ? found : null;
  }

  /** The client's current state. Rejects with `authentication_invalid` when the client is gone. */
  async current(id: ClientId): Promise<ClientWithSessions> {
    const found = await this.deps.store.client(id);
    if (found === null) throw new Failure('authentication_invalid');
    return found;
  }

  /** The client that a sign-in uses: the calling one, or a new one when there is none or it expires soon. */
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
   * After a sign-in: invalidates the client's tokens and issues a new one. null when the client is gone, or when its
   * rotation is no longer `from` because of a concurrent sign-in.
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
