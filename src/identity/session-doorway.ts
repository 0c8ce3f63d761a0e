/** The doorway for session tokens. A token opens a session socket while its user session is active in the store. */
import { claimedAlgorithm } from '../lib/jwt.js';
import { Failure } from '../protocol/failure.js';
import type { Admission } from '../ports/connect.js';
import type { Doorway } from '../ports/doorway.js';
import { SESSION_TOKEN_ALGORITHM, type SessionTokenClaims, type SessionTokens } from '../ports/session-tokens.js';
import type { UserSessionStore } from '../ports/user-session-store.js';
import type { UserSessionWatches } from '../ports/user-session-watches.js';
import type { SessionSockets } from './session-socket.js';

export interface SessionDoorwayDeps {
  readonly tokens: Pick<SessionTokens, 'verify'>;
  readonly userSessions: Pick<UserSessionStore, 'get'>;
  readonly watches: UserSessionWatches;
  readonly sockets: Pick<SessionSockets, 'open'>;
}

export class SessionDoorway implements Doorway {
  constructor(private readonly deps: SessionDoorwayDeps) {}

  takes(credential: string): boolean {
    return claimedAlgorithm(credential) === SESSION_TOKEN_ALGORITHM;
  }

  async admit(credential: string): Promise<Admission> {
    const claims = await this.claimsOf(credential);
    const { watches, sockets } = this.deps;
    // Watch the session before reading it, so that no end is missed.
    const watch = watches.watch(claims.sessionId);
    try {
      await this.requireActive(claims);
    } catch (error) {
      watch.stop();
      throw error;
    }
    return {
      userId: claims.userId,
      seatName: null,
      userSessionId: claims.sessionId,
      open: (socket) => sockets.open(claims, watch, socket),
      abandon: () => watch.stop(),
    };
  }

  async examine(credential: string): Promise<void> {
    await this.requireActive(await this.claimsOf(credential));
  }

  private async claimsOf(credential: string): Promise<SessionTokenClaims> {
    const claims = await this.deps.tokens.verify(credential);
    if (claims === null) throw new Failure('credential_invalid');
    return claims;
  }

  /** A token outlives its session by up to 60 s. It opens nothing once the session is over or acts as another user. */
  private async requireActive({ sessionId, userId }: SessionTokenClaims): Promise<void> {
    const session = await this.deps.userSessions.get(sessionId);
    if (session?.status === 'revoked') throw new Failure('credential_revoked');
    if (session?.status !== 'active' || session.effectiveUserId !== userId) throw new Failure('user_session_over');
  }
}
