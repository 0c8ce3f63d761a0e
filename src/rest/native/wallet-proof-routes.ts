/** Proofs that a caller holds a wallet: a message to sign, and a bearer token for its signature. */
import { z } from 'zod';
import type { WalletProofs } from '../../identity/wallet-proofs.js';
import type { Wallets } from '../../ports/wallets.js';
import { defineOpenRoute, type Route } from '../route.js';
import { walletAddress } from '../group/bodies.js';

export interface WalletProofRoutesDeps {
  readonly proofs: Pick<WalletProofs, 'nonce' | 'verify'>;
  readonly wallets: Pick<Wallets, 'parseAddress'>;
}

const MAX_TEXT_CHARS = 4096;
/** Long enough for what smart wallets send, so that it gets the refusal that explains itself. */
const MAX_SIGNATURE_CHARS = 32_768;

const chain = z.string().max(32).optional().meta({ description: '`Ethereum`, or the id of a configured chain.' });
const verifyBody = z.object({
  walletAddress: z.string().max(MAX_TEXT_CHARS),
  message: z.string().max(MAX_TEXT_CHARS).describe('The message from the nonce call, byte for byte.'),
  signature: z
    .string()
    .max(MAX_SIGNATURE_CHARS)
    .describe(
      'The result of `personal_sign` in hex: 65 bytes with a v of 27, 28, 0 or 1, or 64 bytes (EIP-2098). Signatures of smart wallets (EIP-1271, EIP-6492) are refused.',
    ),
});

export function walletProofRoutes(deps: WalletProofRoutesDeps): readonly Route[] {
  return [getNonce(deps), verifyProof(deps)];
}

function getNonce({ proofs, wallets }: WalletProofRoutesDeps): Route {
  return defineOpenRoute({
    name: 'getWalletNonce',
    summary: 'Get a message for a wallet to sign. Without an address, the message holds the placeholder {address}.',
    method: 'GET',
    path: '/v1/wallet-proof/nonce',
    query: z.object({ address: walletAddress(wallets).optional(), chain }),
    responses: { 200: z.object({ nonce: z.string(), message: z.string() }).meta({ id: 'WalletNonce' }) },
    errors: ['wallet_proof_invalid', 'too_many_requests', 'store_unavailable'],
    async handle({ query, request: { remoteAddress } }) {
      const asked = { address: query.address ?? null, chain: query.chain ?? null, remoteAddress };
      return { status: 200, body: await proofs.nonce(asked) };
    },
  });
}

function verifyProof({ proofs }: WalletProofRoutesDeps): Route {
  return defineOpenRoute({
    name: 'verifyWalletProof',
    summary: 'Get a bearer token for a wallet that signed the message. Each message works once, within five minutes.',
    method: 'POST',
    path: '/v1/wallet-proof/verify',
    query: z.object({ chain }),
    body: verifyBody,
    responses: { 200: z.object({ token: z.string() }).meta({ id: 'WalletToken' }) },
    errors: ['wallet_proof_invalid', 'store_unavailable'],
    async handle({ query, body }) {
      const { token } = await proofs.verify({ ...body, chain: query.chain ?? null });
      return { status: 200, body: { token } };
    },
  });
}
