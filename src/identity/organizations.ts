/**
 * The organizations of the directory and their members. A session's active organization may be gone, or its user may no
 * longer be a member; nothing updates the session. Code that issues a token or acts for an organization therefore asks
 * `membership` each time and treats null as no active organization. Views ask `activeOf` and `existingId`.
 */
import { randomBase62 } from '../lib/base62.js';
import { Failure } from '../protocol/failure.js';
import { parseOrganizationId, type OrganizationId, type UserId } from '../protocol/ids.js';
import type { Json } from '../lib/json.js';
import type { Clock } from '../ports/clock.js';
import type { Crypto } from '../ports/crypto.js';
import type { UserSession } from '../ports/user-session-store.js';
import type {
  DirectoryStore,
  MembershipRecord,
  OrganizationRecord,
  PageRequest,
  RecordPage,
} from '../ports/directory-store.js';

/** Absent fields stay unchanged. */
export interface OrganizationChange {
  readonly name?: string | undefined;
  readonly slug?: string | undefined;
  readonly publicMetadata?: Json | undefined;
  readonly privateMetadata?: Json | undefined;
}

export interface NewOrganization extends OrganizationChange {
  readonly name: string;
}

export interface MembershipChange {
  readonly role?: string | undefined;
  readonly permissions?: readonly string[] | undefined;
}

/** The members of a session that say in which organization it acts. */
export type ActingSession = Pick<UserSession, 'kind' | 'organizationId' | 'effectiveUserId'>;

export interface OrganizationsDeps {
  readonly store: DirectoryStore;
  readonly crypto: Crypto;
  readonly clock: Clock;
}

/** Each lost race means that another writer succeeded. */
const MAX_TRIES = 5;
const ID_LETTERS = 27;
const MAX_SLUG_LENGTH = 64;
const SLUG_TAIL_LETTERS = 8;

export class Organizations {
  constructor(private readonly deps: OrganizationsDeps) {}

  /** Without a slug, derives one from the name. Rejects with `name_taken` when another organization has the slug. */
  async create({
    name,
    slug,
    publicMetadata = {},
    privateMetadata = {},
  }: NewOrganization): Promise<OrganizationRecord> {
    const nowMs = this.deps.clock.nowMs();
    const rest = { version: 1, name, publicMetadata, privateMetadata, createdAtMs: nowMs, updatedAtMs: nowMs };
    const organization = { ...rest, id: this.newId(), slug: slug ?? slugOf(name) };
    const result = await this.deps.store.putOrganization(organization);
    if (result.outcome === 'written') return result.record;
    if (slug !== undefined) throw slugTaken();
    const elsewhere = { ...organization, slug: this.freeSlug(organization.slug) };
    const second = await this.deps.store.putOrganization(elsewhere);
    if (second.outcome !== 'written') throw slugTaken();
    return second.record;
  }

  /** null when it does not exist. */
  get(id: OrganizationId): Promise<OrganizationRecord | null> {
    return this.deps.store.organization(id);
  }

  /** By id or slug: no slug looks like an id. null when it does not exist. */
  async find(idOrSlug: string): Promise<OrganizationRecord | null> {
    const id = parseOrganizationId(idOrSlug);
    return id === null ? this.deps.store.findOrganization(idOrSlug) : this.get(id);
  }

  /** By id or slug. Rejects with `organization_not_found`. */
  async existing(idOrSlug: string): Promise<OrganizationRecord> {
    const organization = await this.find(idOrSlug);
    if (organization === null) throw new Failure('organization_not_found');
    return organization;
  }

  /** Newest first. */
  list(page: PageRequest): Promise<RecordPage<OrganizationRecord>> {
    return this.deps.store.listOrganizations(page);
  }

  /** Rejects with `organization_not_found`, `name_taken`, or `changed_meanwhile` when others keep changing the record. */
  async update(id: OrganizationId, change: OrganizationChange): Promise<OrganizationRecord> {
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const kept = await this.existing(id);
      const changed = {
        ...kept,
        name: change.name ?? kept.name,
        slug: change.slug ?? kept.slug,
        publicMetadata: change.publicMetadata ?? kept.publicMetadata,
        privateMetadata: change.privateMetadata ?? kept.privateMetadata,
        version: kept.version + 1,
        updatedAtMs: this.deps.clock.nowMs(),
      };
      const result = await this.deps.store.putOrganization(changed);
      if (result.outcome === 'written') return result.record;
      if (result.outcome === 'taken') throw slugTaken();
    }
    throw new Failure('changed_meanwhile');
  }

  /** Also removes its memberships. Rejects with `organization_not_found`. */
  async remove(id: OrganizationId): Promise<void> {
    if (!(await this.deps.store.removeOrganization(id))) throw new Failure('organization_not_found');
  }

  /** null when the user is not a member or the organization does not exist. */
  membership(id: OrganizationId, userId: UserId): Promise<MembershipRecord | null> {
    return this.deps.store.membership(id, userId);
  }

  /** The organization that a session acts in; null when it is gone or its user may no longer act in it. */
  async activeOf(session: ActingSession): Promise<OrganizationId | null> {
    const { kind, organizationId, effectiveUserId } = session;
    if (organizationId === null) return null;
    if ((await this.membership(organizationId, effectiveUserId)) !== null) return organizationId;
    // A login session of an admin may act in any organization.
    const isAdmin = kind === 'login' && (await this.deps.store.user(effectiveUserId))?.admin === true;
    return isAdmin ? this.existingId(organizationId) : null;
  }

  /** null when the organization does not exist, or no longer. */
  async existingId(id: OrganizationId | null): Promise<OrganizationId | null> {
    return id === null || (await this.get(id)) === null ? null : id;
  }

  /** Oldest first. */
  members(id: OrganizationId): Promise<readonly MembershipRecord[]> {
    return this.deps.store.membersOf(id);
  }

  /** Oldest first. */
  membershipsOf(userId: UserId): Promise<readonly MembershipRecord[]> {
    return this.deps.store.membershipsOf(userId);
  }

  /** Rejects with `organization_not_found`, `user_not_found` or `membership_exists`. */
  async addMember(
    id: OrganizationId,
    userId: UserId,
    { role = 'org:member', permissions = [] }: MembershipChange,
  ): Promise<MembershipRecord> {
    const { store, clock } = this.deps;
    await this.mustHaveBoth(id, userId);
    const membership = { organizationId: id, userId, role, permissions, createdAtMs: clock.nowMs() };
    if (!(await store.addMembership(membership))) throw new Failure('membership_exists');
    try {
      // Either may have been removed in the meantime, and a removal deletes only the memberships it finds.
      await this.mustHaveBoth(id, userId);
    } catch (error) {
      if (error instanceof Failure && !Failure.is(error, 'store_unavailable')) await store.removeMembership(id, userId);
      throw error;
    }
    return membership;
  }

  /** Rejects with `membership_not_found`. Of two concurrent changes the later one wins entirely. */
  async changeMember(id: OrganizationId, userId: UserId, change: MembershipChange): Promise<MembershipRecord> {
    const { store } = this.deps;
    const kept = await store.membership(id, userId);
    if (kept === null) throw new Failure('membership_not_found');
    const changed = {
      ...kept,
      role: change.role ?? kept.role,
      permissions: change.permissions ?? kept.permissions,
    };
    if (!(await store.replaceMembership(changed))) throw new Failure('membership_not_found');
    return changed;
  }

  /** Rejects with `membership_not_found`. */
  async removeMember(id: OrganizationId, userId: UserId): Promise<void> {
    if (!(await this.deps.store.removeMembership(id, userId))) throw new Failure('membership_not_found');
  }

  private async mustHaveBoth(id: OrganizationId, userId: UserId): Promise<void> {
    const [organization, user] = await Promise.all([this.get(id), this.deps.store.user(userId)]);
    if (organization === null) throw new Failure('organization_not_found');
    if (user === null) throw new Failure('user_not_found');
  }

  private freeSlug(taken: string): string {
    const tail = randomBase62(this.deps.crypto, SLUG_TAIL_LETTERS).toLowerCase();
    return `${taken.slice(0, MAX_SLUG_LENGTH - SLUG_TAIL_LETTERS - 1)}-${tail}`;
  }

  private newId(): OrganizationId {
    const id = parseOrganizationId(`org_${randomBase62(this.deps.crypto, ID_LETTERS)}`);
    if (id === null) throw new Error('a random source without base62 letters');
    return id;
  }
}

/** Strips accents and replaces everything but letters and digits with dashes; `org` when nothing is left. */
export function slugOf(name: string): string {
  const letters = name.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase();
  const slug = letters
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, MAX_SLUG_LENGTH)
    .replaceAll(/^-+|-+$/g, '');
  return slug === '' ? 'org' : slug;
}

function slugTaken(): Failure {
  const problem = { path: 'slug', message: 'another organization has it already' };
  return new Failure('name_taken', { message: `${problem.path}: ${problem.message}`, details: [problem] });
}
