/**
 * The calls that a client can make on its sessions. Sessions of other clients are not found; only a touch reveals that
 * a session belongs to another client, as at Clerk.
 */
import { Failure } from '../protocol/failure.js';
import { parseUserSessionId, type ClientId, type UserSessionId } from '../protocol/ids.js';
import type { ClientWithSessions, UserSession, UserSessionStatus } from '../ports/user-session-store.js';
import type { Clients } from './clients.js';
import type { TokenIssuer } from './token-issuer.js';
import type { UserSessions } from './user-sessions.js';

export interface ClientSessionsDeps {
  readonly clients: Pick<Clients, 'current' | 'makeActive'>;
  readonly sessions: Pick<UserSessions, 'get' | 'touch' | 'finish'>;
  readonly issuer: Pick<TokenIssuer, 'issue' | 'issueByTemplate' | 'subjectOf' | 'organizationOf'>;
}

/** A session after a call, with its client. */
export interface SessionOfClient {
  readonly session: UserSession;
  readonly client: ClientWithSessions;
}

/** Statuses of sessions that this client ended itself, not time or an outside call. */
const ENDED_HERE: readonly UserSessionStatus[] = ['ended', 'removed', 'replaced'];

export class ClientSessions {
  constructor(private readonly deps: ClientSessionsDeps) {}

  /**
   * Returns a listed session, active or not. Rejects with `resource_not_found` for a session that this client does not
   * list.
   */
  listed({ sessions }: ClientWithSessions, id: string): UserSession {
    const session = sessions.find((candidate) => candidate.id === id);
    if (session === undefined) throw new Failure('resource_not_found');
    return session;
  }

  /**
   * Makes the session the client's active one and extends it. `organization`: an id or a slug, '' for none, absent for
   * no change. Rejects with `resource_not_found`, `action_for_session_not_authorized`, `invalid_action_for_session`,
   * `signed_out`, `user_banned` or `organization_not_found_or_unauthorized`.
   */
  async touch(
    { client }: ClientWithSessions,
    id: string,
    how: { readonly organization?: string | undefined; readonly origin: string | null },
  ): Promise<SessionOfClient & { readonly token: string }> {
    const { clients, sessions, issuer } = this.deps;
    const session = await this.own(client.id, id, 'action_for_session_not_authorized');
    await issuer.subjectOf(session);
    mustBeActive(session);
    const change = await this.organizationChange(session, how.organization);
    const touched = await sessions.touch(session.id, change);
    if (touched === null) throw await this.whyOver(session.id);
    await clients.makeActive(client.id, session.id);
    const [token, now] = await Promise.all([issuer.issue(touched, how.origin), clients.current(client.id)]);
    return { session: touched, client: now, token };
  }

  /**
   * Ends the session; it stays listed. Rejects with `resource_not_found`, or with `invalid_action_for_session` when it
   * is already over.
   */
  async end({ client }: ClientWithSessions, id: string): Promise<SessionOfClient> {
    const session = await this.own(client.id, id, 'resource_not_found');
    const report = await this.deps.sessions.finish(session.id, 'ended');
    const [ended] = report?.sessions ?? [];
    if (ended === undefined) throw new Failure('invalid_action_for_session');
    return { session: ended, client: await this.deps.clients.current(client.id) };
  }

  /**
   * Removes the session from the list, active or not. Rejects with `resource_not_found`, or with
   * `invalid_action_for_session` when it was already removed.
   */
  async remove({ client }: ClientWithSessions, id: string): Promise<SessionOfClient> {
    const { sessions, clients } = this.deps;
    const session = await this.own(client.id, id, 'resource_not_found');
    if (session.status === 'removed') throw new Failure('invalid_action_for_session');
    await sessions.finish(session.id, 'removed');
    const removed = await sessions.get(session.id);
    return { session: removed ?? session, client: await clients.current(client.id) };
  }

  /** Signs out of all sessions. The client and its token remain. */
  async removeAll({ client, sessions }: ClientWithSessions): Promise<ClientWithSessions> {
    await Promise.all(sessions.map(({ id }) => this.deps.sessions.finish(id, 'removed')));
    await this.deps.clients.makeActive(client.id, null);
    return this.deps.clients.current(client.id);
  }

  /**
   * Issues a session token. Rejects with `resource_not_found`, `signed_out`, `user_banned` or
   * `organization_not_found_or_unauthorized`.
   */
  async token(
    client: ClientWithSessions,
    id: string,
    how: { readonly organization?: string | undefined; readonly origin: string | null },
  ): Promise<string> {
    const session = await this.listedActive(client, id);
    return this.deps.issuer.issue(session, how.origin, how.organization);
  }

  /**
   * Issues a token by a template. Rejects with `resource_not_found`, `signed_out`, `user_banned` or
   * `template_not_found`.
   */
  async templateToken(
    client: ClientWithSessions,
    id: string,
    template: string,
    origin: string | null,
  ): Promise<string> {
    return this.deps.issuer.issueByTemplate(await this.listedActive(client, id), origin, template);
  }

  private async listedActive(client: ClientWithSessions, id: string): Promise<UserSession> {
    const session = this.listed(client, id);
    if (isActive(session)) return session;
    // A ban ends sessions: report the ban, not the ended session.
    await this.deps.issuer.subjectOf(session);
    throw new Failure('signed_out');
  }

  /** Also finds sessions that were removed from the list. `foreign`: the error code for a session of another client. */
  private async own(
    clientId: ClientId,
    id: string,
    foreign: 'resource_not_found' | 'action_for_session_not_authorized',
  ): Promise<UserSession> {
    const sessionId = parseUserSessionId(id);
    const session = sessionId === null ? null : await this.deps.sessions.get(sessionId);
    if (session?.kind !== 'client') throw new Failure('resource_not_found');
    if (session.clientId !== clientId) throw new Failure(foreign);
    return session;
  }

  private async organizationChange(
    { userId }: UserSession,
    organization: string | undefined,
  ): Promise<Parameters<UserSessions['touch']>[1]> {
    if (organization === undefined) return {};
    if (organization === '') return { organizationId: null };
    const memberOf = await this.deps.issuer.organizationOf(userId, organization);
    return { organizationId: memberOf.organization.id };
  }

  private async whyOver(id: UserSessionId): Promise<Failure> {
    const session = await this.deps.sessions.get(id);
    return session === null ? new Failure('signed_out') : overFailure(session);
  }
}

function isActive({ status }: UserSession): boolean {
  return status === 'active' || status === 'pending';
}

function mustBeActive(session: UserSession): void {
  if (!isActive(session)) throw overFailure(session);
}

function overFailure({ status }: UserSession): Failure {
  return new Failure(ENDED_HERE.includes(status) ? 'invalid_action_for_session' : 'signed_out');
}
