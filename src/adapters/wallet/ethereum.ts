/** Ethereum addresses and signatures, computed locally without asking a chain. */
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { parseWalletAddress, type WalletAddress } from '../../protocol/ids.js';
import type { Wallets } from '../../ports/wallets.js';

/** r and s, then v: 27 or 28, or the recovery bit itself, as Ledger writes it. */
const SIGNATURE = /^0x([0-9a-fA-F]{128})(1[bB]|1[cC]|00|01)$/;
/** EIP-2098: r, then s with the recovery bit as its highest bit. */
const COMPACT_SIGNATURE = /^0x([0-9a-fA-F]{64})([0-9a-fA-F]{64})$/;
/** The bytes that a contract would check: more than a key signs. */
const CONTRACT_SIGNATURE = /^0x(?:[0-9a-fA-F]{2}){66,}$/;
/** Half of secp256k1's order: each signature with a lower s has a twin with a higher s. */
const MAX_S = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;
/** The v of a signature is its recovery bit, or its recovery bit plus this. */
const LEAST_V = 27;
const HIGHEST_BIT = 1n << 255n;
const HEX_DIGITS_OF_R = 64;
const ADDRESS_BYTES = 20;

export function ethereumWallets(): Wallets {
  return {
    parseAddress(text) {
      if (parseWalletAddress(text) === null) return null;
      const address = withChecksum(text.slice(2).toLowerCase());
      return text === address || text === text.toLowerCase() ? parseWalletAddress(address) : null;
    },

    signatureForm(text) {
      const parsed = parseSignature(text);
      if (parsed !== null) return BigInt(`0x${parsed.rs.slice(HEX_DIGITS_OF_R)}`) <= MAX_S ? 'key' : null;
      return CONTRACT_SIGNATURE.test(text) ? 'contract' : null;
    },

    async signerOf(message, signature) {
      const parsed = parseSignature(signature);
      if (parsed === null) return null;
      try {
        const signed = secp256k1.Signature.fromHex(parsed.rs, 'compact').addRecoveryBit(parsed.recoveryBit);
        return addressOf(signed.recoverPublicKey(personalHash(message)).toBytes(false));
      } catch {
        // Not a point of the curve: nobody can have made this signature.
        return null;
      }
    },
  };
}

/** r and s in hex, and the bit that tells which of two keys signed. */
interface ParsedSignature {
  readonly rs: string;
  readonly recoveryBit: number;
}

function parseSignature(text: string): ParsedSignature | null {
  return parseWithV(text) ?? parseCompact(text);
}

function parseWithV(text: string): ParsedSignature | null {
  const [, rs, written] = SIGNATURE.exec(text) ?? [];
  if (rs === undefined || written === undefined) return null;
  const v = Number.parseInt(written, 16);
  return { rs, recoveryBit: v < LEAST_V ? v : v - LEAST_V };
}

function parseCompact(text: string): ParsedSignature | null {
  const [, r, last] = COMPACT_SIGNATURE.exec(text) ?? [];
  if (r === undefined || last === undefined) return null;
  const bits = BigInt(`0x${last}`);
  const s = bits & ~HIGHEST_BIT;
  return { rs: r + s.toString(16).padStart(HEX_DIGITS_OF_R, '0'), recoveryBit: s === bits ? 0 : 1 };
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
