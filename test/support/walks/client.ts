/** The client surface: sign-ins by password and ticket, with the client token in each of its carriers. */
import { expectStatus, freshName } from '../directory.js';
import type { TestUser } from '../login.js';
import { percentEncoded, type Journal } from './journal.js';

const SIGN_INS = '/v1/client/sign_ins';

/** A client that is signed in, as one of its carriers shows it. */
interface SignedInClient {
  readonly sessionId: string;
  /** A path with what the carrier adds to the query. */
  readonly at: (path: string) => string;
  readonly headers: Readonly<Record<string, string>>;
}

export async function walkClient(journal: Journal): Promise<void> {
  const user = await journal.newUser();
  await wrongSignIns(journal, user);
  const template = freshName();
  await journal.native('POST', '/v1/jwt_templates', { name: template, claims: { mail: '{{user.email}}' } });
  for (const client of [await byCookie(journal, user), await byHeader(journal, user), await byQuery(journal, user)]) {
    await sessions(journal, client, template);
    await conflicts(journal, client);
  }
}

async function wrongSignIns(journal: Journal, { username: identifier, password }: TestUser): Promise<void> {
  const wrong = journal.keep('wrong password', `not ${password}`);
  for (const form of [
    { strategy: 'password', identifier, password: wrong },
    { strategy: 'password', identifier: 'nobody', password },
    { strategy: 'password', identifier: '', password },
    { strategy: password, identifier, password },
    { strategy: 'ticket', ticket: wrong },
    { [password]: password },
  ]) {
    await journal.call('POST', SIGN_INS, { form });
    await journal.call('POST', SIGN_INS, { json: form });
  }
  const encoded = encodeURIComponent(password);
  await journal.call('POST', SIGN_INS, { raw: `{"strategy":"password","password":"${password}` });
  await journal.call('POST', `${SIGN_INS}?password=${encoded}&password=${encoded}`, { json: [password] });
  await journal.call('GET', `${SIGN_INS}?password=${encoded}`);
}

async function byCookie(journal: Journal, { username: identifier, password }: TestUser): Promise<SignedInClient> {
  const form = { strategy: 'password', identifier, password };
  const answer = await journal.done('POST', SIGN_INS, { form });
  const token = /^__client=([^;]+)/.exec(answer.headers.get('set-cookie') ?? '')?.[1] ?? '';
  const headers = { cookie: `__client=${journal.keep('client cookie', token)}` };
  // The token of before the sign-in is outdated by it, and kept to be refused.
  const next = await journal.done('POST', SIGN_INS, { form, headers });
  const newer = /^__client=([^;]+)/.exec(next.headers.get('set-cookie') ?? '')?.[1] ?? '';
  await journal.call('GET', '/v1/client', { headers });
  const cookie = `__client=${journal.keep('client cookie', newer)}`;
  await journal.call('GET', '/v1/client', { headers: { cookie: `${cookie}; ${cookie}` } });
  return { sessionId: sessionOf(next.body), at: (path) => path, headers: { cookie } };
}

async function byHeader(journal: Journal, user: TestUser): Promise<SignedInClient> {
  const ticket = journal.keep('ticket', await ticketFor(journal, user.id));
  const form = { strategy: 'ticket', ticket };
  const answer = await journal.done('POST', `${SIGN_INS}?_is_native=1`, { form });
  expectStatus(await journal.call('POST', `${SIGN_INS}?_is_native=1`, { form }), 401);
  const token = journal.keep('client JWT', answer.headers.get('authorization') ?? '');
  const at = (path: string): string => `${path}?_is_native=1`;
  await journal.call('GET', at('/v1/client'), { headers: { authorization: token, origin: 'https://evil.example' } });
  return { sessionId: sessionOf(answer.body), at, headers: { authorization: token } };
}

async function byQuery(journal: Journal, user: TestUser): Promise<SignedInClient> {
  const form = { strategy: 'ticket', ticket: journal.keep('ticket', await ticketFor(journal, user.id)) };
  const answer = await journal.done('POST', SIGN_INS, { form });
  const token = /^__client=([^;]+)/.exec(answer.headers.get('set-cookie') ?? '')?.[1] ?? '';
  journal.keep('dev session', token);
  await journal.call('GET', `/v1/client?__dev_session=${token}x`);
  return {
    sessionId: sessionOf(answer.body),
    at: (path) => `${path}?__dev_session=${percentEncoded(token)}`,
    headers: {},
  };
}

async function sessions(journal: Journal, client: SignedInClient, template: string): Promise<void> {
  const { at, headers, sessionId } = client;
  const own = `/v1/client/sessions/${sessionId}`;
  await journal.done('GET', at('/v1/client'), { headers });
  await journal.done('GET', at(own), { headers });
  await journal.done('POST', at(`${own}/touch`), { headers });
  const { body } = await journal.done('POST', at(`${own}/tokens`), { headers });
  const jwt = journal.keep('session token', (body as { jwt: string }).jwt);
  const made = await journal.done('POST', at(`${own}/tokens/${template}`), { headers });
  const templateToken = journal.keep('template token', (made.body as { jwt: string }).jwt);
  await (await journal.join(jwt, { carrier: 'protocol' })).settle();
  await (await journal.join(jwt, { carrier: 'query' })).settle();
  for (const credential of [templateToken, `${jwt}x`]) await journal.connect(credential, { carrier: 'query' });
  await journal.call('GET', `/v1/client/sessions/${jwt}`, { headers });
  await journal.call('POST', at(`${own}/tokens/${templateToken}`), { headers });
  await journal.call('POST', at(`${own}/touch`), { headers, form: { active_organization_id: jwt } });
  await journal.done('POST', at(`${own}/end`), { headers });
  await journal.done('POST', at(`${own}/remove`), { headers });
  await journal.connect(jwt);
  await journal.call('POST', at(`${own}/touch`), { headers });
  await journal.done('DELETE', at('/v1/client/sessions'), { headers });
}

/** Requests of a known client that fail early. */
async function conflicts(journal: Journal, { at, headers }: SignedInClient): Promise<void> {
  await journal.call('POST', at('/v1/client'), { headers });
  await journal.call('POST', at(SIGN_INS), { headers, form: { strategy: 'x' } });
  await journal.call('GET', at('/v1/client/nothing'), { headers });
  await journal.call('DELETE', at('/v1/client/sessions'), { headers: { ...headers, origin: 'https://evil.example' } });
}

async function ticketFor(journal: Journal, user_id: string): Promise<string> {
  const { body } = await journal.native('POST', '/v1/sign_in_tokens', { user_id });
  return (body as { token: string }).token;
}

function sessionOf(body: unknown): string {
  return (body as { response: { created_session_id: string } }).response.created_session_id;
}
