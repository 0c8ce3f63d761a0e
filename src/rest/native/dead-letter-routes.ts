/** Dead letters of webhooks over REST: of the whole project, and of one endpoint. */
import { z } from 'zod';
import type { Webhooks } from '../../events/webhooks.js';
import type { ProjectScope } from '../../ports/relay-session.js';
import { parseEndpointId, type EndpointId } from '../../protocol/ids.js';
import * as field from '../fields.js';
import { defineRoute, type Route } from '../route.js';
import {
  deadLetterSchema,
  parseDeadLetterId,
  parseLetterCursor,
  viewDeadLetter,
  writeLetterCursor,
} from './webhook-view.js';

export interface DeadLetterRoutesDeps {
  readonly webhooks: Pick<Webhooks, 'deadLetters' | 'resend'>;
}

const MAX_LIMIT = 200;
const DEFAULT_LIMIT = 50;

const query = z.object({
  limit: field
    .count(MAX_LIMIT)
    .default(DEFAULT_LIMIT)
    .describe(`${String(DEFAULT_LIMIT)} when absent.`),
  cursor: field.parsed(parseLetterCursor, 'not a cursor of this list').optional(),
});

const listSchema = z
  .object({ dead_letters: z.array(deadLetterSchema), next_cursor: z.string().nullable() })
  .meta({ id: 'DeadLetterList' });

const endpointId = field.parsed(parseEndpointId, 'not an endpoint id');
const letterId = field.parsed(parseDeadLetterId, 'not the id of a dead letter');

export function deadLetterRoutes(deps: DeadLetterRoutesDeps): readonly Route[] {
  return [listAll(deps), resendAny(deps), listOfWebhook(deps), resendOfWebhook(deps)];
}

function listAll(deps: DeadLetterRoutesDeps): Route {
  return defineRoute({
    name: 'listDeadLetters',
    summary: 'List the webhooks of the project that were given up, newest first.',
    method: 'GET',
    path: '/v1/webhooks/dead_letters',
    scope: 'admin',
    query,
    responses: { 200: listSchema },
    async handle({ caller, query: page }) {
      return { status: 200, body: await lettersOf(deps, caller.sees, null, page) };
    },
  });
}

function listOfWebhook(deps: DeadLetterRoutesDeps): Route {
  return defineRoute({
    name: 'listWebhookDeadLetters',
    summary: 'List the deliveries to an endpoint that were given up, newest first.',
    method: 'GET',
    path: '/v1/webhooks/{id}/dead_letters',
    scope: 'admin',
    params: z.object({ id: endpointId }),
    notFound: 'webhook_not_found',
    query,
    responses: { 200: listSchema },
    errors: ['webhook_not_found'],
    async handle({ caller, params: { id }, query: page }) {
      return { status: 200, body: await lettersOf(deps, caller.sees, id, page) };
    },
  });
}

function resendAny({ webhooks }: DeadLetterRoutesDeps): Route {
  return defineRoute({
    name: 'resendDeadLetter',
    summary: 'Send a webhook again that was given up, with the same webhook-id and the whole schedule of retries.',
    method: 'POST',
    path: '/v1/webhooks/dead_letters/{letter_id}/resend',
    scope: 'admin',
    params: z.object({ letter_id: letterId }),
    notFound: 'dead_letter_not_found',
    responses: { 202: 'empty' },
    errors: ['dead_letter_not_found'],
    async handle({ caller, params: { letter_id } }) {
      await webhooks.resend(letter_id, caller.sees, null);
      return { status: 202 };
    },
  });
}

function resendOfWebhook({ webhooks }: DeadLetterRoutesDeps): Route {
  return defineRoute({
    name: 'resendWebhookDeadLetter',
    summary: 'Send a delivery again that was given up, with the same webhook-id and the whole schedule of retries.',
    method: 'POST',
    path: '/v1/webhooks/{id}/dead_letters/{letter_id}/resend',
    scope: 'admin',
    params: z.object({ id: endpointId, letter_id: letterId }),
    notFound: 'dead_letter_not_found',
    responses: { 202: 'empty' },
    errors: ['dead_letter_not_found'],
    async handle({ caller, params: { id, letter_id } }) {
      await webhooks.resend(letter_id, caller.sees, id);
      return { status: 202 };
    },
  });
}

async function lettersOf(
  { webhooks }: DeadLetterRoutesDeps,
  scope: ProjectScope,
  id: EndpointId | null,
  { limit, cursor }: z.output<typeof query>,
): Promise<z.output<typeof listSchema>> {
  const letters = await webhooks.deadLetters(scope, id, { before: cursor ?? null, limit: limit + 1 });
  const page = letters.slice(0, limit);
  const last = page.at(-1);
  const next = last === undefined || letters.length <= limit ? null : writeLetterCursor(last);
  return { dead_letters: page.map(viewDeadLetter), next_cursor: next };
}
