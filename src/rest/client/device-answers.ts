/** The bodies that most calls of the client surface answer with: what was asked for, and the whole client. */
import type { z } from 'zod';
import type { Profiles } from '../../identity/profiles.js';
import type { SessionOfClient } from '../../identity/client-sessions.js';
import type { Clock } from '../../ports/clock.js';
import type { ClientWithSessions } from '../../ports/user-session-store.js';
import {
  viewClient,
  viewClientSession,
  type clientAnswerSchema,
  type clientSchema,
  type Seen,
  type sessionAnswerSchema,
} from './device-view.js';

export interface ClientAnswersDeps {
  readonly profiles: Pick<Profiles, 'of'>;
  readonly clock: Clock;
}

export class ClientAnswers {
  constructor(private readonly deps: ClientAnswersDeps) {}

  async session({ session, client }: SessionOfClient, jwt?: string): Promise<z.output<typeof sessionAnswerSchema>> {
    const token = jwt === undefined ? undefined : { sessionId: session.id, jwt };
    const userIds = [session, ...client.sessions].map(({ userId }) => userId);
    const seen: Seen = { profiles: await this.deps.profiles.of(userIds), nowMs: this.deps.clock.nowMs(), token };
    return { response: viewClientSession(session, seen), client: viewClient(client, seen) };
  }

  async client(client: ClientWithSessions): Promise<z.output<typeof clientAnswerSchema>> {
    const view = await this.clientView(client);
    return { response: view, client: view };
  }

  async clientView(client: ClientWithSessions): Promise<z.output<typeof clientSchema>> {
    const profiles = await this.deps.profiles.of(client.sessions.map(({ userId }) => userId));
    return viewClient(client, { profiles, nowMs: this.deps.clock.nowMs() });
  }
}
