/** Users with user sessions and session tokens, at a gateway whose store the test can see. */
import { randomBytes } from 'node:crypto';
import { Rs256Signer } from '../../src/adapters/jose/rs256-signer.js';
import { createSessionTokens } from '../../src/adapters/jose/session-tokens.js';
import { SigningKeys } from '../../src/adapters/jose/signing-keys.js';
import { systemClock } from '../../src/adapters/system/clock.js';
import { createSealer } from '../../src/adapters/system/sealer.js';
import type { SessionTokens } from '../../src/ports/session-tokens.js';
import type { Store } from '../../src/ports/store.js';
import { Backend, type Answer } from './backend.js';
import { SECRET, startGateway, type GatewayTestOptions, type RunningGateway } from './gateway.js';
import { silentLog } from './silent-log.js';

export const ISSUER = 'https://play.example';
const KEY_LIFE_MS = 86_400_000;
const TOKEN_LIFE_S = 60;

export interface SignedIn {
  readonly userId: string;
  readonly sessionId: string;
  readonly jwt: string;
}

/** A session on a client of its own, which can be touched, ended and removed. */
export interface ClientSession extends SignedIn {
  act(what: 'touch' | 'end' | 'remove'): Promise<Answer>;
  /** Out of all sessions of the client. */
  signOut(): Promise<Answer>;
}

export class SignInDesk {
  private constructor(
    readonly running: RunningGateway,
    readonly backend: Backend,
    readonly tokens: SessionTokens,
    /** The gateway's own signer. */
    readonly keys: SigningKeys,
  ) {}

  static async open(options: GatewayTestOptions = {}): Promise<SignInDesk> {
    const stores: Store[] = [];
    const running = await startGateway({
      ...options,
      env: { SALLYPORT_PUBLIC_URL: ISSUER, ...options.env },
      wrapStore: (real) => {
        const store = options.wrapStore?.(real) ?? real;
        stores.push(store);
        return store;
      },
    });
    const [store] = stores;
    if (store === undefined) throw new Error('unreachable');
    const clock = systemClock();
    const keys = new SigningKeys({
      store: store.signingKeys,
      sealer: createSealer(SECRET),
      clock,
      log: silentLog,
      rotationMs: KEY_LIFE_MS,
    });
    const tokens = createSessionTokens({ keys, signer: new Rs256Signer(), clock, issuer: () => ISSUER });
    return new SignInDesk(running, new Backend(running.url), tokens, keys);
  }

  async newUser(): Promise<string> {
    const answer = await this.backend.native('POST', '/v1/users', { username: `u${randomBytes(8).toString('hex')}` });
    if (answer.status !== 201)
      throw new Error(`users answered ${String(answer.status)}: ${JSON.stringify(answer.body)}`);
    return (answer.body as { id: string }).id;
  }

  /** A session of the user, or of a new one, with a token. */
  async signIn(user?: string): Promise<SignedIn> {
    const userId = user ?? (await this.newUser());
    const answer = await this.backend.native('POST', '/v1/sessions', { user_id: userId });
    if (answer.status !== 201)
      throw new Error(`sessions answered ${String(answer.status)}: ${JSON.stringify(answer.body)}`);
    const sessionId = (answer.body as { id: string }).id;
    return { userId, sessionId, jwt: await this.tokenFor(userId, sessionId) };
  }

  /** As a native app does: with a ticket, over the client surface. */
  async signInAsClient(): Promise<ClientSession> {
    const userId = await this.newUser();
    const ticket = await this.backend.native('POST', '/v1/sign_in_tokens', { user_id: userId });
    const form = `strategy=ticket&ticket=${encodeURIComponent((ticket.body as { token: string }).token)}`;
    const type = { 'content-type': 'application/x-www-form-urlencoded' };
    const answer = await this.backend.call('POST', '/v1/client/sign_ins?_is_native=1', form, type);
    if (answer.status !== 200)
      throw new Error(`sign_ins answered ${String(answer.status)}: ${JSON.stringify(answer.body)}`);
    const authorization = answer.headers.get('authorization') ?? '';
    const sessionId = (answer.body as { response: { created_session_id: string } }).response.created_session_id;
    const call = (path: string): Promise<Answer> =>
      this.backend.call('POST', `/v1/client/sessions/${sessionId}/${path}?_is_native=1`, '', {
        ...type,
        authorization,
      });
    const minted = await call('tokens');
    const signOut = (): Promise<Answer> =>
      this.backend.call('DELETE', '/v1/client/sessions?_is_native=1', undefined, { authorization });
    return { userId, sessionId, jwt: (minted.body as { jwt: string }).jwt, act: call, signOut };
  }

  tokenFor(userId: string, sessionId: string, lifetimeS = TOKEN_LIFE_S): Promise<string> {
    return this.tokens.sign({ sub: userId, sid: sessionId }, lifetimeS, 10);
  }

  revoke(sessionId: string): ReturnType<Backend['native']> {
    return this.backend.native('POST', `/v1/sessions/${sessionId}/revoke`);
  }

  stop(): Promise<void> {
    return this.running.stop();
  }
}
