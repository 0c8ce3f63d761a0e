/** Organizations of the directory over REST. */
import { z } from 'zod';
import type { Organizations } from '../../identity/organizations.js';
import type { OrganizationRecord } from '../../ports/directory-store.js';
import * as field from '../fields.js';
import { defineRoute, type Route } from '../route.js';
import { limitSchema, storeCursorSchema } from './paging.js';

export interface OrganizationRoutesDeps {
  readonly organizations: Pick<Organizations, 'create' | 'existing' | 'list' | 'update' | 'remove'>;
}

const { unixMs } = field;

const organizationSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    slug: z.string(),
    public_metadata: z.unknown().describe('A JSON object.'),
    private_metadata: z.unknown().describe('A JSON object.'),
    created_at: unixMs,
    updated_at: unixMs,
  })
  .meta({ id: 'Organization' });

const name = z.string().min(1).max(256);
const slug = z.string().regex(/^[a-z0-9-]{1,64}$/, '1 to 64 of a-z, 0-9 and -');
const optionalMetadata = { public_metadata: field.metadata.optional(), private_metadata: field.metadata.optional() };

const createBody = z.strictObject({
  name,
  slug: slug.optional().describe('Derived from the name when absent.'),
  ...optionalMetadata,
});

const changeBody = z
  .strictObject({ name: name.optional(), slug: slug.optional(), ...optionalMetadata })
  .refine((change) => Object.values(change).some((value) => value !== undefined), 'at least one member');

const params = z.object({ id: field.organizationId });

export function organizationRoutes(deps: OrganizationRoutesDeps): readonly Route[] {
  return [
    createOrganization(deps),
    listOrganizations(deps),
    getOrganization(deps),
    updateOrganization(deps),
    deleteOrganization(deps),
  ];
}

function createOrganization({ organizations }: OrganizationRoutesDeps): Route {
  return defineRoute({
    name: 'createOrganization',
    summary: 'Create an organization.',
    method: 'POST',
    path: '/v1/organizations',
    scope: 'admin',
    refusedWhileDraining: true,
    body: createBody,
    responses: { 201: organizationSchema },
    errors: ['name_taken'],
    async handle({ body }) {
      const organization = await organizations.create({ name: body.name, ...changeOf(body) });
      return { status: 201, body: viewOrganization(organization) };
    },
  });
}

function listOrganizations({ organizations }: OrganizationRoutesDeps): Route {
  return defineRoute({
    name: 'listOrganizations',
    summary: 'List organizations, newest first.',
    method: 'GET',
    path: '/v1/organizations',
    scope: 'admin',
    query: z.object({ limit: limitSchema, cursor: storeCursorSchema.optional() }),
    responses: {
      200: z
        .object({ organizations: z.array(organizationSchema), next_cursor: z.string().nullable() })
        .meta({ id: 'OrganizationList' }),
    },
    async handle({ query }) {
      const { items, nextCursor } = await organizations.list(query);
      return { status: 200, body: { organizations: items.map(viewOrganization), next_cursor: nextCursor } };
    },
  });
}

function getOrganization({ organizations }: OrganizationRoutesDeps): Route {
  return defineRoute({
    name: 'getOrganization',
    summary: 'Get an organization by its id or its slug.',
    method: 'GET',
    path: '/v1/organizations/{id}',
    scope: 'admin',
    params: z.object({ id: z.union([field.organizationId, slug]) }),
    notFound: 'organization_not_found',
    responses: { 200: organizationSchema },
    errors: ['organization_not_found'],
    async handle({ params: { id } }) {
      return { status: 200, body: viewOrganization(await organizations.existing(id)) };
    },
  });
}

function updateOrganization({ organizations }: OrganizationRoutesDeps): Route {
  return defineRoute({
    name: 'updateOrganization',
    summary: 'Change an organization. Absent members stay.',
    method: 'PATCH',
    path: '/v1/organizations/{id}',
    scope: 'admin',
    params,
    notFound: 'organization_not_found',
    body: changeBody,
    responses: { 200: organizationSchema },
    errors: ['organization_not_found', 'name_taken', 'changed_meanwhile'],
    async handle({ params: { id }, body }) {
      const organization = await organizations.update(id, { name: body.name, ...changeOf(body) });
      return { status: 200, body: viewOrganization(organization) };
    },
  });
}

function deleteOrganization({ organizations }: OrganizationRoutesDeps): Route {
  return defineRoute({
    name: 'deleteOrganization',
    summary: 'Remove an organization and its memberships. Tokens issued from then on do not name it.',
    method: 'DELETE',
    path: '/v1/organizations/{id}',
    scope: 'admin',
    params,
    notFound: 'organization_not_found',
    responses: { 204: 'empty' },
    errors: ['organization_not_found'],
    async handle({ params: { id } }) {
      await organizations.remove(id);
      return { status: 204 };
    },
  });
}

function changeOf({ slug: newSlug, public_metadata, private_metadata }: Omit<z.output<typeof changeBody>, 'name'>) {
  return { slug: newSlug, publicMetadata: public_metadata, privateMetadata: private_metadata };
}

function viewOrganization(organization: OrganizationRecord): z.output<typeof organizationSchema> {
  return {
    id: organization.id,
    name: organization.name,
    slug: organization.slug,
    public_metadata: organization.publicMetadata,
    private_metadata: organization.privateMetadata,
    created_at: organization.createdAtMs,
    updated_at: organization.updatedAtMs,
  };
}
