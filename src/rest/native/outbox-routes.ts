/** The mails that the gateway keeps instead of sending them, in development: `GET /v1/outbox`. */
import { z } from 'zod';
import * as field from '../fields.js';
import type { Outbox } from '../../ports/mailer.js';
import { defineRoute, type Route } from '../route.js';

const mailSchema = z
  .object({ to: z.string(), subject: z.string(), text: z.string(), html: z.string(), sent_at: field.unixMs })
  .meta({ id: 'OutboxMail' });

/** There is no route when mail is really sent, or is not kept. */
export function outboxRoutes({ outbox }: { readonly outbox: Outbox | null }): readonly Route[] {
  if (outbox === null) return [];
  return [
    defineRoute({
      name: 'listOutbox',
      summary: 'List the mails that this node kept instead of sending them, newest first. In development only.',
      method: 'GET',
      path: '/v1/outbox',
      scope: 'admin',
      responses: { 200: z.object({ mails: z.array(mailSchema) }).meta({ id: 'Outbox' }) },
      async handle() {
        const mails = outbox.recent().map(({ sentAtMs, ...mail }) => ({ ...mail, sent_at: sentAtMs }));
        return { status: 200, body: { mails } };
      },
    }),
  ];
}
