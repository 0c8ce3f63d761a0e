import { deepFreeze } from '../../lib/deep-freeze.js';
import {
  USER_NAMES,
  type DirectoryStore,
  type MembershipRecord,
  type OrganizationRecord,
  type PageRequest,
  type RecordPage,
  type TemplateRecord,
  type UserName,
  type UserRecord,
  type WriteResult,
} from '../../ports/directory-store.js';
import type { OrganizationId, UserId } from '../../protocol/ids.js';
import { RecordTable } from './record-table.js';

export function createMemoryDirectoryStore(): DirectoryStore {
  return new MemoryDirectoryStore();
}

/** The directory in this process. No method awaits anything, which is what makes each atomic. */
class MemoryDirectoryStore implements DirectoryStore {
  readonly #users = new RecordTable<UserId, UserRecord, UserName>((user) =>
    USER_NAMES.map((name) => [name, user[name]]),
  );
  readonly #organizations = new RecordTable<OrganizationId, OrganizationRecord, 'slug'>(({ slug }) => [['slug', slug]]);
  readonly #templates = new RecordTable<string, TemplateRecord, never>(() => []);
  /** By organization and user. */
  readonly #memberships = new Map<string, MembershipRecord>();

  async putUser(user: UserRecord): Promise<WriteResult<UserName>> {
    return this.#users.put(user.id, user);
  }

  async user(id: UserId): Promise<UserRecord | null> {
    return this.#users.get(id);
  }

  async findUser(name: UserName, value: string): Promise<UserRecord | null> {
    return this.#users.find(name, value);
  }

  async listUsers(page: PageRequest): Promise<RecordPage<UserRecord>> {
    return this.#users.page(page);
  }

  async removeUser(id: UserId): Promise<boolean> {
    this.#forgetMemberships((membership) => membership.userId === id);
    return this.#users.remove(id);
  }

  async putOrganization(organization: OrganizationRecord): Promise<WriteResult<'slug'>> {
    return this.#organizations.put(organization.id, organization);
  }

  async organization(id: OrganizationId): Promise<OrganizationRecord | null> {
    return this.#organizations.get(id);
  }

  async findOrganization(slug: string): Promise<OrganizationRecord | null> {
    return this.#organizations.find('slug', slug);
  }

  async listOrganizations(page: PageRequest): Promise<RecordPage<OrganizationRecord>> {
    return this.#organizations.page(page);
  }

  async removeOrganization(id: OrganizationId): Promise<boolean> {
    this.#forgetMemberships((membership) => membership.organizationId === id);
    return this.#organizations.remove(id);
  }

  async addMembership(membership: MembershipRecord): Promise<boolean> {
    return this.#putMembership(membership, false);
  }

  async replaceMembership(membership: MembershipRecord): Promise<boolean> {
    return this.#putMembership(membership, true);
  }

  async membership(organizationId: OrganizationId, userId: UserId): Promise<MembershipRecord | null> {
    return this.#memberships.get(`${organizationId} ${userId}`) ?? null;
  }

  async removeMembership(organizationId: OrganizationId, userId: UserId): Promise<boolean> {
    return this.#memberships.delete(`${organizationId} ${userId}`);
  }

  async membersOf(organizationId: OrganizationId): Promise<readonly MembershipRecord[]> {
    return this.#oldestFirst((membership) => membership.organizationId === organizationId);
  }

  async membershipsOf(userId: UserId): Promise<readonly MembershipRecord[]> {
    return this.#oldestFirst((membership) => membership.userId === userId);
  }

  async putTemplate(template: TemplateRecord): Promise<WriteResult<never>> {
    return this.#templates.put(template.name, template);
  }

  async template(name: string): Promise<TemplateRecord | null> {
    return this.#templates.get(name);
  }

  async templates(): Promise<readonly TemplateRecord[]> {
    return this.#templates.all().sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async removeTemplate(name: string): Promise<boolean> {
    return this.#templates.remove(name);
  }

  #putMembership(membership: MembershipRecord, isThere: boolean): boolean {
    const key = `${membership.organizationId} ${membership.userId}`;
    if (this.#memberships.has(key) !== isThere) return false;
    this.#memberships.set(key, deepFreeze(structuredClone(membership)));
    return true;
  }

  #oldestFirst(fits: (membership: MembershipRecord) => boolean): readonly MembershipRecord[] {
    const found = [...this.#memberships].filter(([, membership]) => fits(membership));
    found.sort(([a, one], [b, other]) => one.createdAtMs - other.createdAtMs || (a < b ? -1 : 1));
    return found.map(([, membership]) => membership);
  }

  #forgetMemberships(fits: (membership: MembershipRecord) => boolean): void {
    for (const [key, membership] of this.#memberships) if (fits(membership)) this.#memberships.delete(key);
  }
}
