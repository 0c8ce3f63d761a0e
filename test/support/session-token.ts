/** A new user who has signed in over the client surface, and a token that opens their session sockets for a minute. */
import { randomBytes } from 'node:crypto';
import type { Backend } from './backend.js';

export async function newSessionToken(backend: Backend): Promise<{ readonly userId: string; readonly jwt: string }> {
  const made = await backend.native('POST', '/v1/users', { username: `u${randomBytes(6).toString('hex')}` });
  const { id: userId } = made.body as { id: string };
  const ticket = await backend.native('POST', '/v1/sign_in_tokens', { user_id: userId });
  const type = { 'content-type': 'application/x-www-form-urlencoded' };
  const form = `strategy=ticket&ticket=${encodeURIComponent((ticket.body as { token: string }).token)}`;
  const signedIn = await backend.call('POST', '/v1/client/sign_ins?_is_native=1', form, type);
  const { created_session_id: id } = (signedIn.body as { response: { created_session_id: string } }).response;
  const authorization = signedIn.headers.get('authorization') ?? '';
  const path = `/v1/client/sessions/${id}/tokens?_is_native=1`;
  const { status, body } = await backend.call('POST', path, '', { ...type, authorization });
  if (status !== 200) throw new Error(`tokens answered ${String(status)}: ${JSON.stringify(body)}`);
  return { userId, jwt: (body as { jwt: string }).jwt };
}
