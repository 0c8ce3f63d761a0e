/** Ethereum addresses and signatures, computed locally without asking a chain. */
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { parseWalletAddress, type WalletAddress } from '../../protocol/ids.js';
import type { Wallets } from '../../ports/wallets.js';

/** r and s, then v. */
const SIGNATURE = /^0x([0-9a-fA-F]{128})(1[bB]|1[cC])$/;
/** Half of secp256k1's order: each signature with a lower s has a twin with a higher s. */
const MAX_S = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;
/** The v of a signature is its recovery bit plus this. */
const LEAST_V = 27;
const HEX_DIGITS_OF_R = 64;
const ADDRESS_BYTES = 20;

export function ethereumWallets(): Wallets {
  return {
    parseAddress(text) {
      if (parseWalletAddress(text) === null) return null;
      const address = withChecksum(text.slice(2).toLowerCase());
      return text === address || text === text.toLowerCase() ? parseWalletAddress(address) : null;
    },

    isSignature(text) {
      const [, rs] = SIGNATURE.exec(text) ?? [];
      return rs !== undefined && BigInt(`0x${rs.slice(HEX_DIGITS_OF_R)}`) <= MAX_S;
    },

    async signerOf(message, signature) {
      const [, rs, v] = SIGNATURE.exec(signature) ?? [];
      if (rs === undefined || v === undefined) return null;
      try {
        const signed = secp256k1.Signature.fromHex(rs, 'compact').addRecoveryBit(Number.parseInt(v, 16) - LEAST_V);
        return addressOf(signed.recoverPublicKey(personalHash(message)).toBytes(false));
      } catch {
        // Not a point of the curve: nobody can have made this signature.
        return null;
      }
    },
  };
}

/** The hash that `personal_sign` signs (EIP-191). */
function personalHash(message: string): Uint8Array {
  const bytes = Buffer.from(message);
  return keccak_256(Buffer.concat([Buffer.from(`\x19Ethereum Signed Message:\n${String(bytes.length)}`), bytes]));
}

/** `publicKey` is uncompressed: a format byte, then both coordinates. */
function addressOf(publicKey: Uint8Array): WalletAddress | null {
  const hash = keccak_256(publicKey.subarray(1));
  return parseWalletAddress(withChecksum(Buffer.from(hash.subarray(-ADDRESS_BYTES)).toString('hex')));
}

/** Writes an address, 40 hex digits in lower case, in the mixed case of EIP-55. */
function withChecksum(digits: string): string {
  const hash = Buffer.from(keccak_256(Buffer.from(digits))).toString('hex');
  const checked = digits.replace(/[a-f]/g, (digit, at: number) =>
    hash.charAt(at) >= '8' ? digit.toUpperCase() : digit,
  );
  return `0x${checked}`;
}
