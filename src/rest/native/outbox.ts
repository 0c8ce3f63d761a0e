/** The mails that were not sent but kept, in development: `GET /v1/outbox`. */
import { z } from 'zod';
import type { Outbox } from '../../ports/mailer.js';
import { defineRoute, type Route } from '../route.js';

const mailSchema = z
  .object({ to: z.string(), subject: z.string(), text: z.string(), html: z.string(), sent_at: z.int() })
  .meta({ id: 'OutboxMail' });

/** None where mail is really sent, or is not kept. */
export function outboxRoutes({ outbox }: { readonly outbox: Outbox | null }): readonly Route[] {
  if (outbox === null) return [];
  return [
    defineRoute({
      name: 'listOutbox',
      summary: 'The newest mails this node would have sent, newest first. In development only.',
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
