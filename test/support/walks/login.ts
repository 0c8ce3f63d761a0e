/** The login surface: passwords and their hashes, LSIDs in every place, API keys in the query, resets and changes. */
import type { LoginAnswer, TestUser } from '../login.js';
import { newPassword, percentEncoded, type Journal } from './journal.js';

export const RESET_PAGE = 'https://app.example/reset';

/** Gives the token of the newest reset mail to this address, once one has come. */
export type ReadResetToken = (email: string) => Promise<string>;

export async function walkLogin(journal: Journal, readResetToken: ReadResetToken): Promise<void> {
  const user = await journal.newUser();
  const admin = await journal.newUser({ admin: true });
  const key = await journal.newKey('auth');
  await wrongLogins(journal, user);
  const [lsid, boss] = [await logIn(journal, user), await logIn(journal, admin)];
  await rightCalls(journal, user, { lsid, boss, key });
  await oddRequests(journal, lsid, boss, key);
  await passwords(journal, user, boss);
  await resets(journal, user, readResetToken);
  await journal.done('DELETE', `/session/user/${user.id};lsid=${boss}`);
  await journal.done('DELETE', `/session/${boss}`, { raw: 'true' });
  await oddRequests(journal, boss, lsid, key);
}

export async function logIn(journal: Journal, { username, password }: TestUser, form = false): Promise<string> {
  const options = form ? { form: { passwordHash: password } } : { json: { password } };
  const { body } = await journal.done('POST', `/authenticate/${username}`, options);
  return journal.keep('LSID', (body as { sessionId: string }).sessionId);
}

async function wrongLogins(journal: Journal, { username, password }: TestUser): Promise<void> {
  const wrong = journal.keep('wrong password', newPassword('w'));
  const hash = journal.keep('password hash', percentEncoded(password).replaceAll('%', ''));
  for (const sent of [
    { password: wrong },
    { passwordHash: hash },
    { password, passwordHash: wrong },
    { [password]: wrong },
  ]) {
    await journal.call('POST', `/authenticate/${username}`, { json: sent });
    await journal.call('POST', `/authenticate/${username}`, { form: sent });
  }
  const encoded = encodeURIComponent(password);
  await journal.call('POST', `/authenticate/${username}`, { raw: `{"password":"${password}` });
  await journal.call('POST', `/authenticate/${username}?password=${encoded}`, { form: { pass: wrong } });
  await journal.call('PUT', `/authenticate/${username};password=${encoded}`);
  for (let n = 0; n < 11; n += 1) await journal.call('POST', '/authenticate/nobody', { json: { password: wrong } });
}

interface Held {
  readonly lsid: string;
  readonly boss: string;
  readonly key: string;
}

async function rightCalls(journal: Journal, user: TestUser, { lsid, boss, key }: Held): Promise<void> {
  const org = await journal.api.newOrganization(user);
  const block = `/authenticate/block/${user.username}`;
  await journal.done('GET', `/session/${lsid}?apiKey=${key}`);
  await journal.done('GET', `/session/${percentEncoded(lsid)};lsid=${percentEncoded(lsid)}`);
  await journal.done('POST', `/session/${boss}/setEffectiveUser`, { json: user.id });
  await journal.done('DELETE', `/session/${boss}/assumedIdentity`);
  await journal.done('POST', `/session/${lsid}/setEffectiveOrg`, { json: { orgId: org } });
  const headers = { 'idempotency-key': `a-clone-of-${user.id}` };
  const { body } = await journal.done('POST', `/session;lsid=${lsid}/${lsid}/clone`, { headers });
  const clone = journal.keep('LSID', (body as { sessionId: string }).sessionId);
  await journal.done('POST', `/session;lsid=${lsid}/${lsid}/clone`, { headers });
  await journal.done('DELETE', `/session/${clone}`);
  await journal.done('GET', `${block};lsid=${lsid}`);
  await journal.call('POST', `${block};lsid=${lsid}`);
  await journal.done('POST', `${block}?api_key=${key}`);
  await journal.call('GET', `/session/${lsid}`);
  await journal.done('DELETE', `${block};lsid=${boss}`);
  await journal.done('GET', `/session/${await logIn(journal, user, true)}`);
}

/** Secrets where they do not belong, and requests that fail early. */
async function oddRequests(journal: Journal, lsid: string, other: string, key: string): Promise<void> {
  const weakKey = await journal.newKey('relays');
  const paths = [
    ...[`/${lsid}`, `/session/${lsid}/nothing`, `/session/${lsid};lsid=${other}x`, `/session/${lsid}x`],
    ...[`/session/${percentEncoded(`${lsid}x`)}`, `/session/${lsid}?lsid=${lsid}&apiKey=${key}x`],
    ...[`/session/${lsid}?apiKey=${weakKey}`, `/session/x;lsid=${lsid}`, `/session/${lsid}%2f`],
    ...[`/session;lsid=${lsid};lsid=${lsid}/x`, `/v1/nodes;lsid=${lsid}`, `/session/user/${lsid}`],
    ...[`/password/${lsid}`, `/v1/keys?apiKey=${key}`, `/authenticate/block/${lsid}`],
  ];
  for (const path of paths) {
    for (const method of ['GET', 'DELETE', 'PATCH'])
      await journal.call(method, path, { headers: { authorization: `Bearer ${lsid}` } });
  }
  await journal.call('POST', `/session/${lsid}/setEffectiveUser`, { json: { userId: lsid, [lsid]: lsid } });
  await journal.call('DELETE', `/session/${lsid}`, { raw: `"${lsid}"` });
  await journal.call('POST', `/session/${lsid}/clone`, { headers: { 'idempotency-key': `bad key ${lsid}` } });
}

async function passwords(journal: Journal, user: TestUser, boss: string): Promise<void> {
  const [first, second] = [newPassword('n'), newPassword('m')];
  journal.keep('new password', first);
  journal.keep('new password', second);
  const change = (json: unknown): Promise<LoginAnswer> =>
    journal.call('PUT', `/password;lsid=${boss}/${user.id}`, { json });
  await change({ oldPasswordHash: first, newPasswordHash: second });
  await change({ oldPasswordHash: [user.password], newPasswordHash: second, adminPasswordHash: second });
  await change({ [second]: second });
  await journal.done('PUT', `/password;lsid=${boss}/${user.id}`, {
    json: { oldPasswordHash: user.password, newPasswordHash: first },
  });
}

async function resets(journal: Journal, user: TestUser, readResetToken: ReadResetToken): Promise<void> {
  const newPasswordHash = journal.keep('reset password', newPassword('z'));
  const ask = (resetUrl: string): Promise<LoginAnswer> =>
    journal.call('POST', '/password/reset', { json: { userId: user.id, resetUrl } });
  await ask(`https://me:${newPasswordHash}@evil.example/${newPasswordHash}`);
  await ask(RESET_PAGE);
  const token = journal.keep('reset token', await readResetToken(user.email));
  const right = { token, username: user.username, newPasswordHash };
  const confirm = (json: unknown): Promise<LoginAnswer> => journal.call('POST', '/password/reset/confirm', { json });
  await confirm({ ...right, username: 'nobody' });
  await confirm({ ...right, newPasswordHash: 5 });
  await confirm({ ...right, token: [token], [token]: token });
  const headers = { 'idempotency-key': `a-reset-of-${user.id}` };
  await journal.done('POST', '/password/reset/confirm', { json: right, headers });
  await journal.done('POST', '/password/reset/confirm', { json: right, headers });
  await journal.call('POST', '/password/reset/confirm', { form: right });
  await journal.call('GET', `/password/reset/confirm?token=${token}`);
}
