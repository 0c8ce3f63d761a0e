import { expect, it } from 'vitest';
import { createWalletTokens } from '../../../src/adapters/jose/wallet-tokens.js';
import { createMemoryStore } from '../../../src/adapters/memory/memory-store.js';
import { systemCrypto } from '../../../src/adapters/system/crypto.js';
import { ethereumWallets } from '../../../src/adapters/wallet/ethereum.js';
import { WalletProofs } from '../../../src/identity/wallet-proofs.js';
import { ManualClock } from '../../support/manual-clock.js';
import { newWallet } from '../../support/wallets.js';

const FROM_HERE = { address: null, chain: null, remoteAddress: '203.0.113.9' };

function start(secret = 'a secret') {
  const clock = new ManualClock();
  const store = createMemoryStore({ clock });
  const wallets = ethereumWallets();
  const wallet = newWallet();
  const proofs = new WalletProofs({
    nonces: store.oneTime,
    rates: store.rateLimits,
    wallets,
    clock,
    crypto: systemCrypto(),
    tokens: createWalletTokens(secret, clock),
    site: () => ({ domain: 'sallyport:8080', uri: 'http://sallyport:8080' }),
    chainIds: [1],
  });
  const proof = async () => {
    const { message } = await proofs.nonce({ ...FROM_HERE, address: wallets.parseAddress(wallet.address) });
    return { walletAddress: wallet.address, message, signature: await wallet.sign(message), chain: null };
  };
  return { clock, proofs, proof, wallet };
}

it('WP2 a message counts for five minutes', async () => {
  const { clock, proofs, proof } = start();
  const [early, late] = [await proof(), await proof()];
  clock.advance(299_000);
  expect(await proofs.verify(early)).toHaveProperty('token');
  clock.advance(1_000);
  await expect(proofs.verify(late)).rejects.toMatchObject({ code: 'wallet_proof_invalid' });
});

it('WP7 a bearer says which wallet was proven, for an hour, to who has the secret', async () => {
  const { clock, proofs, proof, wallet } = start();
  const { token } = await proofs.verify(await proof());
  clock.advance(3_599_000);
  expect(await proofs.bearer(token)).toBe(wallet.address);
  expect(await start('another secret').proofs.bearer(token)).toBeNull();
  clock.advance(1_000);
  expect(await proofs.bearer(token)).toBeNull();
});

it('WP8 one network is handed 3,000 messages a minute, others are not concerned', async () => {
  const { clock, proofs } = start();
  for (let count = 0; count < 3_000; count += 1) await proofs.nonce(FROM_HERE);
  await expect(proofs.nonce(FROM_HERE)).rejects.toMatchObject({ code: 'too_many_requests' });
  await proofs.nonce({ ...FROM_HERE, remoteAddress: '203.0.113.10' });
  clock.advance(60_000);
  await proofs.nonce(FROM_HERE);
});
