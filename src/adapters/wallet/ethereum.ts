/** Ethereum addresses and signatures, computed locally without asking a chain. */
import { getAddress, isHex, recoverMessageAddress } from 'viem/utils';
import { parseWalletAddress } from '../../protocol/ids.js';
import type { Wallets } from '../../ports/wallets.js';

/** r, s and v. */
const SIGNATURE = /^0x[0-9a-fA-F]{64}([0-9a-fA-F]{64})(?:1[bB]|1[cC])$/;
/** Half of secp256k1's order: each signature with a lower s has a twin with a higher s. */
const MAX_S = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;

export function ethereumWallets(): Wallets {
  return {
    parseAddress(text) {
      if (parseWalletAddress(text) === null) return null;
      const address = getAddress(text);
      return text === address || text === text.toLowerCase() ? parseWalletAddress(address) : null;
    },

    isSignature(text) {
      const [, s] = SIGNATURE.exec(text) ?? [];
      return s !== undefined && BigInt(`0x${s}`) <= MAX_S;
    },

    async signerOf(message, signature) {
      if (!isHex(signature)) return null;
      try {
        return parseWalletAddress(await recoverMessageAddress({ message, signature }));
      } catch {
        // Not a point of the curve: nobody can have made this signature.
        return null;
      }
    },
  };
}
