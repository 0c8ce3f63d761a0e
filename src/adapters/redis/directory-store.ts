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
import { membershipSchema, organizationSchema, templateSchema, userSchema } from './directory-codec.js';
import { encodeBan } from './event-codec.js';
import type { Keys } from './keys.js';
import type { RedisLink } from './link.js';
import { RecordTable } from './record-table.js';
import { asInteger, asList, asText } from './replies.js';
import type { Scripts } from './script.js';

/** The directory in Redis. It is one hash slot, and each transition is one script (see keys.ts). */
export class RedisDirectoryStore implements DirectoryStore {
  readonly #link: RedisLink;
  readonly #keys: Keys;
  readonly #scripts: Scripts;
  readonly #users: RecordTable<UserRecord, UserName>;
  readonly #organizations: RecordTable<OrganizationRecord, 'slug'>;
  readonly #templates: RecordTable<TemplateRecord, never>;

  constructor(link: RedisLink, keys: Keys, scripts: Scripts) {
    this.#link = link;
    this.#keys = keys;
    this.#scripts = scripts;
    const { users, organizations, templates, memberships, membersByOrganization, membersByUser } = keys;
    const feed = keys.directoryFeed;
    const [, , userListing = ''] = users;
    const [, , organizationListing = ''] = organizations;
    this.#users = new RecordTable<UserRecord, UserName>(link, scripts, {
      name: 'users',
      keys: users,
      schema: userSchema,
      removedWith: [userListing, memberships, membersByUser, membersByOrganization],
      uniqueFields: USER_NAMES,
      uniqueOf: (user, name) => user[name],
      feed,
      eventOf: ({ id, banned }) => (banned ? encodeBan(id) : null),
    });
    this.#organizations = new RecordTable<OrganizationRecord, 'slug'>(link, scripts, {
      name: 'organizations',
      keys: organizations,
      schema: organizationSchema,
      removedWith: [organizationListing, memberships, membersByOrganization, membersByUser],
      uniqueFields: ['slug'],
      uniqueOf: ({ slug }) => slug,
      feed,
      eventOf: () => null,
    });
    this.#templates = new RecordTable<TemplateRecord, never>(link, scripts, {
      name: 'templates',
      keys: templates,
      removedWith: [],
      schema: templateSchema,
      uniqueFields: [],
      uniqueOf: () => null,
      feed,
      eventOf: () => null,
    });
  }

  putUser(user: UserRecord): Promise<WriteResult<UserName, UserRecord>> {
    return this.#users.put(user.id, user);
  }

  user(id: UserId): Promise<UserRecord | null> {
    return this.#users.get(id);
  }

  findUser(name: UserName, value: string): Promise<UserRecord | null> {
    return this.#users.find(name, value);
  }

  listUsers(page: PageRequest): Promise<RecordPage<UserRecord>> {
    return this.#users.page(page);
  }

  removeUser(id: UserId): Promise<boolean> {
    return this.#users.remove(id);
  }

  putOrganization(organization: OrganizationRecord): Promise<WriteResult<'slug', OrganizationRecord>> {
    return this.#organizations.put(organization.id, organization);
  }

  organization(id: OrganizationId): Promise<OrganizationRecord | null> {
    return this.#organizations.get(id);
  }

  findOrganization(slug: string): Promise<OrganizationRecord | null> {
    return this.#organizations.find('slug', slug);
  }

  listOrganizations(page: PageRequest): Promise<RecordPage<OrganizationRecord>> {
    return this.#organizations.page(page);
  }

  removeOrganization(id: OrganizationId): Promise<boolean> {
    return this.#organizations.remove(id);
  }

  addMembership(membership: MembershipRecord): Promise<boolean> {
    return this.#putMembership(membership, '0');
  }

  replaceMembership(membership: MembershipRecord): Promise<boolean> {
    return this.#putMembership(membership, '1');
  }

  async membership(organizationId: OrganizationId, userId: UserId): Promise<MembershipRecord | null> {
    const field = `${organizationId} ${userId}`;
    const reply = await this.#link.read('memberships.get', 'HGET', this.#keys.memberships, field);
    return reply === null ? null : membershipSchema.parse(asText(reply));
  }

  async removeMembership(organizationId: OrganizationId, userId: UserId): Promise<boolean> {
    const args = [organizationId, userId];
    const keys = this.#membershipKeys();
    return asInteger(await this.#link.run('memberships.remove', this.#scripts.membershipRemove, keys, args)) === 1;
  }

  membersOf(organizationId: OrganizationId): Promise<readonly MembershipRecord[]> {
    return this.#listMemberships(this.#keys.membersByOrganization, [organizationId, '0']);
  }

  membershipsOf(userId: UserId): Promise<readonly MembershipRecord[]> {
    return this.#listMemberships(this.#keys.membersByUser, [userId, '1']);
  }

  putTemplate(template: TemplateRecord, atMost: number): Promise<WriteResult<never, TemplateRecord> | Full> {
    return this.#templates.putWithin(template.name, template, atMost);
  }

  template(name: string): Promise<TemplateRecord | null> {
    return this.#templates.get(name);
  }

  async templates(): Promise<readonly TemplateRecord[]> {
    return (await this.#templates.all()).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  removeTemplate(name: string): Promise<boolean> {
    return this.#templates.remove(name);
  }

  async #listMemberships(index: string, args: readonly [string, '0' | '1']): Promise<readonly MembershipRecord[]> {
    const keys = [this.#keys.memberships, index];
    const reply = asList(await this.#link.run('memberships.list', this.#scripts.membershipList, keys, args));
    // Redis replies in the order of the other side's ids. The sort is stable, so equal times keep that order.
    return reply.map((text) => membershipSchema.parse(asText(text))).sort((a, b) => a.createdAtMs - b.createdAtMs);
  }

  async #putMembership(membership: MembershipRecord, isThere: '0' | '1'): Promise<boolean> {
    const { organizationId, userId } = membership;
    const args = [organizationId, userId, JSON.stringify(membership), isThere];
    const keys = this.#membershipKeys();
    return asInteger(await this.#link.run('memberships.put', this.#scripts.membershipPut, keys, args)) === 1;
  }

  #membershipKeys(): readonly string[] {
    const { memberships, membersByOrganization, membersByUser } = this.#keys;
    return [memberships, membersByOrganization, membersByUser];
  }
}
