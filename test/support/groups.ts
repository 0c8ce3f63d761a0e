/** A program of the group surface, as a test needs it: a wallet with its bearer, and what it is told of its sessions. */
import type { Answer, Backend } from './backend.js';
import { newWallet, prove, type Wallet } from './wallets.js';

export interface GroupUserAnswer {
  readonly id: string;
  readonly role: string;
  readonly name: string | null;
  readonly address: string | null;
}

/** The answer of create and of join. */
export interface EnteredAnswer {
  readonly sessionId: string;
  readonly expiresIn: number;
  readonly credentials: {
    readonly token: string;
    readonly id: string;
    readonly pseudonym: string;
    readonly role: string;
  };
  readonly rules: {
    readonly expiry: number;
    readonly maxUsers: number;
    readonly whiteListAddresses: readonly string[];
  };
  readonly users: readonly GroupUserAnswer[];
}

export class Player {
  private constructor(
    private readonly backend: Backend,
    readonly wallet: Wallet,
    readonly bearer: string,
    /** With which paths begin. */
    private readonly base: string,
  ) {}

  static async at(backend: Backend, base = '/v1/session'): Promise<Player> {
    const wallet = newWallet();
    return new Player(backend, wallet, await prove(backend, wallet), base);
  }

  create(body: unknown = {}, headers: Record<string, string> = {}): Promise<Answer> {
    const sent = { 'x-api-key': this.backend.key, authorization: `Bearer ${this.bearer}`, ...headers };
    return this.backend.call('POST', this.base, body, sent);
  }

  join(body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    return this.backend.call('POST', `${this.base}/join`, body, { authorization: `Bearer ${this.bearer}`, ...headers });
  }

  async created(body: unknown = {}): Promise<EnteredAnswer> {
    return enteredOf(await this.create(body));
  }

  async joined(sessionId: string, more: object = {}): Promise<EnteredAnswer> {
    return enteredOf(await this.join({ sessionId, ...more }));
  }
}

/** The calls of who is in a session. */
export class Seated {
  constructor(
    private readonly backend: Backend,
    private readonly token: string,
    private readonly base = '/v1/session',
  ) {}

  current(): Promise<Answer> {
    return this.call('GET', '/current');
  }

  kick(body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    return this.call('POST', '/current/kick', body, headers);
  }

  disconnect(headers: Record<string, string> = {}): Promise<Answer> {
    return this.call('POST', '/disconnect', undefined, headers);
  }

  end(headers: Record<string, string> = {}): Promise<Answer> {
    return this.call('DELETE', '/current', undefined, headers);
  }

  private call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    return this.backend.call(method, this.base + path, body, { authorization: `Bearer ${this.token}`, ...headers });
  }
}

function enteredOf({ status, body }: Answer): EnteredAnswer {
  if (status !== 200) throw new Error(`the session answered ${String(status)}: ${JSON.stringify(body)}`);
  return body as EnteredAnswer;
}
