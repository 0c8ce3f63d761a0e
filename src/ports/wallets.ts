import type { WalletAddress } from '../protocol/ids.js';

/** Addresses and signatures of Ethereum wallets. Offline: accounts with a key only, no contracts. */
export interface Wallets {
  /** Reads an address written in lower case, or in mixed case with the right checksum; null for all else. */
  parseAddress(text: string): WalletAddress | null;
  /** Whether it can be a signature: 65 bytes in hex, s in the lower half of the curve, v 27 or 28. One signature has one such text but for its case. */
  isSignature(text: string): boolean;
  /** Who signed the message as EIP-191 says (`personal_sign`); null when nobody did. Takes a millisecond or two. Never rejects. */
  signerOf(message: string, signature: string): Promise<WalletAddress | null>;
}
