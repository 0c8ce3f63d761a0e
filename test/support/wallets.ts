/** Wallets, for tests: keys that sign, and the way from a key to a bearer of the group surface. */
import { randomBytes } from 'node:crypto';
import { privateKeyToAccount } from 'viem/accounts';
import type { Answer, Backend } from './backend.js';

export interface Wallet {
  /** With its checksum. */
  readonly address: string;
  /** As `personal_sign` does. */
  sign(message: string): Promise<string>;
}

export function newWallet(): Wallet {
  const account = privateKeyToAccount(`0x${randomBytes(32).toString('hex')}`);
  return { address: account.address, sign: (message) => account.signMessage({ message }) };
}

export async function nonceFor(backend: Backend, query: string): Promise<{ nonce: string; message: string }> {
  const { status, body } = await backend.call('GET', `/v1/wallet-proof/nonce${query}`);
  if (status !== 200) throw new Error(`nonce answered ${String(status)}: ${JSON.stringify(body)}`);
  return body as { nonce: string; message: string };
}

export function verify(backend: Backend, proof: Record<string, unknown>, query = '?chain=Ethereum'): Promise<Answer> {
  return backend.call('POST', `/v1/wallet-proof/verify${query}`, proof);
}

/** A wallet's bearer. */
export async function prove(backend: Backend, wallet: Wallet): Promise<string> {
  const { message } = await nonceFor(backend, `?address=${wallet.address}`);
  const signature = await wallet.sign(message);
  const { status, body } = await verify(backend, { walletAddress: wallet.address, message, signature });
  if (status !== 200) throw new Error(`verify answered ${String(status)}: ${JSON.stringify(body)}`);
  return (body as { token: string }).token;
}
