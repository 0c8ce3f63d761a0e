import type { WalletAddress } from '../protocol/ids.js';

/** Wallet bearers: tokens that name the proven wallet. */
export interface WalletTokens {
  /** The token expires `ttlS` seconds from now. */
  sign(address: WalletAddress, ttlS: number): Promise<string>;
  /** null unless the token is a valid, unexpired wallet bearer. Gives no reason. Never rejects. */
  verify(token: string): Promise<WalletAddress | null>;
}
