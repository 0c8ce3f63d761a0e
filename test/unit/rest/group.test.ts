/** Group sessions at a node that shuts down. */
import { expect, it } from 'vitest';
import { newWallet } from '../../support/wallets.js';
import { ROOT_KEY, startRest, type Harness } from './harness.js';

async function bearer(rest: Harness): Promise<string> {
  const wallet = newWallet();
  const { message } = (await rest.send(`GET /v1/wallet-proof/nonce?address=${wallet.address}`)).json as unknown as {
    message: string;
  };
  const body = { walletAddress: wallet.address, message, signature: await wallet.sign(message) };
  const { token } = (await rest.send('POST /v1/wallet-proof/verify', { body })).json as unknown as { token: string };
  return `Bearer ${token}`;
}

it.each(['/session', '/v1/session'])('HT16 at %s a draining node takes nobody in', async (base) => {
  const rest = startRest();
  const [host, guest] = [await bearer(rest), await bearer(rest)];
  const create = () => rest.send(`POST ${base}`, { authorization: host, headers: { 'x-api-key': ROOT_KEY }, body: {} });
  const made = await create();
  const { sessionId } = made.json as unknown as { sessionId: string };
  const join = () => rest.send(`POST ${base}/join`, { authorization: guest, body: { sessionId } });
  rest.draining = true;
  for (const refused of [await create(), await join()]) {
    expect([refused.status, refused.json.code, refused.headers['Retry-After']]).toEqual([503, 'draining', '1']);
  }
  rest.draining = false;
  expect([made.status, (await join()).status]).toEqual([200, 200]);
});
