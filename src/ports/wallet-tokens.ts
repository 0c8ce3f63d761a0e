import type { WalletAddress } from '../protocol/ids.js';

/** Wallet bearers: tokens of ours that say which wallet was proven. */
export interface WalletTokens {
  /** Lives `ttlS` seconds from now. */
  sign(address: WalletAddress, ttlS: number): Promise<string>;
  /** null for anything that is not exactly one of ours, unexpired; it never says why. Never rejects. */
  verify(token: string): Promise<WalletAddress | null>;
}
