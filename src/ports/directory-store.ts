/**
 * The directory: users, organizations, memberships and JWT templates. One per deployment (docs/adr/0007). Every method
 * is atomic. Records change by compare-and-set on their `version`, so two writers never lose each other's change.
 * Rejects with `Failure('store_unavailable')` when the store does not answer.
 */
import type { OrganizationId, UserId } from '../protocol/ids.js';
import type { Json } from '../lib/json.js';

/** Unique fields that find a user. The store compares them as given; callers fold case first. */
export const USER_NAMES = ['username', 'email', 'phone', 'mobile'] as const;
export type UserName = (typeof USER_NAMES)[number];

/** A change after which the user's sessions must end, written with the change. A repeat of the change finds it. */
export interface SessionsToEnd {
  /** The version of the record that this change wrote. */
  readonly version: number;
  /** The hash that a new password replaced; null: none, or a change that its caller can repeat without it. */
  readonly formerHash: string | null;
  /** The digest of the reset token that the change used up; null: none. */
  readonly resetToken: string | null;
}

export interface UserRecord {
  readonly id: UserId;
  /** Starts at 1 and rises by 1 with each change. */
  readonly version: number;
  readonly username: string | null;
  readonly email: string | null;
  readonly phone: string | null;
  readonly mobile: string | null;
  readonly firstName: string | null;
  readonly lastName: string | null;
  readonly publicMetadata: Json;
  readonly privateMetadata: Json;
  readonly unsafeMetadata: Json;
  /** argon2id in PHC form; null when the user has no password. */
  readonly passwordHash: string | null;
  /**
   * May act on other users on the login surface: block them, log them out, assume their identity, set their password.
   */
  readonly admin: boolean;
  /** The organization that a login session starts in. */
  readonly homeOrganizationId: OrganizationId | null;
  /** A banned user cannot sign in and keeps no session. */
  readonly banned: boolean;
  /** The user cannot log in before this time. Number.MAX_SAFE_INTEGER: until unblocked. null: not blocked. */
  readonly blockedUntilMs: number | null;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly lastSignInAtMs: number | null;
  /** null: they are over, or none had to end. */
  readonly sessionsToEnd: SessionsToEnd | null;
}

export interface OrganizationRecord {
  readonly id: OrganizationId;
  readonly version: number;
  readonly name: string;
  /** Unique: `[a-z0-9-]`, 1 to 64. */
  readonly slug: string;
  readonly publicMetadata: Json;
  readonly privateMetadata: Json;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

export interface MembershipRecord {
  readonly organizationId: OrganizationId;
  readonly userId: UserId;
  /** For example `org:admin` or `org:member`. */
  readonly role: string;
  readonly permissions: readonly string[];
  readonly createdAtMs: number;
}

export interface TemplateRecord {
  /** Unique; `[A-Za-z0-9_-]`, 1 to 64. */
  readonly name: string;
  readonly version: number;
  readonly claims: Readonly<Record<string, Json>>;
  readonly lifetimeS: number;
  readonly allowedClockSkewS: number;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

/**
 * `written`: the stored record (an earlier try of the same call may have written it). `taken`: another record has the
 * unique value in `field`. `outdated`: the stored version is not the one that this change expects.
 */
export type WriteResult<Field extends string, Stored> =
  | { readonly outcome: 'written'; readonly record: Stored }
  | { readonly outcome: 'taken'; readonly field: Field }
  | { readonly outcome: 'outdated' };

/** The store already holds the maximum number of these records. */
export interface Full {
  readonly outcome: 'full';
}

export interface PageRequest {
  readonly limit: number;
  /** The `nextCursor` of an earlier page; absent: start from the newest. */
  readonly cursor?: string | undefined;
}

/** Newest first. */
export interface RecordPage<T> {
  readonly items: readonly T[];
  /** null on the last page. Opaque. */
  readonly nextCursor: string | null;
}

export interface DirectoryStore {
  /** `version` must be 1 for a new user, otherwise the stored version plus 1. */
  putUser(user: UserRecord): Promise<WriteResult<UserName, UserRecord>>;
  user(id: UserId): Promise<UserRecord | null>;
  findUser(name: UserName, value: string): Promise<UserRecord | null>;
  listUsers(page: PageRequest): Promise<RecordPage<UserRecord>>;
  /** Frees the user's names and removes the memberships. False when the user does not exist. */
  removeUser(id: UserId): Promise<boolean>;

  putOrganization(organization: OrganizationRecord): Promise<WriteResult<'slug', OrganizationRecord>>;
  organization(id: OrganizationId): Promise<OrganizationRecord | null>;
  findOrganization(slug: string): Promise<OrganizationRecord | null>;
  listOrganizations(page: PageRequest): Promise<RecordPage<OrganizationRecord>>;
  /** Frees the slug and removes the memberships. False when the organization does not exist. */
  removeOrganization(id: OrganizationId): Promise<boolean>;

  /** False when the membership already exists. The caller must check that the user and the organization exist. */
  addMembership(membership: MembershipRecord): Promise<boolean>;
  /** False when the membership does not exist, so a change cannot bring back a removed member. */
  replaceMembership(membership: MembershipRecord): Promise<boolean>;
  membership(organizationId: OrganizationId, userId: UserId): Promise<MembershipRecord | null>;
  removeMembership(organizationId: OrganizationId, userId: UserId): Promise<boolean>;
  /** Oldest first. */
  membersOf(organizationId: OrganizationId): Promise<readonly MembershipRecord[]>;
  membershipsOf(userId: UserId): Promise<readonly MembershipRecord[]>;

  /** `full`: the template is new and `atMost` templates already exist. */
  putTemplate(template: TemplateRecord, atMost: number): Promise<WriteResult<never, TemplateRecord> | Full>;
  template(name: string): Promise<TemplateRecord | null>;
  /** All templates, sorted by name. */
  templates(): Promise<readonly TemplateRecord[]>;
  removeTemplate(name: string): Promise<boolean>;
}
