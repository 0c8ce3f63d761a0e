import { facts } from '../text.js';
import type { RelaySession } from './answers.js';

/** A relay session for people. The credentials are relay pairs, ready for `sallyport connect`. */
export function sessionFacts(session: RelaySession): string {
  const { session_id: id, status, error, relay, webhook_url: webhookUrl, authorization_token: token } = session;
  return facts([
    ['session', id],
    ['status', error === null ? status : `${status} (${error})`],
    ['connect to', relay?.ports.client.link ?? 'no node yet'],
    ...(webhookUrl === null ? [] : [['webhook', webhookUrl] as const]),
    ...session.session_users.map(
      (user) => [`user at ${user.ip_address}`, `${id}.${token ?? ''}.${user.authorization_token}`] as const,
    ),
  ]);
}
