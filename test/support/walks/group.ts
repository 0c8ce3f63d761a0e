/** Wallet proofs and group sessions. */
import type { Answer } from '../backend.js';
import { expectStatus } from '../directory.js';
import { Seated, type EnteredAnswer } from '../groups.js';
import { newWallet, nonceFor, verify, type Wallet } from '../wallets.js';
import { newPassword, succeeded, type Journal } from './journal.js';

export async function walkGroup(journal: Journal): Promise<void> {
  for (const base of ['/session', '/v1/session']) {
    const [host, guest] = [await bearerOf(journal, newWallet()), await bearerOf(journal, newWallet())];
    const password = journal.keep('group password', newPassword('g'));
    const hosted = await create(journal, base, host, password);
    await wrongWays(journal, base, { host, guest, password, sessionId: hosted.sessionId });
    await members(journal, base, hosted, { guest, password });
  }
}

async function bearerOf(journal: Journal, wallet: Wallet): Promise<string> {
  const { root } = journal;
  const { nonce, message } = await nonceFor(root, `?address=${wallet.address}`);
  journal.keep('wallet nonce', nonce);
  const signature = journal.keep('wallet signature', await wallet.sign(message));
  const proof = { walletAddress: wallet.address, message, signature };
  await verify(root, { ...proof, message: `${message} ` });
  await verify(root, { ...proof, signature: [signature] });
  await verify(root, { ...proof, signature: signature.slice(2) });
  await verify(root, proof, `?chain=${nonce}`);
  const answer = succeeded(await verify(root, proof), 'verify');
  expectStatus(await verify(root, proof), 400);
  return journal.keep('wallet bearer', (answer.body as { token: string }).token);
}

async function create(journal: Journal, base: string, bearer: string, password: string): Promise<EnteredAnswer> {
  const key = await journal.newKey('relays');
  const headers = { 'x-api-key': key, authorization: `Bearer ${bearer}`, 'idempotency-key': `create-${base}` };
  const options = { json: { rules: { password } }, headers };
  const { body } = await journal.done('POST', base, options);
  await journal.done('POST', base, options);
  await journal.call('POST', base, { ...options, json: { rules: { password: `${password}!` } } });
  for (const bad of [
    { 'x-api-key': `${key}x` },
    { authorization: `Bearer ${bearer}x` },
    { authorization: `Basic ${bearer}` },
    { 'x-api-key': bearer, authorization: `Bearer ${key}` },
  ])
    await journal.call('POST', base, { ...options, headers: { ...headers, ...bad } });
  await journal.call('POST', base, { ...options, headers: { ...headers, 'x-api-key': await journal.newKey('auth') } });
  const entered = body as EnteredAnswer;
  journal.keep('group bearer', entered.credentials.token);
  return entered;
}

interface Known {
  readonly host: string;
  readonly guest: string;
  readonly password: string;
  readonly sessionId: string;
}

async function wrongWays(journal: Journal, base: string, { host, guest, password, sessionId }: Known): Promise<void> {
  const join = (bearer: string, json: unknown): Promise<Answer> =>
    journal.call('POST', `${base}/join`, { json, headers: { authorization: `Bearer ${bearer}` } });
  const wrong = journal.keep('wrong group password', `no ${password}`);
  await join(guest, { sessionId, password: wrong });
  await join(guest, { sessionId: password, password });
  await join(guest, { sessionId, password: { [password]: password } });
  await join(guest, { sessionId, password: password.repeat(20) });
  await join(host, { sessionId, password });
  await join(password, { sessionId, password });
  const headers = { authorization: `Bearer ${guest}` };
  await journal.call('POST', `${base}/join`, { raw: `{"password":"${password}`, headers });
  await journal.call('GET', `${base}/join?password=${encodeURIComponent(password)}`, { headers });
}

async function members(
  journal: Journal,
  base: string,
  { sessionId, credentials: host }: EnteredAnswer,
  { guest, password }: Pick<Known, 'guest' | 'password'>,
): Promise<void> {
  const seatedHost = new Seated(journal.root, host.token, base);
  const joinAs = async (): Promise<EnteredAnswer['credentials']> => {
    const options = { json: { sessionId, password }, headers: { authorization: `Bearer ${guest}` } };
    const { credentials } = (await journal.done('POST', `${base}/join`, options)).body as EnteredAnswer;
    journal.keep('group member bearer', credentials.token);
    return credentials;
  };
  const kicked = await joinAs();
  const seated = new Seated(journal.root, kicked.token, base);
  const socket = await journal.join(kicked.token, { carrier: 'query' });
  succeeded(await seated.current(), 'current');
  expectStatus(await seated.kick({ userId: host.id }), 403);
  expectStatus(await seated.end(), 403);
  succeeded(await seatedHost.kick({ userId: kicked.id }), 'kick');
  await socket.expectClosed();
  await seated.current();
  await journal.connect(kicked.token, { carrier: 'query' });
  await seatedHost.kick({ userId: kicked.token, [kicked.token]: kicked.token });
  const leaver = new Seated(journal.root, (await joinAs()).token, base);
  succeeded(await leaver.disconnect(), 'disconnect');
  await leaver.disconnect();
  succeeded(await seatedHost.end(), 'end');
  await seatedHost.current();
}
