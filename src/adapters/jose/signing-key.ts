/** One RSA key in memory: how it is made, sealed into its record, and opened from a record. */
import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { z } from 'zod';
import type { Sealer } from '../../ports/sealer.js';
import type { SigningKeyRecord } from '../../ports/signing-key-store.js';
import { encodeJson } from './compact.js';
import { newSigningKeyId } from './key-ids.js';

export interface SigningKey {
  readonly record: SigningKeyRecord;
  /** The encoded header of every token of this key: `alg`, `typ` and `kid`. */
  readonly header: string;
  readonly publicKey: KeyObject;
  /** null when the key was sealed with another server secret: it can only verify. */
  readonly privateKey: KeyObject | null;
  readonly jwk: PublicJwk;
}

export interface KeyTimes {
  readonly createdAtMs: number;
  readonly signsFromMs: number;
  readonly goneAtMs: number;
}

export type PublicJwk = z.output<typeof jwkSchema>;

const MODULUS_BITS = 2048;
const PUBLIC_EXPONENT = 65_537;
const jwkSchema = z.strictObject({
  kty: z.literal('RSA'),
  use: z.literal('sig'),
  alg: z.literal('RS256'),
  kid: z.string(),
  n: z.string(),
  e: z.string(),
});

const generate = promisify(generateKeyPair);

/** Takes about 0.1 s, on another thread. */
export async function newSigningKey(sealer: Sealer, times: KeyTimes): Promise<SigningKeyRecord> {
  const { publicKey, privateKey } = await generate('rsa', {
    modulusLength: MODULUS_BITS,
    publicExponent: PUBLIC_EXPONENT,
  });
  const { n, e } = publicKey.export({ format: 'jwk' });
  const kid = newSigningKeyId(sealer);
  const jwk = { kty: 'RSA', use: 'sig', alg: 'RS256', kid, n, e };
  const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  return { kid, publicJwk: JSON.stringify(jwk), sealedPrivate: sealer.seal(pem, sealContext(kid)), ...times };
}

/** Throws when the record is malformed. */
export function openSigningKey(sealer: Sealer, record: SigningKeyRecord): SigningKey {
  const jwk = jwkSchema.parse(JSON.parse(record.publicJwk));
  const pem = sealer.open(record.sealedPrivate, sealContext(record.kid));
  return {
    record,
    jwk,
    header: encodeJson({ alg: 'RS256', typ: 'JWT', kid: record.kid }),
    publicKey: createPublicKey({ key: jwk, format: 'jwk' }),
    privateKey: pem === null ? null : createPrivateKey(pem),
  };
}

function sealContext(kid: string): string {
  return `signing-key:${kid}`;
}
