/**
 * Proofs that a client controls a wallet: the server makes a message with a nonce, the wallet signs it, and the server
 * hands out a bearer. Only that exact message is accepted, byte for byte, once, within five minutes.
 */
import { networkOf } from '../lib/address.js';
import { randomBase62 } from '../lib/base62.js';
import { Failure } from '../protocol/failure.js';
import type { WalletAddress } from '../protocol/ids.js';
import type { Clock } from '../ports/clock.js';
import type { Crypto } from '../ports/crypto.js';
import type { OneTimeStore } from '../ports/one-time-store.js';
import type { Rate, RateLimitStore } from '../ports/rate-limit-store.js';
import type { WalletTokens } from '../ports/wallet-tokens.js';
import type { Wallets } from '../ports/wallets.js';
import { ADDRESS_PLACEHOLDER, formatWalletMessage, isForChain, nonceOf, withoutAddress } from './wallet-message.js';

/** The site that messages ask the wallet to sign in to. */
export interface WalletSite {
  readonly domain: string;
  readonly uri: string;
}

export interface WalletProofsDeps {
  readonly nonces: OneTimeStore;
  readonly rates: Pick<RateLimitStore, 'take'>;
  readonly wallets: Wallets;
  readonly tokens: WalletTokens;
  readonly crypto: Crypto;
  readonly clock: Clock;
  /** Called for each message: the server's port is known only once it listens. */
  readonly site: () => WalletSite;
  /** EIP-155 ids; the first is the default. */
  readonly chainIds: readonly number[];
}

export interface NonceRequest {
  /** null: the message contains `{address}` for the client to replace. */
  readonly address: WalletAddress | null;
  /** A name or an id; null: the first configured chain. */
  readonly chain: string | null;
  /** The client's address in canonical form. */
  readonly remoteAddress: string;
}

export interface WalletProof {
  readonly walletAddress: string;
  readonly message: string;
  readonly signature: string;
  readonly chain: string | null;
}

const SMART_WALLET =
  'This is the signature of a smart wallet (EIP-1271 or EIP-6492), which only its contract can check; the gateway asks ' +
  'no chain. Sign with an account that has a key.';
const NONCE_LETTERS = 22;
const NONCE_TTL_MS = 5 * 60_000;
const BEARER_TTL_S = 3600;
/** The server's own messages stay under 500 characters, even with a long domain and URI. */
const MAX_MESSAGE_CHARS = 4096;
/** Each nonce is kept for five minutes: this bounds how much one network can store. */
const NONCE_RATE: Rate = { burst: 3000, periodMs: 60_000 };
const CHAIN_NAMES: ReadonlyMap<string, number> = new Map([['Ethereum', 1]]);

export class WalletProofs {
  constructor(private readonly deps: WalletProofsDeps) {}

  /** Rejects with `wallet_proof_invalid` for a chain that is not configured, or `too_many_requests`. */
  async nonce(request: NonceRequest): Promise<{ readonly nonce: string; readonly message: string }> {
    const { nonces, crypto, clock, site } = this.deps;
    const chainId = this.chainNamed(request.chain);
    await this.takeNonce(request.remoteAddress);
    const nonce = randomBase62(crypto, NONCE_LETTERS);
    const issuedAtMs = clock.nowMs();
    const expiresAtMs = issuedAtMs + NONCE_TTL_MS;
    const message = formatWalletMessage(
      { ...site(), chainId, nonce, issuedAtMs, expiresAtMs },
      request.address ?? ADDRESS_PLACEHOLDER,
    );
    await nonces.put('wallet_nonce', crypto.sha256(nonce), crypto.sha256(message), NONCE_TTL_MS);
    return { nonce, message };
  }

  /**
   * Returns a bearer for the wallet. Rejects with `wallet_proof_invalid`; a reason is told only for the signature of a
   * smart wallet. A message that the server did not make leaves its nonce valid; one that it made uses the nonce up,
   * whoever signed it.
   */
  async verify(proof: WalletProof): Promise<{ readonly token: string }> {
    const { nonces, wallets, tokens, crypto } = this.deps;
    const { message, signature } = proof;
    const form = wallets.signatureForm(signature);
    if (form === 'contract') throw new Failure('wallet_proof_invalid', { message: SMART_WALLET });
    const address = wallets.parseAddress(proof.walletAddress);
    const chainId = this.chainNamed(proof.chain);
    const nonce = message.length > MAX_MESSAGE_CHARS ? null : nonceOf(message);
    if (address === null || nonce === null || form === null) throw invalid();
    const name = crypto.sha256(nonce);
    const issued = await nonces.peek('wallet_nonce', name);
    if (issued === null || !isForChain(message, chainId) || !this.isIssued(message, address, issued)) throw invalid();
    // Take the nonce before checking the signature: each nonce pays for one such check.
    if ((await nonces.take('wallet_nonce', name)) === null) throw invalid();
    if ((await wallets.signerOf(message, signature)) !== address) throw invalid();
    return { token: await tokens.sign(address, BEARER_TTL_S) };
  }

  /** The wallet that a bearer was issued for; null for an invalid bearer. */
  bearer(token: string): Promise<WalletAddress | null> {
    return this.deps.tokens.verify(token);
  }

  /** `issued` is the digest of the message as handed out: with this address, or with the placeholder. */
  private isIssued(message: string, address: WalletAddress, issued: string): boolean {
    const { crypto } = this.deps;
    const open = withoutAddress(message, address);
    if (open === null) return false;
    return crypto.sha256(message) === issued || crypto.sha256(open) === issued;
  }

  private chainNamed(chain: string | null): number {
    const { chainIds } = this.deps;
    const wanted =
      chain === null
        ? chainIds[0]
        : (CHAIN_NAMES.get(chain) ?? (/^[1-9][0-9]{0,14}$/.test(chain) ? Number(chain) : undefined));
    if (wanted === undefined || !chainIds.includes(wanted)) throw invalid();
    return wanted;
  }

  private async takeNonce(remoteAddress: string): Promise<void> {
    const { rates, crypto } = this.deps;
    const key = crypto.sha256(JSON.stringify(['wallet_nonce', networkOf(remoteAddress)]));
    const result = await rates.take([{ key, rate: NONCE_RATE }]);
    if (!result.allowed) throw new Failure('too_many_requests', { retryAfterS: Math.ceil(result.retryAfterMs / 1000) });
  }
}

function invalid(): Failure {
  return new Failure('wallet_proof_invalid');
}
