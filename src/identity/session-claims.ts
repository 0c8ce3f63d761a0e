/**
 * The claims of session tokens, and the values that shortcodes of JWT templates can read. The signer adds times and
 * `iss`.
 */
import type { OrganizationRecord, MembershipRecord, UserRecord } from '../ports/directory-store.js';
import type { UserSession } from '../ports/user-session-store.js';
import type { UserId } from '../protocol/ids.js';
import type { Json } from '../lib/json.js';
import type { TemplateContext } from './token-templates.js';

export interface MemberOf {
  readonly organization: OrganizationRecord;
  readonly membership: MembershipRecord;
}

export interface ClaimsRequest {
  readonly session: UserSession;
  /** The active organization; null: none. */
  readonly memberOf: MemberOf | null;
  /** The Origin header of the page that asked; null for programs. */
  readonly origin: string | null;
  readonly nowMs: number;
}

type Claims = Readonly<Record<string, Json>>;

const CLAIMS_VERSION = 2;
const MS_PER_MINUTE = 60_000;
/** Prefix of roles and permissions in the directory; Clerk's tokens leave it out. */
const ORGANIZATION_SCOPE = /^org:/;

export function sessionClaims({ session, memberOf, origin, nowMs }: ClaimsRequest): Claims {
  return Object.assign(
    {},
    commonClaims(session, origin),
    { sid: session.id, v: CLAIMS_VERSION, sts: session.status, fva: [...factorVerificationAge(session, nowMs)] },
    memberOf === null ? null : { o: organizationClaim(memberOf) },
  );
}

/**
 * Claims that tokens by a template have beside the template's own. They replace template claims of the same name: the
 * reader of a token must learn that another user acts. Never a `sid`, so these are not session tokens.
 */
export function commonClaims(session: UserSession, origin: string | null): Claims {
  const actorId = actorOf(session);
  return Object.assign(
    { sub: session.effectiveUserId },
    origin === null ? null : { azp: origin },
    actorId === null ? null : { act: { sub: actorId } },
  );
}

/**
 * The acting user, when it is not the session's user: a backend's impersonator, or the real user of an assumed
 * identity.
 */
export function actorOf({ actorId, userId, effectiveUserId }: UserSession): UserId | null {
  return actorId ?? (userId === effectiveUserId ? null : userId);
}

/** Minutes since the first factor was verified, when the session opened. A second factor is never verified. */
export function factorVerificationAge({ createdAtMs }: UserSession, nowMs: number): readonly [number, number] {
  return [Math.max(0, Math.floor((nowMs - createdAtMs) / MS_PER_MINUTE)), -1];
}

/** Contains nothing private: everyone who holds a token can read the template's values. */
export function templateContext(user: UserRecord, memberOf: MemberOf | null): TemplateContext {
  return {
    user: {
      id: user.id,
      username: user.username,
      first_name: user.firstName,
      last_name: user.lastName,
      full_name: fullName(user),
      primary_email_address: user.email,
      primary_phone_number: user.phone ?? user.mobile,
      image_url: '',
      has_image: false,
      email_verified: user.email !== null,
      phone_number_verified: (user.phone ?? user.mobile) !== null,
      two_factor_enabled: false,
      public_metadata: user.publicMetadata,
      unsafe_metadata: user.unsafeMetadata,
      created_at: user.createdAtMs,
      updated_at: user.updatedAtMs,
      last_sign_in_at: user.lastSignInAtMs,
    },
    org: memberOf === null ? null : organizationContext(memberOf),
    org_membership: memberOf === null ? null : membershipContext(memberOf),
  };
}

function organizationClaim({ organization, membership }: MemberOf): Json {
  return {
    id: organization.id,
    slg: organization.slug,
    rol: membership.role.replace(ORGANIZATION_SCOPE, ''),
    per: membership.permissions.map((permission) => permission.replace(ORGANIZATION_SCOPE, '')).join(','),
  };
}

function organizationContext({ organization, membership }: MemberOf): Readonly<Record<string, Json>> {
  const { id, name, slug, publicMetadata, createdAtMs, updatedAtMs } = organization;
  return {
    id,
    name,
    slug,
    image_url: '',
    has_image: false,
    public_metadata: publicMetadata,
    role: membership.role,
    permissions: membership.permissions,
    created_at: createdAtMs,
    updated_at: updatedAtMs,
  };
}

function membershipContext({ membership }: MemberOf): Readonly<Record<string, Json>> {
  const { role, permissions, createdAtMs } = membership;
  return { role, permissions, created_at: createdAtMs };
}

function fullName({ firstName, lastName }: UserRecord): string | null {
  const names = [firstName, lastName].filter((name) => name !== null);
  return names.length === 0 ? null : names.join(' ');
}
