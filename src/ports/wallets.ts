import type { WalletAddress } from '../protocol/ids.js';

/** Addresses and signatures of Ethereum wallets. Works offline: accounts with a key only, no contracts. */
export interface Wallets {
  /** Parses an address in lower case, or in mixed case with a correct checksum; null otherwise. */
  parseAddress(text: string): WalletAddress | null;
  /**
   * Whether the text has the form of a signature: 65 bytes in hex, s in the lower half of the curve, v 27 or 28. Only
   * letter case can vary between texts of one signature.
   */
  isSignature(text: string): boolean;
  /**
   * The address that signed the message (EIP-191 `personal_sign`); null when the signature is invalid. Takes 1 to 2 ms.
   * Never rejects.
   */
  signerOf(message: string, signature: string): Promise<WalletAddress | null>;
}
