/** Endpoints of webhooks and dead letters as the native surface shows them. */
import { z } from 'zod';
import type { Endpoint } from '../../events/endpoint-list.js';
import type { DeadLetter, DeadLetterKey } from '../../ports/delivery-queue.js';
import * as field from '../fields.js';

export const webhookSchema = z
  .object({
    id: z.string(),
    url: z.string(),
    types: z.array(z.string()).nullable(),
    paused: z.boolean(),
    paused_reason: z.enum(['asked', 'gone']).nullable(),
    project_id: z.string().nullable(),
    created_at: field.unixMs,
  })
  .meta({ id: 'Webhook' });

export const newWebhookSchema = webhookSchema
  .extend({ secret: z.string().describe('What signs the messages. Only this answer shows it.') })
  .meta({ id: 'NewWebhook' });

export const deadLetterSchema = z
  .object({
    id: z.string(),
    event_id: z.string(),
    type: z.string(),
    webhook_id: z.string().nullable(),
    url: z.string().nullable(),
    attempts: field.quantity,
    reason: z.string(),
    created_at: field.unixMs,
    died_at: field.unixMs,
  })
  .meta({ id: 'DeadLetter' });

const DEAD_LETTER_ID = /^dl_([0-9]{1,3})_([A-Za-z0-9._-]{1,128})$/;
const CURSOR = /^([0-9]{1,15})_([A-Za-z0-9._-]{1,128})$/;

export function viewWebhook({ id, url, types, paused, owner, createdAtMs }: Endpoint): z.output<typeof webhookSchema> {
  return {
    id,
    url,
    types: types === null ? null : [...types],
    paused: paused !== null,
    paused_reason: paused,
    project_id: owner === 'all' ? null : owner,
    created_at: createdAtMs,
  };
}

export function viewDeadLetter(letter: DeadLetter): z.output<typeof deadLetterSchema> {
  const { target } = letter;
  return {
    id: `dl_${String(letter.partition)}_${letter.id}`,
    event_id: letter.eventId,
    type: letter.eventType,
    webhook_id: target.kind === 'endpoint' ? target.endpointId : null,
    url: target.kind === 'session' ? target.url : null,
    attempts: letter.attempts,
    reason: letter.reason,
    created_at: letter.createdAtMs,
    died_at: letter.diedAtMs,
  };
}

export function parseDeadLetterId(text: string): DeadLetterKey | null {
  const [, partition, id] = DEAD_LETTER_ID.exec(text) ?? [];
  return partition === undefined || id === undefined ? null : { partition: Number(partition), id };
}

export function writeLetterCursor({ diedAtMs, id }: DeadLetter): string {
  return Buffer.from(`${String(diedAtMs)}_${id}`).toString('base64url');
}

export function parseLetterCursor(text: string): Pick<DeadLetter, 'diedAtMs' | 'id'> | null {
  const [, diedAt, id] = CURSOR.exec(Buffer.from(text, 'base64url').toString()) ?? [];
  return diedAt === undefined || id === undefined ? null : { diedAtMs: Number(diedAt), id };
}
