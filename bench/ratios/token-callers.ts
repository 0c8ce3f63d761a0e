/** Users that are signed in on clients of their own, and what each sends for a session token. */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { demand } from '../processes/changes.js';
import { inTurns } from '../rest/seats.js';

const madeUser = z.object({ id: z.string() });
const ticket = z.object({ token: z.string() });
const signedIn = z.object({ response: z.object({ created_session_id: z.string() }) });
const token = z.object({ jwt: z.string().regex(/^[^.]+\.[^.]+\.[^.]+$/) });

const FORM = 'application/x-www-form-urlencoded';

/** The requests, as bytes of HTTP: one for each caller. Every one of them was answered with a token before. */
export async function tokenRequests(url: string, key: string, callers: number): Promise<readonly string[]> {
  return inTurns(callers, async () => {
    const user = madeUser.parse(await native(url, key, '/v1/users', { username: randomBytes(8).toString('hex') }));
    const { token: text } = ticket.parse(await native(url, key, '/v1/sign_in_tokens', { user_id: user.id }));
    const { authorization, sessionId } = await signIn(url, text);
    const path = `/v1/client/sessions/${sessionId}/tokens?_is_native=1`;
    const headers = { authorization, 'content-type': FORM };
    token.parse(await (await fetch(url + path, { method: 'POST', headers })).json());
    const { host } = new URL(url);
    return (
      `POST ${path} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: ${authorization}\r\n` +
      `Content-Type: ${FORM}\r\nContent-Length: 0\r\n\r\n`
    );
  });
}

async function native(url: string, key: string, path: string, body: object): Promise<unknown> {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const response = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) });
  return response.json();
}

async function signIn(url: string, text: string): Promise<{ authorization: string; sessionId: string }> {
  const response = await fetch(`${url}/v1/client/sign_ins?_is_native=1`, {
    method: 'POST',
    headers: { 'content-type': FORM },
    body: new URLSearchParams({ strategy: 'ticket', ticket: text }).toString(),
  });
  const authorization = response.headers.get('authorization');
  demand(authorization !== null, `a sign-in was answered ${response.status}`);
  return { authorization, sessionId: signedIn.parse(await response.json()).response.created_session_id };
}
