/**
 * The directory: users, organizations, memberships and JWT templates. One per deployment (docs/adr/0007).
 * Every method is atomic; records change by compare-and-set on their `version`, so that two writers never lose each
 * other's change. Rejects with `Failure('store_unavailable')` when the store does not answer.
 */
import type { OrganizationId, UserId } from '../protocol/ids.js';
import type { Json } from '../protocol/server-control.js';

/** What finds a user beside its id. Compared as given: callers fold case first. Each value belongs to one user at most. */
export const USER_NAMES = ['username', 'email', 'phone', 'mobile'] as const;
export type UserName = (typeof USER_NAMES)[number];

export interface UserRecord {
  readonly id: UserId;
  /** From 1; rises by one with each change. */
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
  /** May act on other users on the login surface: block, log out, become them, set their password. */
  readonly admin: boolean;
  /** What a login session starts in. */
  readonly homeOrganizationId: OrganizationId | null;
  /** Neither signs in nor keeps a session. */
  readonly banned: boolean;
  /** May not log in until then; Number.MAX_SAFE_INTEGER: until unblocked. null: not blocked. */
  readonly blockedUntilMs: number | null;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly lastSignInAtMs: number | null;
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
  /** As in `org:admin`, `org:member`. */
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
 * `written`: with the record as it is stored, which a repeated call may have stored before. `taken`: another record has that
 * unique value. `outdated`: there is none with this version.
 */
export type WriteResult<Field extends string, Stored> =
  | { readonly outcome: 'written'; readonly record: Stored }
  | { readonly outcome: 'taken'; readonly field: Field }
  | { readonly outcome: 'outdated' };

/** A new record finds as many there as may be. */
export interface Full {
  readonly outcome: 'full';
}

export interface PageRequest {
  readonly limit: number;
  /** Of an earlier answer; absent: from the newest. */
  readonly cursor?: string | undefined;
}

/** Newest first. */
export interface RecordPage<T> {
  readonly items: readonly T[];
  /** null when nothing follows. Opaque. */
  readonly nextCursor: string | null;
}

export interface DirectoryStore {
  /** `version` must be 1 for a new user, else one above the stored one. */
  putUser(user: UserRecord): Promise<WriteResult<UserName, UserRecord>>;
  user(id: UserId): Promise<UserRecord | null>;
  findUser(name: UserName, value: string): Promise<UserRecord | null>;
  listUsers(page: PageRequest): Promise<RecordPage<UserRecord>>;
  /** Its names are free again and its memberships gone. False when there was none. */
  removeUser(id: UserId): Promise<boolean>;

  putOrganization(organization: OrganizationRecord): Promise<WriteResult<'slug', OrganizationRecord>>;
  organization(id: OrganizationId): Promise<OrganizationRecord | null>;
  findOrganization(slug: string): Promise<OrganizationRecord | null>;
  listOrganizations(page: PageRequest): Promise<RecordPage<OrganizationRecord>>;
  /** Its slug is free again and its memberships gone. False when there was none. */
  removeOrganization(id: OrganizationId): Promise<boolean>;

  /** False when there is one already. Whether user and organization exist is the caller's to know. */
  addMembership(membership: MembershipRecord): Promise<boolean>;
  /** False when there is none (any more): who was removed does not come back by a change. */
  replaceMembership(membership: MembershipRecord): Promise<boolean>;
  membership(organizationId: OrganizationId, userId: UserId): Promise<MembershipRecord | null>;
  removeMembership(organizationId: OrganizationId, userId: UserId): Promise<boolean>;
  /** Oldest first. */
  membersOf(organizationId: OrganizationId): Promise<readonly MembershipRecord[]>;
  membershipsOf(userId: UserId): Promise<readonly MembershipRecord[]>;

  /** `full`: a new template finds `atMost` others. */
  putTemplate(template: TemplateRecord, atMost: number): Promise<WriteResult<never, TemplateRecord> | Full>;
  template(name: string): Promise<TemplateRecord | null>;
  /** All, by name. */
  templates(): Promise<readonly TemplateRecord[]>;
  removeTemplate(name: string): Promise<boolean>;
}
