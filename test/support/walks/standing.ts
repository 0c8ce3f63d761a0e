/** One live thing of each kind, with what opens it: for a look into the store, and for calls that the store fails. */
import { pairOf, type RelaySessionAnswer } from '../backend.js';
import type { EnteredAnswer } from '../groups.js';
import { newWallet, nonceFor, prove } from '../wallets.js';
import { newPassword, type Journal } from './journal.js';
import { logIn, RESET_PAGE, type ReadResetToken } from './login.js';

/** Calls that show a right credential each: how often they are made changes nothing. */
export type StandingCalls = readonly (() => Promise<unknown>)[];

/** Makes it all, and gives the calls. */
export async function makeStanding(journal: Journal, readResetToken: ReadResetToken): Promise<StandingCalls> {
  return [
    ...(await relaySession(journal)),
    ...(await groupSession(journal)),
    ...(await signedIn(journal)),
    ...(await loggedIn(journal, readResetToken)),
  ];
}

async function relaySession(journal: Journal): Promise<StandingCalls> {
  const key = await journal.newKey('relays', 'admin');
  const backend = journal.backend(key);
  const webhook_url = journal.keepShown('webhook URL', 'https://hooks.example/?token=t0ken-of-the-hook');
  const session = await backend.createSession(1, { webhook_url });
  const pair = keepPair(journal, session);
  const minted = journal.keep('relay credential', await backend.mint(session.session_id, 'someone'));
  const away = await journal.join(minted);
  const resume = journal.keep('resume token', away.welcome.resume.token);
  away.drop();
  await journal.join(pair, { carrier: 'query' });
  const at = `/v1/relays/sessions/${session.session_id}`;
  return [
    () => backend.relays('GET', at),
    () => backend.native('GET', `/v1/users?limit=1`),
    () => backend.native('POST', `${at}/kick`, { authorization_token: 4_503_599_627_370_495, reason: 'gone' }),
    () => journal.connect(pair, { carrier: 'query' }),
    () => journal.connect(minted, { carrier: 'protocol' }),
    () => journal.connect(resume, { carrier: 'header' }),
  ];
}

function keepPair(journal: Journal, session: RelaySessionAnswer): string {
  journal.keepNumber('session authorization token', session.authorization_token);
  return journal.keepShown('relay pair', pairOf(session));
}

async function groupSession(journal: Journal): Promise<StandingCalls> {
  const { root } = journal;
  const bearer = journal.keep('wallet bearer', await prove(root, newWallet()));
  const password = journal.keep('group password', newPassword('g'));
  const headers = { authorization: `Bearer ${bearer}`, 'x-api-key': await journal.newKey('relays') };
  const { body } = await journal.done('POST', '/session', { json: { rules: { password } }, headers });
  const { sessionId, credentials } = body as EnteredAnswer;
  const token = journal.keep('group bearer', credentials.token);
  await journal.join(token);
  const { nonce } = await nonceFor(root, '');
  journal.keep('wallet nonce', nonce);
  return [
    () => journal.call('POST', '/session', { json: { rules: { password } }, headers }),
    () => journal.call('POST', '/session/join', { json: { sessionId, password }, headers }),
    () => journal.call('GET', '/session/current', { headers: { authorization: `Bearer ${token}` } }),
    () => journal.call('GET', '/v1/wallet-proof/nonce'),
    () => journal.connect(token, { carrier: 'query' }),
  ];
}

async function signedIn(journal: Journal): Promise<StandingCalls> {
  const { id: user_id, username: identifier, password } = await journal.newUser();
  const form = { strategy: 'password', identifier, password };
  const answer = await journal.done('POST', '/v1/client/sign_ins?_is_native=1', { form });
  const authorization = journal.keep('client JWT', answer.headers.get('authorization') ?? '');
  const { response } = answer.body as { response: { created_session_id: string } };
  const own = `/v1/client/sessions/${response.created_session_id}`;
  const made = await journal.done('POST', `${own}/tokens?_is_native=1`, { headers: { authorization } });
  const jwt = journal.keep('session token', (made.body as { jwt: string }).jwt);
  await journal.join(jwt);
  const { body } = await journal.native('POST', '/v1/sign_in_tokens', { user_id });
  const ticket = journal.keep('ticket', (body as { token: string }).token);
  const cookie = `__client=${authorization}`;
  return [
    () => journal.call('GET', '/v1/client', { headers: { cookie } }),
    () => journal.call('GET', `/v1/client?__dev_session=${authorization}`),
    () => journal.call('POST', `${own}/tokens?_is_native=1`, { headers: { authorization } }),
    () => journal.call('POST', '/v1/client/sign_ins', { form }),
    () => journal.call('POST', '/v1/client/sign_ins', { form: { strategy: 'ticket', ticket: ticket } }),
    () => journal.root.native('POST', '/v1/users', { username: identifier, password }),
    () => journal.connect(jwt, { carrier: 'protocol' }),
  ];
}

async function loggedIn(journal: Journal, readResetToken: ReadResetToken): Promise<StandingCalls> {
  const user = await journal.newUser();
  const lsid = await logIn(journal, user);
  const reset = { userId: user.id, resetUrl: RESET_PAGE };
  await journal.done('POST', '/password/reset', { json: reset });
  const token = journal.keep('reset token', await readResetToken(user.email));
  const key = await journal.newKey('auth');
  const newPasswordHash = journal.keep('reset password', newPassword('z'));
  return [
    () => journal.call('GET', `/session/${lsid};lsid=${lsid}`),
    () => journal.call('GET', `/session/${lsid}?api_key=${key}`),
    () => journal.call('POST', `/session/${lsid}/clone`, { headers: { 'idempotency-key': 'of-a-clone' } }),
    () => journal.call('POST', `/authenticate/${user.username}`, { form: { passwordHash: user.password } }),
    () => journal.call('POST', '/password/reset', { json: reset }),
    () => journal.call('POST', '/password/reset/confirm', { json: { token, username: 'nobody', newPasswordHash } }),
    () =>
      journal.call('PUT', `/password/${user.id};lsid=${lsid}`, {
        json: { oldPasswordHash: newPasswordHash, newPasswordHash },
      }),
  ];
}
