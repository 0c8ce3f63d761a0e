import {
  USER_NAMES,
  type DirectoryStore,
  type MembershipRecord,
  type OrganizationRecord,
  type PageRequest,
  type RecordPage,
  type Full,
  type TemplateRecord,
  type UserName,
  type UserRecord,
  type WriteResult,
} from '../../ports/directory-store.js';
import type { OrganizationId, UserId } from '../../protocol/ids.js';
import type { MemoryEventLog } from './event-log.js';
import { MembershipTable } from './membership-table.js';
import { RecordTable } from './record-table.js';

export function createMemoryDirectoryStore(events: MemoryEventLog): DirectoryStore {
  return new MemoryDirectoryStore(events);
}

/** The directory in this process. Each method is atomic because none awaits. */
class MemoryDirectoryStore implements DirectoryStore {
  readonly #events: MemoryEventLog;
  readonly #users = new RecordTable<UserId, UserRecord, UserName>((user) =>
    USER_NAMES.map((name) => [name, user[name]]),
  );
  readonly #organizations = new RecordTable<OrganizationId, OrganizationRecord, 'slug'>(({ slug }) => [['slug', slug]]);
  readonly #templates = new RecordTable<string, TemplateRecord, never>(() => []);
  readonly #memberships = new MembershipTable();

  constructor(events: MemoryEventLog) {
    this.#events = events;
  }

  async putUser(user: UserRecord): Promise<WriteResult<UserName, UserRecord>> {
    const wasBanned = this.#users.get(user.id)?.banned === true;
    const result = this.#users.put(user.id, user);
    const isNewlyBanned = result.outcome === 'written' && user.banned && !wasBanned;
    if (isNewlyBanned) this.#events.write({ type: 'user.banned', userId: user.id });
    return result;
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
    this.#memberships.removeAll(this.#memberships.ofUser(id));
    return this.#users.remove(id);
  }

  async putOrganization(organization: OrganizationRecord): Promise<WriteResult<'slug', OrganizationRecord>> {
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
    this.#memberships.removeAll(this.#memberships.ofOrganization(id));
    return this.#organizations.remove(id);
  }

  async addMembership(membership: MembershipRecord): Promise<boolean> {
    return this.#memberships.add(membership);
  }

  async replaceMembership(membership: MembershipRecord): Promise<boolean> {
    return this.#memberships.replace(membership);
  }

  async membership(organizationId: OrganizationId, userId: UserId): Promise<MembershipRecord | null> {
    return this.#memberships.get(organizationId, userId);
  }

  async removeMembership(organizationId: OrganizationId, userId: UserId): Promise<boolean> {
    return this.#memberships.remove(organizationId, userId);
  }

  async membersOf(organizationId: OrganizationId): Promise<readonly MembershipRecord[]> {
    return this.#memberships.ofOrganization(organizationId);
  }

  async membershipsOf(userId: UserId): Promise<readonly MembershipRecord[]> {
    return this.#memberships.ofUser(userId);
  }

  async putTemplate(template: TemplateRecord, atMost: number): Promise<WriteResult<never, TemplateRecord> | Full> {
    return this.#templates.putWithin(template.name, template, atMost);
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
}
