/** User profiles: users with the organizations they belong to, for callers who may see them. */
import type { UserId } from '../protocol/ids.js';
import type { UserRecord } from '../ports/directory-store.js';
import type { Organizations } from './organizations.js';
import type { MemberOf } from './session-claims.js';
import type { Users } from './users.js';

export interface Profile {
  readonly user: UserRecord;
  /** Oldest membership first. */
  readonly memberships: readonly MemberOf[];
}

export interface ProfilesDeps {
  readonly users: Pick<Users, 'get'>;
  readonly organizations: Pick<Organizations, 'get' | 'membershipsOf'>;
}

export class Profiles {
  constructor(private readonly deps: ProfilesDeps) {}

  /** Returns the profile of each user once, and leaves out users that no longer exist. */
  async of(ids: readonly UserId[]): Promise<ReadonlyMap<UserId, Profile>> {
    const profiles = await Promise.all([...new Set(ids)].map((id) => this.profile(id)));
    return new Map(profiles.flatMap((profile) => (profile === null ? [] : [[profile.user.id, profile]])));
  }

  private async profile(id: UserId): Promise<Profile | null> {
    const { users, organizations } = this.deps;
    const [user, memberships] = await Promise.all([users.get(id), organizations.membershipsOf(id)]);
    if (user === null) return null;
    const found = await Promise.all(
      memberships.map(async (membership) => {
        const organization = await organizations.get(membership.organizationId);
        return organization === null ? [] : [{ organization, membership }];
      }),
    );
    return { user, memberships: found.flat() };
  }
}
