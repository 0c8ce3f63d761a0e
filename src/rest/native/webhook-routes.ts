/** The endpoints of webhooks over REST. Only the answers to a create and a rotation show a secret. */
import { z } from 'zod';
import { EVENT_FAMILIES, EVENT_TYPES, eventTypesNamed } from '../../events/event-types.js';
import type { Endpoints } from '../../events/endpoints.js';
import type { Webhooks } from '../../events/webhooks.js';
import { parseEndpointId } from '../../protocol/ids.js';
import * as field from '../fields.js';
import { list } from '../list-field.js';
import { defineRoute, type Route } from '../route.js';
import { cursorSchema, limitSchema, pageOf } from './paging.js';
import { deadLetterRoutes } from './dead-letter-routes.js';
import { newWebhookSchema, viewWebhook, webhookSchema } from './webhook-view.js';

export interface WebhookRoutesDeps {
  readonly endpoints: Pick<Endpoints, 'create' | 'all' | 'existing' | 'change' | 'rotate' | 'remove'>;
  readonly webhooks: Pick<Webhooks, 'test' | 'deadLetters' | 'resend' | 'signingSecret'>;
}

const types = list(
  z.string().refine((name) => eventTypesNamed(name) !== null, 'not a type of events, nor a family such as member.*'),
  { min: 1, max: EVENT_TYPES.length + EVENT_FAMILIES.length },
)
  .nullable()
  .meta({ description: 'The types of events that the endpoint gets, or families such as `member.*`; null: all.' });

const createBody = z.strictObject({ url: field.webhookUrl, types: types.optional() });

const changeBody = z
  .strictObject({ url: field.webhookUrl.optional(), types: types.optional(), paused: z.boolean().optional() })
  .refine((change) => Object.values(change).some((value) => value !== undefined), 'at least one member');

const params = z.object({ id: field.parsed(parseEndpointId, 'not an endpoint id') });

const one = { params, notFound: 'webhook_not_found', scope: 'admin' } as const;

export function webhookRoutes(deps: WebhookRoutesDeps): readonly Route[] {
  return [
    createWebhook(deps),
    listWebhooks(deps),
    getSigningSecret(deps),
    getWebhook(deps),
    updateWebhook(deps),
    deleteWebhook(deps),
    rotateWebhook(deps),
    testWebhook(deps),
    ...deadLetterRoutes(deps),
  ];
}

function createWebhook({ endpoints }: WebhookRoutesDeps): Route {
  return defineRoute({
    name: 'createWebhook',
    summary: 'Register an endpoint of webhooks. A project can have twenty.',
    method: 'POST',
    path: '/v1/webhooks',
    scope: 'admin',
    refusedWhileDraining: true,
    body: createBody,
    responses: { 201: newWebhookSchema },
    errors: ['webhook_url_refused', 'too_many_webhooks'],
    async handle({ caller, body }) {
      const { endpoint, secret } = await endpoints.create(caller.sees, body.url, body.types ?? null);
      return { status: 201, body: { ...viewWebhook(endpoint), secret } };
    },
  });
}

function listWebhooks({ endpoints }: WebhookRoutesDeps): Route {
  return defineRoute({
    name: 'listWebhooks',
    summary: 'List the endpoints of webhooks, oldest first.',
    method: 'GET',
    path: '/v1/webhooks',
    scope: 'admin',
    query: z.object({ limit: limitSchema, cursor: cursorSchema.optional() }),
    responses: {
      200: z
        .object({ webhooks: z.array(webhookSchema), next_cursor: z.string().nullable() })
        .meta({ id: 'WebhookList' }),
    },
    async handle({ caller, query }) {
      const page = pageOf(await endpoints.all(caller.sees), query.limit, query.cursor);
      return { status: 200, body: { webhooks: page.items.map(viewWebhook), next_cursor: page.nextCursor } };
    },
  });
}

function getSigningSecret({ webhooks }: WebhookRoutesDeps): Route {
  return defineRoute({
    name: 'getWebhookSigningSecret',
    summary: 'Get the secret that signs what goes to the webhook_url and the join_url of sessions of the project.',
    method: 'GET',
    path: '/v1/webhooks/signing_secret',
    scope: 'admin',
    responses: { 200: z.object({ secret: z.string() }).meta({ id: 'WebhookSigningSecret' }) },
    async handle({ caller }) {
      return Promise.resolve({ status: 200, body: { secret: webhooks.signingSecret(caller.projectId) } });
    },
  });
}

function getWebhook({ endpoints }: WebhookRoutesDeps): Route {
  return defineRoute({
    ...one,
    name: 'getWebhook',
    summary: 'Get an endpoint of webhooks.',
    method: 'GET',
    path: '/v1/webhooks/{id}',
    responses: { 200: webhookSchema },
    errors: ['webhook_not_found'],
    async handle({ caller, params: { id } }) {
      return { status: 200, body: viewWebhook(await endpoints.existing(id, caller.sees)) };
    },
  });
}

function updateWebhook({ endpoints }: WebhookRoutesDeps): Route {
  return defineRoute({
    ...one,
    name: 'updateWebhook',
    summary: 'Change, pause or resume an endpoint of webhooks. While it is paused, its deliveries wait.',
    method: 'PATCH',
    path: '/v1/webhooks/{id}',
    body: changeBody,
    responses: { 200: webhookSchema },
    errors: ['webhook_not_found', 'webhook_url_refused', 'changed_meanwhile'],
    async handle({ caller, params: { id }, body }) {
      return { status: 200, body: viewWebhook(await endpoints.change(id, caller.sees, body)) };
    },
  });
}

function deleteWebhook({ endpoints }: WebhookRoutesDeps): Route {
  return defineRoute({
    ...one,
    name: 'deleteWebhook',
    summary: 'Remove an endpoint of webhooks. Its waiting deliveries are dropped.',
    method: 'DELETE',
    path: '/v1/webhooks/{id}',
    responses: { 204: 'empty' },
    errors: ['webhook_not_found'],
    async handle({ caller, params: { id } }) {
      await endpoints.remove(id, caller.sees);
      return { status: 204 };
    },
  });
}

function rotateWebhook({ endpoints }: WebhookRoutesDeps): Route {
  return defineRoute({
    ...one,
    name: 'rotateWebhook',
    summary: 'Make a new secret for an endpoint of webhooks. For 24 hours the former one signs beside it.',
    method: 'POST',
    path: '/v1/webhooks/{id}/rotate',
    responses: { 200: newWebhookSchema },
    errors: ['webhook_not_found', 'changed_meanwhile'],
    async handle({ caller, params: { id } }) {
      const { endpoint, secret } = await endpoints.rotate(id, caller.sees);
      return { status: 200, body: { ...viewWebhook(endpoint), secret } };
    },
  });
}

function testWebhook({ webhooks }: WebhookRoutesDeps): Route {
  return defineRoute({
    ...one,
    name: 'testWebhook',
    summary: 'Send a test event to an endpoint of webhooks now, once, and report the outcome.',
    method: 'POST',
    path: '/v1/webhooks/{id}/test',
    responses: {
      200: z
        .object({ id: z.string(), delivered: z.boolean(), reason: z.string().nullable(), took_ms: field.quantity })
        .meta({ id: 'WebhookTest' }),
    },
    errors: ['webhook_not_found', 'too_many_webhook_tests'],
    async handle({ caller, params: { id }, request }) {
      const report = await webhooks.test(id, caller.sees, request.patience);
      const { id: eventId, delivered, reason, tookMs } = report;
      return { status: 200, body: { id: eventId, delivered, reason, took_ms: tookMs } };
    },
  });
}
