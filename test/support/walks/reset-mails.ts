/** Where the tokens of reset mails are read: in the outbox, or at the program behind the mail webhook. */
import { eventually } from '../eventually.js';
import type { WebhookServer } from '../mail-servers.js';
import type { Journal } from './journal.js';
import type { ReadResetToken } from './login.js';

interface Mail {
  readonly to: string;
  readonly text: string;
}

export function resetTokensOfOutbox(journal: Journal): ReadResetToken {
  return (email) =>
    newestToken(email, async () => {
      const { body } = await journal.native('GET', '/v1/outbox');
      return (body as { mails: readonly Mail[] }).mails;
    });
}

export function resetTokensOf(mails: WebhookServer): ReadResetToken {
  return (email) => newestToken(email, () => Promise.resolve(mails.calls.map(({ body }) => body as Mail).reverse()));
}

async function newestToken(email: string, newestFirst: () => Promise<readonly Mail[]>): Promise<string> {
  let token = '';
  await eventually(async () => {
    const mail = (await newestFirst()).find(({ to }) => to === email);
    token = /token=([0-9A-Za-z]{43})/.exec(mail?.text ?? '')?.[1] ?? '';
    return token === '' ? 'no mail' : null;
  });
  return token;
}
