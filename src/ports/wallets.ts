import type { WalletAddress } from '../protocol/ids.js';

/** Addresses and signatures of Ethereum wallets. Works offline: accounts with a key only, no contracts. */
export interface Wallets {
  /** Parses an address in lower case, or in mixed case with a correct checksum; null otherwise. */
  parseAddress(text: string): WalletAddress | null;
  /**
   * `key`: a signature by a key, in hex, with s in the lower half of the curve: 65 bytes with a v of 27, 28, 0 or 1, or
   * 64 bytes (EIP-2098). One signature has several such texts. `contract`: bytes that only a contract could check
   * (EIP-1271, EIP-6492). null: neither.
   */
  signatureForm(text: string): 'key' | 'contract' | null;
  /**
   * The address that signed the message (EIP-191 `personal_sign`); null when the signature is invalid. Takes 1 to 2 ms.
   * Never rejects.
   */
  signerOf(message: string, signature: string): Promise<WalletAddress | null>;
}
