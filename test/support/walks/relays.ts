/** The relay surface, what backends do to relay sessions, and the sockets of their members. */
import { pairOf, type Backend, type RelaySessionAnswer } from '../backend.js';
import type { Client } from '../client.js';
import { eventually } from '../eventually.js';
import { succeeded, type Journal } from './journal.js';

const SESSIONS = '/v1/relays/sessions';

/** Values that a log line may repeat: the operator should see what callers send. */
export const KICK_REASON = 'a reason that everybody may read';

export async function walkRelays(journal: Journal): Promise<void> {
  const backend = journal.backend(await journal.newKey('relays'));
  const webhook_url = journal.keepShown(
    'webhook URL',
    `https://hooks.example/${'s3cret'.repeat(3)}?token=t0ken-of-the-hook`,
  );
  const session = await backend.createSession(3, { max_users: 20, webhook_url });
  for (const [n, user] of session.session_users.entries()) {
    journal.keepShown('relay pair', pairOf(session, n));
    journal.keepNumber('user authorization token', user.authorization_token);
  }
  journal.keepNumber('session authorization token', session.authorization_token);
  await wrongCalls(backend, session);
  await rightCalls(journal, backend, session);
  await sockets(journal, backend, session);
  succeeded(await backend.relays('DELETE', `${SESSIONS}/${session.session_id}`), 'delete');
  await backend.relays('GET', `${SESSIONS}/${session.session_id}`);
  await journal.connect(pairOf(session), { carrier: 'query' });
}

async function wrongCalls(backend: Backend, { session_id, session_users }: RelaySessionAnswer): Promise<void> {
  const { key } = backend;
  const token = session_users[0]?.authorization_token;
  for (const authorization of [`Bearer ${key}`, key, `token ${key}x`, `token  token ${key}`, `Basic ${key}`])
    await backend.call('GET', SESSIONS, undefined, { authorization });
  await backend.call('GET', `${SESSIONS}?apiKey=${key}&api_key=${key}&limit=${key}`, undefined, { 'x-api-key': key });
  await backend.relays('GET', `${SESSIONS}?page=${key}&cursor=${key}`);
  await backend.relays('POST', SESSIONS, { users: [{ ip: key, [key]: token }], filters: [{ field: key }] });
  await backend.relays('POST', SESSIONS, `{"users":[{"ip":"${key}"`);
  await backend.relays('POST', `${SESSIONS}:authorize-user`, { session_id: token, user_ip: String(token) });
  await backend.relays('POST', `${SESSIONS}:revoke-user`, { session_id, authorization_token: `${String(token)}x` });
  await backend.relays('PUT', `${SESSIONS}/${String(token)}`);
  await backend.native('PATCH', `${SESSIONS}/${session_id}`, { [key]: key, metadata: key });
}

async function rightCalls(
  journal: Journal,
  backend: Backend,
  { session_id, session_users }: RelaySessionAnswer,
): Promise<void> {
  const at = `${SESSIONS}/${session_id}`;
  succeeded(await backend.relays('GET', SESSIONS), 'list');
  succeeded(await backend.relays('GET', at), 'get');
  succeeded(await backend.native('PATCH', at, { metadata: { mode: 'duel' } }), 'patch');
  succeeded(await backend.native('GET', `${at}/members`), 'members');
  succeeded(await backend.native('GET', `${at}/events`), 'events');
  const added = await backend.relays('POST', `${SESSIONS}:authorize-user`, { session_id, user_ip: '10.0.0.1' });
  const { session_user } = succeeded(added, 'authorize').body as {
    session_user: { authorization_token: number };
  };
  const token = journal.keepNumber('user authorization token', session_user.authorization_token);
  const revoked = { session_id, authorization_token: token };
  succeeded(await backend.relays('POST', `${SESSIONS}:revoke-user`, revoked), 'revoke');
  const message = { class: 'reliable', payload_base64: 'aGVsbG8=' };
  succeeded(await backend.native('POST', `${at}/messages`, message), 'messages');
  const last = session_users[2]?.authorization_token;
  const kick = { authorization_token: last, reason: KICK_REASON };
  succeeded(await backend.native('POST', `${at}/kick`, kick), 'kick');
}

async function sockets(journal: Journal, backend: Backend, session: RelaySessionAnswer): Promise<void> {
  const minted = journal.keep('relay credential', await backend.mint(session.session_id, 'someone'));
  for (const carrier of ['header', 'protocol', 'query'] as const) {
    for (const credential of [minted, pairOf(session), pairOf(session, 1)]) {
      const client = await journal.join(credential, { carrier });
      await badFrames(client, credential);
      const resume = journal.keep('resume token', client.welcome.resume.token);
      client.drop();
      const back = await resumed(journal, resume, carrier);
      const newer = journal.keep('resume token', back.welcome.resume.token);
      await back.leave();
      await journal.connect(`${newer}x`, { carrier });
    }
    await journal.connect(pairOf(session, 2), { carrier });
    await journal.connect(`${minted}x`, { carrier });
  }
  const talker = await journal.join(minted);
  talker.say(minted.repeat(200));
  await talker.expectClosed();
  await refusedHandshakes(journal, minted);
}

/** A lost socket is noticed when its end arrives: until then, and after, its token opens the seat. */
async function resumed(journal: Journal, token: string, carrier: 'header' | 'protocol' | 'query'): Promise<Client> {
  const client = await journal.join(token, { carrier, query: { seq: '0' } });
  await eventually(() => (client.of('welcome').length === 1 ? null : 'no welcome'));
  return client;
}

async function refusedHandshakes(journal: Journal, credential: string): Promise<void> {
  await journal.connect(credential, { query: { seq: credential } });
  await journal.connect(credential, { headers: { origin: 'https://evil.example' } });
  await journal.connect(null, { headers: { authorization: `token ${credential}` } });
  await journal.connect(null, { query: { token: credential } });
  await journal.call('GET', `/v1/connect?access_token=${credential}`);
  await journal.call('GET', `/v1/connect;token=${credential}?access_token=${credential}x`);
  await journal.call('POST', `/v1/connect?access_token=${credential}`);
}

/** Secrets in frames that are refused. */
async function badFrames(client: Client, secret: string): Promise<void> {
  client.say({ type: secret });
  client.say({ type: 'kick', index: secret, reason: secret });
  client.say({ type: 'kick', index: 9999, reason: secret });
  client.say(`{"type":"state","state":"${secret}`);
  client.say({ type: 'state', state: secret.repeat(Math.ceil(3_000 / secret.length)) });
  client.sendBytes(Buffer.from(`\x09${secret}`));
  client.relay({ deliveryClass: 2, ref: 1, targets: [4999], payload: secret });
  await client.settle();
}
