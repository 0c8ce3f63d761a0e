/** JWT templates over REST. */
import { z } from 'zod';
import { AUTOMATIC_CLAIMS, type Templates } from '../../identity/templates.js';
import type { TemplateRecord } from '../../ports/directory-store.js';
import * as field from '../fields.js';
import { defineRoute, type Route } from '../route.js';
import { limitSchema } from './paging.js';

export interface TemplateRoutesDeps {
  readonly templates: Pick<Templates, 'create' | 'existing' | 'list' | 'update' | 'remove'>;
}

const name = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, '1 to 64 letters, digits, _ or -');
const lifetime = z.int().min(30).max(315_360_000).describe('Lifetime of a token in seconds.');
const clockSkew = z.int().min(0).max(300).describe('Seconds before its issue from which a token is valid.');

const claims = field.metadata
  .superRefine((value, context) => {
    for (const claim of Object.keys(value)) {
      if (AUTOMATIC_CLAIMS.has(claim)) {
        context.addIssue({ code: 'custom', path: [claim], message: 'every token sets this claim itself' });
      }
    }
  })
  .meta({
    description: `A JSON object; not ${[...AUTOMATIC_CLAIMS].join(', ')}. Texts may hold shortcodes: {{user.id}}.`,
  });

const templateSchema = z
  .object({
    name: z.string(),
    claims: z.unknown(),
    lifetime,
    allowed_clock_skew: clockSkew,
    created_at: field.unixMs,
    updated_at: field.unixMs,
  })
  .meta({ id: 'JwtTemplate' });

const createBody = z.strictObject({
  name,
  claims,
  lifetime: lifetime.optional(),
  allowed_clock_skew: clockSkew.optional(),
});

const changeBody = z
  .strictObject({ claims: claims.optional(), lifetime: lifetime.optional(), allowed_clock_skew: clockSkew.optional() })
  .refine((change) => Object.values(change).some((value) => value !== undefined), 'at least one member');

const params = z.object({ name });

export function templateRoutes(deps: TemplateRoutesDeps): readonly Route[] {
  return [createTemplate(deps), listTemplates(deps), getTemplate(deps), updateTemplate(deps), deleteTemplate(deps)];
}

function createTemplate({ templates }: TemplateRoutesDeps): Route {
  return defineRoute({
    name: 'createJwtTemplate',
    summary: 'Create a JWT template. There can be at most a hundred.',
    method: 'POST',
    path: '/v1/jwt_templates',
    scope: 'admin',
    refusedWhileDraining: true,
    body: createBody,
    responses: { 201: templateSchema },
    errors: ['name_taken', 'too_many_templates'],
    async handle({ body }) {
      return { status: 201, body: viewTemplate(await templates.create({ name: body.name, ...changeOf(body) })) };
    },
  });
}

function listTemplates({ templates }: TemplateRoutesDeps): Route {
  return defineRoute({
    name: 'listJwtTemplates',
    summary: 'List JWT templates, by name.',
    method: 'GET',
    path: '/v1/jwt_templates',
    scope: 'admin',
    query: z.object({ limit: limitSchema, cursor: name.optional().describe('The last name on the previous page.') }),
    responses: {
      200: z
        .object({ jwt_templates: z.array(templateSchema), next_cursor: z.string().nullable() })
        .meta({ id: 'JwtTemplateList' }),
    },
    async handle({ query: { limit, cursor } }) {
      const all = await templates.list();
      const rest = cursor === undefined ? all : all.filter((template) => template.name > cursor);
      const page = rest.slice(0, limit);
      const nextCursor = rest.length > limit ? (page.at(-1)?.name ?? null) : null;
      return { status: 200, body: { jwt_templates: page.map(viewTemplate), next_cursor: nextCursor } };
    },
  });
}

function getTemplate({ templates }: TemplateRoutesDeps): Route {
  return defineRoute({
    name: 'getJwtTemplate',
    summary: 'Get a JWT template.',
    method: 'GET',
    path: '/v1/jwt_templates/{name}',
    scope: 'admin',
    params,
    notFound: 'template_not_found',
    responses: { 200: templateSchema },
    errors: ['template_not_found'],
    async handle({ params: { name: wanted } }) {
      return { status: 200, body: viewTemplate(await templates.existing(wanted)) };
    },
  });
}

function updateTemplate({ templates }: TemplateRoutesDeps): Route {
  return defineRoute({
    name: 'updateJwtTemplate',
    summary: 'Change a JWT template. New claims replace all old ones. Issued tokens stay as they are.',
    method: 'PATCH',
    path: '/v1/jwt_templates/{name}',
    scope: 'admin',
    params,
    notFound: 'template_not_found',
    body: changeBody,
    responses: { 200: templateSchema },
    errors: ['template_not_found', 'changed_meanwhile'],
    async handle({ params: { name: wanted }, body }) {
      return { status: 200, body: viewTemplate(await templates.update(wanted, changeOf(body))) };
    },
  });
}

function deleteTemplate({ templates }: TemplateRoutesDeps): Route {
  return defineRoute({
    name: 'deleteJwtTemplate',
    summary: 'Remove a JWT template. Issued tokens stay as they are.',
    method: 'DELETE',
    path: '/v1/jwt_templates/{name}',
    scope: 'admin',
    params,
    notFound: 'template_not_found',
    responses: { 204: 'empty' },
    errors: ['template_not_found'],
    async handle({ params: { name: wanted } }) {
      await templates.remove(wanted);
      return { status: 204 };
    },
  });
}

function changeOf(body: z.output<typeof changeBody>) {
  return { claims: body.claims, lifetimeS: body.lifetime, allowedClockSkewS: body.allowed_clock_skew };
}

function viewTemplate(template: TemplateRecord): z.output<typeof templateSchema> {
  return {
    name: template.name,
    claims: template.claims,
    lifetime: template.lifetimeS,
    allowed_clock_skew: template.allowedClockSkewS,
    created_at: template.createdAtMs,
    updated_at: template.updatedAtMs,
  };
}
