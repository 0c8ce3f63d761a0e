/** Users of the directory over REST: made, listed, found, changed, removed. */
import { z } from 'zod';
import type { Organizations } from '../../identity/organizations.js';
import type { Users } from '../../identity/users.js';
import type { Clock } from '../../ports/clock.js';
import { USER_NAMES } from '../../ports/directory-store.js';
import * as field from '../fields.js';
import { defineRoute, type Route } from '../route.js';
import { limitSchema, storeCursorSchema } from './paging.js';
import { reportSchema, viewFinished } from './report.js';
import { changeOf, userBody, userName, userSchema, viewUser } from './directory-user-view.js';

export interface UserRoutesDeps {
  readonly users: Pick<Users, 'create' | 'existing' | 'find' | 'list' | 'update' | 'ban' | 'unban' | 'remove'>;
  readonly organizations: Pick<Organizations, 'existingId'>;
  readonly clock: Clock;
}

const params = z.object({ id: field.directoryUserId });

const createBody = userBody.refine(
  (body) => USER_NAMES.some((name) => body[name] != null),
  'at least one of username, email, phone and mobile',
);

const changeBody = userBody.refine(
  (change) => Object.values(change).some((value) => value !== undefined),
  'at least one member',
);

const listQuery = z
  .object({
    limit: limitSchema,
    cursor: storeCursorSchema.optional(),
    username: userName('username').optional(),
    email: userName('email').optional(),
    phone: userName('phone').optional(),
    mobile: userName('mobile').optional(),
  })
  .refine((query) => namedIn(query).length <= 1, 'one of username, email, phone and mobile at most');

const changedUserSchema = userSchema
  .extend({
    report: reportSchema.nullable().describe('A report on the sessions that ended; null for a change that ends none.'),
  })
  .meta({ id: 'ChangedUser' });

export function userRoutes(deps: UserRoutesDeps): readonly Route[] {
  return [createUser(deps), listUsers(deps), getUser(deps), updateUser(deps), deleteUser(deps), ban(deps), unban(deps)];
}

function createUser({ users, organizations }: UserRoutesDeps): Route {
  return defineRoute({
    name: 'createUser',
    summary: 'Create a user. Each kind of name is unique and compared without case.',
    method: 'POST',
    path: '/v1/users',
    scope: 'admin',
    refusedWhileDraining: true,
    body: createBody,
    responses: { 201: userSchema },
    errors: ['name_taken', 'organization_not_found', 'too_many_requests'],
    async handle({ body }) {
      return { status: 201, body: await viewUser(organizations, await users.create(changeOf(body))) };
    },
  });
}

function listUsers({ users, organizations }: UserRoutesDeps): Route {
  return defineRoute({
    name: 'listUsers',
    summary: 'List users, newest first. With a name, list the user who has it.',
    method: 'GET',
    path: '/v1/users',
    scope: 'admin',
    query: listQuery,
    responses: {
      200: z.object({ users: z.array(userSchema), next_cursor: z.string().nullable() }).meta({ id: 'UserList' }),
    },
    async handle({ query }) {
      const [named] = namedIn(query);
      if (named !== undefined) {
        const user = await users.find(...named);
        return {
          status: 200,
          body: { users: user === null ? [] : [await viewUser(organizations, user)], next_cursor: null },
        };
      }
      const page = await users.list({ limit: query.limit, cursor: query.cursor });
      return {
        status: 200,
        body: {
          users: await Promise.all(page.items.map((user) => viewUser(organizations, user))),
          next_cursor: page.nextCursor,
        },
      };
    },
  });
}

function getUser({ users, organizations }: UserRoutesDeps): Route {
  return defineRoute({
    name: 'getUser',
    summary: 'Get a user.',
    method: 'GET',
    path: '/v1/users/{id}',
    scope: 'admin',
    params,
    notFound: 'user_not_found',
    responses: { 200: userSchema },
    errors: ['user_not_found'],
    async handle({ params: { id } }) {
      return { status: 200, body: await viewUser(organizations, await users.existing(id)) };
    },
  });
}

function updateUser({ users, organizations, clock }: UserRoutesDeps): Route {
  return defineRoute({
    name: 'updateUser',
    summary:
      'Change a user. Absent members stay; the last name stays, too. A new password, or the loss of the admin right, ends all sessions of the user.',
    method: 'PATCH',
    path: '/v1/users/{id}',
    scope: 'admin',
    params,
    notFound: 'user_not_found',
    body: changeBody,
    responses: { 200: changedUserSchema },
    errors: ['user_not_found', 'organization_not_found', 'name_taken', 'changed_meanwhile', 'too_many_requests'],
    async handle({ params: { id }, body }) {
      const startedMs = clock.monotonicMs();
      const { user, ended } = await users.update(id, changeOf(body));
      const report = ended === null ? null : viewFinished(ended, startedMs, clock);
      return { status: 200, body: { ...(await viewUser(organizations, user)), report } };
    },
  });
}

function deleteUser({ users, clock }: UserRoutesDeps): Route {
  return defineRoute({
    name: 'deleteUser',
    summary: 'Remove a user and their memberships. Their sessions end as revoked.',
    method: 'DELETE',
    path: '/v1/users/{id}',
    scope: 'admin',
    params,
    notFound: 'user_not_found',
    responses: { 200: reportSchema },
    errors: ['user_not_found'],
    async handle({ params: { id } }) {
      const startedMs = clock.monotonicMs();
      return { status: 200, body: viewFinished(await users.remove(id), startedMs, clock) };
    },
  });
}

function ban({ users, organizations, clock }: UserRoutesDeps): Route {
  return defineRoute({
    name: 'banUser',
    summary: 'Ban a user: their sessions end as revoked, and they can open none until they are unbanned.',
    method: 'POST',
    path: '/v1/users/{id}/ban',
    scope: 'admin',
    params,
    notFound: 'user_not_found',
    responses: { 200: changedUserSchema },
    errors: ['user_not_found', 'changed_meanwhile'],
    async handle({ params: { id } }) {
      const startedMs = clock.monotonicMs();
      const { user, ended } = await users.ban(id);
      const report = ended === null ? null : viewFinished(ended, startedMs, clock);
      return { status: 200, body: { ...(await viewUser(organizations, user)), report } };
    },
  });
}

function unban({ users, organizations }: UserRoutesDeps): Route {
  return defineRoute({
    name: 'unbanUser',
    summary: 'Let a banned user sign in again. Their old sessions stay ended.',
    method: 'POST',
    path: '/v1/users/{id}/unban',
    scope: 'admin',
    params,
    notFound: 'user_not_found',
    responses: { 200: userSchema },
    errors: ['user_not_found', 'changed_meanwhile'],
    async handle({ params: { id } }) {
      return { status: 200, body: await viewUser(organizations, await users.unban(id)) };
    },
  });
}

type Named = readonly [name: (typeof USER_NAMES)[number], folded: string];

function namedIn(query: Readonly<Partial<Record<(typeof USER_NAMES)[number], string | undefined>>>): readonly Named[] {
  return USER_NAMES.flatMap((name) => (query[name] === undefined ? [] : [[name, query[name]] as const]));
}
