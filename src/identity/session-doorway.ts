/** The doorway for session tokens: one opens a control connection while its user session is active in the store. */
import { claimedAlgorithm } from '../lib/jwt.js';
import { Failure } from '../protocol/failure.js';
import type { Doorway, Entrant } from '../ports/doorway.js';
import { SESSION_TOKEN_ALGORITHM, type SessionTokenClaims, type SessionTokens } from '../ports/session-tokens.js';
import type { UserSessionStore } from '../ports/user-session-store.js';
import type { UserSessionWatches } from '../ports/user-session-watches.js';
import type { ControlConnections } from './session-socket.js';

export interface ControlDoorwayDeps {
  readonly tokens: Pick<SessionTokens, 'verify'>;
  readonly userSessions: Pick<UserSessionStore, 'get'>;
  readonly watches: UserSessionWatches;
  readonly connections: ControlConnections;
}

export class ControlDoorway implements Doorway {
  constructor(private readonly deps: ControlDoorwayDeps) {}

  takes(credential: string): boolean {
    return claimedAlgorithm(credential) === SESSION_TOKEN_ALGORITHM;
  }

  async admit(credential: string): Promise<Entrant> {
    const claims = await this.claimsOf(credential);
    const { watches, connections } = this.deps;
    // Watched before it is looked at: its end is heard of, whenever it comes.
    const watch = watches.watch(claims.sessionId);
    try {
      await this.requireActive(claims);
    } catch (error) {
      watch.stop();
      throw error;
    }
    return {
      userId: claims.userId,
      seat: null,
      open: (socket) => connections.open(claims, watch, socket),
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

  /** The token lives on for its minute when the session is over, or acts as somebody else; it opens nothing any more. */
  private async requireActive({ sessionId, userId }: SessionTokenClaims): Promise<void> {
    const session = await this.deps.userSessions.get(sessionId);
    if (session?.status === 'revoked') throw new Failure('credential_revoked');
    if (session?.status !== 'active' || session.effectiveUserId !== userId) throw new Failure('user_session_over');
  }
}
