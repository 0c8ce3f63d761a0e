/**
 * JWTs that no door may take: forged, mangled, confused, over, or meant for another door. Made from good ones, so that
 * each is wrong in one way only; the good ones are the control of every test that uses these.
 */
import { createHmac, createPublicKey, generateKeyPairSync, sign, type JsonWebKey, type KeyObject } from 'node:crypto';

export interface HostileToken {
  /** How it is wrong. */
  readonly name: string;
  readonly token: string;
}

export interface TokenIngredients {
  /** A good session token. */
  readonly good: string;
  /** The key that signed it, as the key set shows it. */
  readonly jwk: JsonWebKey;
  /** Its private half: tokens that are signed well and say something wrong. */
  readonly privateKey: KeyObject;
  /** The time as the gateway has it. */
  readonly nowS: number;
}

type Members = Readonly<Record<string, unknown>>;

/** Texts close to a good JWT of any kind, none of which is it. */
export function mangledTokens(good: string): readonly HostileToken[] {
  const [header = '', payload = '', signature = ''] = good.split('.');
  const last = signature.at(-1) ?? '';
  const bytes = Buffer.from(signature, 'base64url');
  const flipped = Buffer.from(bytes);
  flipped[0] = (flipped[0] ?? 0) ^ 1;
  const headerMembers = JSON.parse(Buffer.from(header, 'base64url').toString()) as Members;
  const payloadMembers = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Members;
  const behind = (members: Members): string => `${encode(members)}.${payload}.${signature}`;
  return named({
    'no signature': `${header}.${payload}.`,
    'two parts': `${header}.${payload}`,
    'one part': header,
    'four parts': `${good}.${signature}`,
    'five parts, as encrypted ones have': `${header}..${payload}.${signature}.${signature}`,
    'an empty header': `.${payload}.${signature}`,
    'an empty payload': `${header}..${signature}`,
    'a truncated signature': good.slice(0, -2),
    'half a signature': `${header}.${payload}.${bytes.subarray(0, bytes.length / 2).toString('base64url')}`,
    'a flipped bit in the signature': `${header}.${payload}.${flipped.toString('base64url')}`,
    'a signature with another last letter, the same bytes': good.slice(0, -1) + sibling(last),
    'a padded signature': `${good}==`,
    'a signature in the other base64 alphabet': `${header}.${payload}.${bytes.toString('base64')}`,
    'a byte more in the signature': `${header}.${payload}.${Buffer.concat([bytes, Buffer.of(0)]).toString('base64url')}`,
    'a padded payload': `${header}.${payload}=.${signature}`,
    'white space within': `${header}.${payload}. ${signature}`,
    'a tab within': `${header}.\t${payload}.${signature}`,
    'alg none behind its signature': behind({ ...headerMembers, alg: 'none' }),
    'alg none and no signature': `${encode({ ...headerMembers, alg: 'none' })}.${payload}.`,
    'alg None': `${encode({ ...headerMembers, alg: 'None' })}.${payload}.`,
    'alg NONE': `${encode({ ...headerMembers, alg: 'NONE' })}.${payload}.`,
    'no alg': behind({ ...headerMembers, alg: undefined }),
    'alg null': behind({ ...headerMembers, alg: null }),
    'alg a list': behind({ ...headerMembers, alg: [headerMembers['alg']] }),
    'another typ': behind({ ...headerMembers, typ: 'at+jwt' }),
    'an unknown crit': behind({ ...headerMembers, crit: ['exp'] }),
    'a payload that is not encoded': behind({ ...headerMembers, b64: false, crit: ['b64'] }),
    'a header with a member twice': `${raw(`{"alg":"none",${JSON.stringify(headerMembers).slice(1)}`)}.${payload}.${signature}`,
    'a header with white space': `${raw(JSON.stringify(headerMembers, null, 1))}.${payload}.${signature}`,
    'a header that is not JSON': `${raw('alg: none')}.${payload}.${signature}`,
    'a header that is a list': `${encode([headerMembers])}.${payload}.${signature}`,
    'another subject behind the signature': `${header}.${encode({ ...payloadMembers, sub: `user_${'0'.repeat(27)}` })}.${signature}`,
    'a later end behind the signature': `${header}.${encode({ ...payloadMembers, exp: 4_102_444_800 })}.${signature}`,
    'a claim twice': `${header}.${raw(`{"sub":"user_${'0'.repeat(27)}",${JSON.stringify(payloadMembers).slice(1)}`)}.${signature}`,
    'JSON serialization': JSON.stringify({ protected: header, payload, signature }),
    'a long one': `${header}.${payload}${'A'.repeat(4200)}.${signature}`,
    'a long header': `${header}${'A'.repeat(4200)}.${payload}.${signature}`,
    'nothing but dots': '..',
    'a letter': 'x',
    'a proto member': behind({ ...headerMembers, ['__proto__']: { alg: 'none' } }),
  });
}

/** Forgeries of a session token by who knows its public key, and what its private key signed and no door takes. */
export function hostileSessionTokens({ good, jwk, privateKey, nowS }: TokenIngredients): readonly HostileToken[] {
  const [header = '', payload = ''] = good.split('.');
  const headerMembers = JSON.parse(Buffer.from(header, 'base64url').toString()) as Members;
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Members;
  const publicKey = createPublicKey({ key: jwk, format: 'jwk' });
  const pem = publicKey.export({ format: 'pem', type: 'spki' }).toString();
  const der = publicKey.export({ format: 'der', type: 'spki' });
  const mac = (alg: string, key: string | Buffer): string => {
    const input = `${encode({ ...headerMembers, alg })}.${payload}`;
    return `${input}.${createHmac(alg.replace('HS', 'sha'), key).update(input).digest('base64url')}`;
  };
  const other = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const forged = (more: Members = {}): string => signed({ ...headerMembers, ...more }, claims, other.privateKey);
  const otherJwk = other.publicKey.export({ format: 'jwk' });
  const ed = generateKeyPairSync('ed25519').privateKey;
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const said = (more: Members): string => signed(headerMembers, { ...claims, ...more }, privateKey);
  const headed = (more: Members): string => signed({ ...headerMembers, ...more }, claims, privateKey);
  return [
    ...mangledTokens(good),
    ...named({
      'HS256 with the public key as PEM': mac('HS256', pem),
      'HS256 with the public key as trimmed PEM': mac('HS256', pem.trim()),
      'HS256 with the public key as DER': mac('HS256', der),
      'HS256 with the public key as JWK': mac('HS256', JSON.stringify(jwk)),
      'HS256 with the modulus': mac('HS256', Buffer.from(jwk.n ?? '', 'base64url')),
      'HS256 with an empty key': mac('HS256', ''),
      'HS512 with the public key as PEM': mac('HS512', pem),
      'another key under the same kid': forged(),
      'another key under its own kid': forged({ kid: 'another' }),
      'another key without a kid': forged({ kid: undefined }),
      'a kid that is a path': forged({ kid: '../../../dev/null' }),
      'a kid that is a number': forged({ kid: 7 }),
      'a kid that is a list': forged({ kid: [headerMembers['kid']] }),
      'a kid that is __proto__': forged({ kid: '__proto__' }),
      'the key within the token': forged({ jwk: otherJwk }),
      'a jku': forged({ jku: 'https://evil.example/jwks.json' }),
      'an x5u': forged({ x5u: 'https://evil.example/x5u.pem' }),
      'an x5c': forged({ x5c: [other.publicKey.export({ format: 'der', type: 'spki' }).toString('base64')] }),
      'RS512 by another key': signed({ ...headerMembers, alg: 'RS512' }, claims, other.privateKey, 'RSA-SHA512'),
      'EdDSA under the same kid': signed({ ...headerMembers, alg: 'EdDSA' }, claims, ed, null),
      'ES256 under the same kid': signed({ ...headerMembers, alg: 'ES256' }, claims, ec, 'SHA256'),
      'RS512 by the right key': signed({ ...headerMembers, alg: 'RS512' }, claims, privateKey, 'RSA-SHA512'),
      'RS1 by the right key': signed({ ...headerMembers, alg: 'RS1' }, claims, privateKey, 'RSA-SHA1'),
      'the right key, and a jku': headed({ jku: 'https://evil.example/jwks.json' }),
      'the right key, and a crit': headed({ crit: ['exp'] }),
      'the right key, and another typ': headed({ typ: 'at+jwt' }),
      'the right key, and no typ': headed({ typ: undefined }),
      'the right key, and no kid': headed({ kid: undefined }),
      'an end that has passed': said({ exp: nowS - 1 }),
      'an end this very second': said({ exp: nowS }),
      'no end': said({ exp: undefined }),
      'an end as text': said({ exp: String(nowS + 60) }),
      'a start that is to come': said({ nbf: nowS + 30 }),
      'another issuer': said({ iss: 'https://evil.example' }),
      'no issuer': said({ iss: undefined }),
      'a list of issuers': said({ iss: [claims['iss'], 'https://evil.example'] }),
      'no session': said({ sid: undefined }),
      'a session of another shape': said({ sid: 'sess_1' }),
      'a session as a list': said({ sid: [claims['sid']] }),
      'no subject': said({ sub: undefined }),
      'a subject of another shape': said({ sub: 'root' }),
    }),
  ];
}

/** Whether a header can carry it unchanged: clients trim, and refuse control characters. */
export function fitsHeader({ token }: HostileToken): boolean {
  return /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(token);
}

function signed(header: Members, claims: Members, key: KeyObject, algorithm: string | null = 'RSA-SHA256'): string {
  const input = `${encode(header)}.${encode(claims)}`;
  const options = key.asymmetricKeyType === 'ec' ? ({ key, dsaEncoding: 'ieee-p1363' } as const) : key;
  return `${input}.${sign(algorithm, Buffer.from(input), options).toString('base64url')}`;
}

function encode(value: unknown): string {
  return raw(JSON.stringify(value));
}

function raw(text: string): string {
  return Buffer.from(text).toString('base64url');
}

/** The letter behind it that decodes to the same bytes at the end of a text: only unused bits differ. */
function sibling(letter: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return alphabet.charAt(alphabet.indexOf(letter) ^ 1);
}

function named(tokens: Readonly<Record<string, string>>): readonly HostileToken[] {
  return Object.entries(tokens).map(([name, token]) => ({ name, token }));
}
