/** Issues tokens for user sessions. Checks the user's standing and organization at the moment of issue. */
import { Failure } from '../protocol/failure.js';
import type { OrganizationId, UserId } from '../protocol/ids.js';
import type { Clock } from '../ports/clock.js';
import type { UserRecord } from '../ports/directory-store.js';
import type { SessionTokens } from '../ports/session-tokens.js';
import type { UserSession } from '../ports/user-session-store.js';
import type { Organizations } from './organizations.js';
import { actorOf, commonClaims, sessionClaims, templateContext, type MemberOf } from './session-claims.js';
import type { Templates } from './templates.js';
import { fillTemplate } from './token-templates.js';
import { standingOf, type Users } from './users.js';

export interface TokenIssuerDeps {
  readonly tokens: Pick<SessionTokens, 'sign'>;
  readonly users: Pick<Users, 'get'>;
  readonly organizations: Pick<Organizations, 'find' | 'get' | 'membership'>;
  readonly templates: Pick<Templates, 'existing'>;
  readonly clock: Clock;
}

/** Lifetime of session tokens. */
const LIFETIME_S = 60;
const CLOCK_SKEW_S = 10;

export class TokenIssuer {
  constructor(private readonly deps: TokenIssuerDeps) {}

  /**
   * Issues a session token of an active session. `organization` is an id or a slug, or '' for none; absent: the
   * session's own, if the user is still its member. Rejects with `user_banned`, `signed_out` (the user is gone) or
   * `organization_not_found_or_unauthorized`.
   */
  async issue(session: UserSession, origin: string | null, organization?: string): Promise<string> {
    const { tokens, clock } = this.deps;
    const [memberOf] = await Promise.all([this.memberOf(session, organization), this.subjectOf(session)]);
    const claims = sessionClaims({ session, memberOf, origin, nowMs: clock.nowMs() });
    return tokens.sign(claims, LIFETIME_S, CLOCK_SKEW_S);
  }

  /** Issues a token by a JWT template. Rejects with `template_not_found`, `user_banned` or `signed_out`. */
  async issueByTemplate(session: UserSession, origin: string | null, name: string): Promise<string> {
    const [template, user, memberOf] = await Promise.all([
      this.deps.templates.existing(name),
      this.subjectOf(session),
      this.memberOf(session),
    ]);
    const claims = fillTemplate(template.claims, templateContext(user, memberOf));
    const common = commonClaims(session, origin);
    return this.deps.tokens.sign({ ...claims, ...common }, template.lifetimeS, template.allowedClockSkewS);
  }

  /**
   * Finds an organization of the user by id or slug. Rejects with `organization_not_found_or_unauthorized`, both when
   * it does not exist and when the user is not a member.
   */
  async organizationOf(userId: UserId, idOrSlug: string): Promise<MemberOf> {
    const organization = await this.deps.organizations.find(idOrSlug);
    const membership = organization === null ? null : await this.deps.organizations.membership(organization.id, userId);
    if (organization === null || membership === null) throw new Failure('organization_not_found_or_unauthorized');
    return { organization, membership };
  }

  /**
   * The session's effective user. Rejects with `user_banned` when the user or the actor is banned or blocked, and with
   * `signed_out` when either no longer exists.
   */
  async subjectOf(session: UserSession): Promise<UserRecord> {
    const actorId = actorOf(session);
    if (actorId === null) return this.goodUser(session.effectiveUserId);
    const [subject] = await Promise.all([this.goodUser(session.effectiveUserId), this.goodUser(actorId)]);
    return subject;
  }

  private async goodUser(id: UserId): Promise<UserRecord> {
    const user = await this.deps.users.get(id);
    if (user === null) throw new Failure('signed_out');
    if (standingOf(user, this.deps.clock.nowMs()) !== 'good') throw new Failure('user_banned');
    return user;
  }

  private async memberOf(session: UserSession, organization?: string): Promise<MemberOf | null> {
    if (organization === '') return null;
    if (organization !== undefined) return this.organizationOf(session.effectiveUserId, organization);
    return session.organizationId === null
      ? null
      : this.activeOrganization(session.effectiveUserId, session.organizationId);
  }

  /** null when the organization is gone, or the user is no longer a member. */
  private async activeOrganization(userId: UserId, id: OrganizationId): Promise<MemberOf | null> {
    const { organizations } = this.deps;
    const [organization, membership] = await Promise.all([organizations.get(id), organizations.membership(id, userId)]);
    return organization === null || membership === null ? null : { organization, membership };
  }
}
