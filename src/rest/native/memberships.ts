/** Members of organizations over REST. */
import { z } from 'zod';
import type { Organizations } from '../../identity/organizations.js';
import type { MembershipRecord } from '../../ports/directory-store.js';
import * as field from '../fields.js';
import { list } from '../list-field.js';
import { defineRoute, type Route } from '../route.js';
import { cursorSchema, limitSchema, pageOf } from './paging.js';

export interface MembershipRoutesDeps {
  readonly organizations: Pick<Organizations, 'existing' | 'members' | 'addMember' | 'changeMember' | 'removeMember'>;
}

const MAX_PERMISSIONS = 100;

const membershipSchema = z
  .object({
    organization_id: z.string(),
    user_id: z.string(),
    role: z.string(),
    permissions: z.array(z.string()),
    created_at: field.unixMs,
  })
  .meta({ id: 'Membership' });

const word = z.string().regex(/^[A-Za-z0-9:_-]{1,64}$/, '1 to 64 letters, digits, :, _ or -');
const role = word.optional().describe('Such as org:admin; org:member when absent.');
const permissions = list(word, { max: MAX_PERMISSIONS }).optional();

const addBody = z.strictObject({ user_id: field.directoryUserId, role, permissions });

const changeBody = z
  .strictObject({ role: word.optional(), permissions })
  .refine((change) => Object.values(change).some((value) => value !== undefined), 'at least one member');

const organizationParams = z.object({ id: field.organizationId });
const memberParams = z.object({ id: field.organizationId, user_id: field.directoryUserId });

export function membershipRoutes(deps: MembershipRoutesDeps): readonly Route[] {
  return [addMember(deps), listMembers(deps), changeMember(deps), removeMember(deps)];
}

function addMember({ organizations }: MembershipRoutesDeps): Route {
  return defineRoute({
    name: 'createMembership',
    summary: 'Make a user a member of an organization.',
    method: 'POST',
    path: '/v1/organizations/{id}/memberships',
    scope: 'admin',
    refusedWhileDraining: true,
    params: organizationParams,
    notFound: 'organization_not_found',
    body: addBody,
    responses: { 201: membershipSchema },
    errors: ['organization_not_found', 'user_not_found', 'membership_exists'],
    async handle({ params, body: { user_id, ...change } }) {
      return { status: 201, body: viewMembership(await organizations.addMember(params.id, user_id, change)) };
    },
  });
}

function listMembers({ organizations }: MembershipRoutesDeps): Route {
  return defineRoute({
    name: 'listMemberships',
    summary: 'List the members of an organization, oldest first.',
    method: 'GET',
    path: '/v1/organizations/{id}/memberships',
    scope: 'admin',
    params: organizationParams,
    notFound: 'organization_not_found',
    query: z.object({ limit: limitSchema, cursor: cursorSchema.optional() }),
    responses: {
      200: z
        .object({ memberships: z.array(membershipSchema), next_cursor: z.string().nullable() })
        .meta({ id: 'MembershipList' }),
    },
    errors: ['organization_not_found'],
    async handle({ params, query }) {
      await organizations.existing(params.id);
      const all = (await organizations.members(params.id)).map((member) => ({ ...member, id: member.userId }));
      const { items, nextCursor } = pageOf(all, query.limit, query.cursor);
      return { status: 200, body: { memberships: items.map(viewMembership), next_cursor: nextCursor } };
    },
  });
}

function changeMember({ organizations }: MembershipRoutesDeps): Route {
  return defineRoute({
    name: 'updateMembership',
    summary: 'Change the role or the permissions of a member. Tokens issued from then on carry them.',
    method: 'PATCH',
    path: '/v1/organizations/{id}/memberships/{user_id}',
    scope: 'admin',
    params: memberParams,
    notFound: 'membership_not_found',
    body: changeBody,
    responses: { 200: membershipSchema },
    errors: ['membership_not_found'],
    async handle({ params, body }) {
      return { status: 200, body: viewMembership(await organizations.changeMember(params.id, params.user_id, body)) };
    },
  });
}

function removeMember({ organizations }: MembershipRoutesDeps): Route {
  return defineRoute({
    name: 'deleteMembership',
    summary: 'End a membership. Tokens issued from then on do not name the organization.',
    method: 'DELETE',
    path: '/v1/organizations/{id}/memberships/{user_id}',
    scope: 'admin',
    params: memberParams,
    notFound: 'membership_not_found',
    responses: { 204: 'empty' },
    errors: ['membership_not_found'],
    async handle({ params }) {
      await organizations.removeMember(params.id, params.user_id);
      return { status: 204 };
    },
  });
}

function viewMembership(membership: MembershipRecord): z.output<typeof membershipSchema> {
  return {
    organization_id: membership.organizationId,
    user_id: membership.userId,
    role: membership.role,
    permissions: [...membership.permissions],
    created_at: membership.createdAtMs,
  };
}
