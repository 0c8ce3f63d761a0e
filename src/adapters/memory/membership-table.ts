import { deepFreeze } from '../../lib/deep-freeze.js';
import type { MembershipRecord } from '../../ports/directory-store.js';
import type { OrganizationId, UserId } from '../../protocol/ids.js';

/** Memberships, indexed by organization and by user. */
export class MembershipTable {
  readonly #byOrganization = new Map<OrganizationId, Map<UserId, MembershipRecord>>();
  readonly #byUser = new Map<UserId, Map<OrganizationId, MembershipRecord>>();

  /** False when the membership exists. */
  add(membership: MembershipRecord): boolean {
    if (this.get(membership.organizationId, membership.userId) !== null) return false;
    this.#put(membership);
    return true;
  }

  /** False when the membership does not exist. */
  replace(membership: MembershipRecord): boolean {
    if (this.get(membership.organizationId, membership.userId) === null) return false;
    this.#put(membership);
    return true;
  }

  #put(membership: MembershipRecord): void {
    const record = deepFreeze(structuredClone(membership));
    innerOf(this.#byOrganization, record.organizationId).set(record.userId, record);
    innerOf(this.#byUser, record.userId).set(record.organizationId, record);
  }

  get(organizationId: OrganizationId, userId: UserId): MembershipRecord | null {
    return this.#byOrganization.get(organizationId)?.get(userId) ?? null;
  }

  remove(organizationId: OrganizationId, userId: UserId): boolean {
    dropFrom(this.#byUser, userId, organizationId);
    return dropFrom(this.#byOrganization, organizationId, userId);
  }

  /** Oldest first. */
  ofOrganization(id: OrganizationId): readonly MembershipRecord[] {
    return oldestFirst(this.#byOrganization.get(id), ({ userId }) => userId);
  }

  /** Oldest first. */
  ofUser(id: UserId): readonly MembershipRecord[] {
    return oldestFirst(this.#byUser.get(id), ({ organizationId }) => organizationId);
  }

  removeAll(memberships: readonly MembershipRecord[]): void {
    for (const { organizationId, userId } of memberships) this.remove(organizationId, userId);
  }
}

function innerOf<K, L, V>(outer: Map<K, Map<L, V>>, key: K): Map<L, V> {
  const inner = outer.get(key) ?? new Map<L, V>();
  outer.set(key, inner);
  return inner;
}

function dropFrom<K, L, V>(outer: Map<K, Map<L, V>>, key: K, innerKey: L): boolean {
  const inner = outer.get(key);
  const dropped = inner?.delete(innerKey) ?? false;
  if (inner?.size === 0) outer.delete(key);
  return dropped;
}

function oldestFirst(
  found: Map<unknown, MembershipRecord> | undefined,
  otherSide: (membership: MembershipRecord) => string,
): readonly MembershipRecord[] {
  const memberships = [...(found?.values() ?? [])];
  return memberships.sort((a, b) => a.createdAtMs - b.createdAtMs || (otherSide(a) < otherSide(b) ? -1 : 1));
}
