import { createHash, createPrivateKey, createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createDeviceTokens } from '../../../src/adapters/jose/device-tokens.js';
import { createRelayCredentials } from '../../../src/adapters/jose/relay-credentials.js';
import { isSigningKeyId, newSigningKeyId } from '../../../src/adapters/jose/key-ids.js';
import { Rs256Signer } from '../../../src/adapters/jose/rs256-signer.js';
import { createSessionTokens } from '../../../src/adapters/jose/session-tokens.js';
import { newSigningKey } from '../../../src/adapters/jose/signing-key.js';
import { SigningKeys } from '../../../src/adapters/jose/signing-keys.js';
import { createMemoryStore } from '../../../src/adapters/memory/memory-store.js';
import { createSealer } from '../../../src/adapters/system/sealer.js';
import { Failure } from '../../../src/protocol/failure.js';
import { parseDeviceId, parseSessionId, parseUserId } from '../../../src/protocol/ids.js';
import type { Sealer } from '../../../src/ports/sealer.js';
import type { SigningKeyRecord, SigningKeyStore } from '../../../src/ports/signing-key-store.js';
import { headerOf, payloadOf } from '../../support/client-app.js';
import { eventually } from '../../support/eventually.js';
import { hostileSessionTokens, mangledTokens } from '../../support/hostile-tokens.js';
import { ManualClock } from '../../support/manual-clock.js';
import { silentLog } from '../../support/silent-log.js';

const signer = new Rs256Signer();
const SECRET = 'secret-of-the-tests-0123456789abcdefgh';
const ISSUER = 'https://issuer.example';
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const USER = `user_${'a'.repeat(27)}`;
const SESSION = `sess_${'b'.repeat(27)}`;
const CLAIMS = { sub: USER, sid: SESSION, v: 2 };

/** A deployment: one store, several nodes. */
function deployment() {
  const clock = new ManualClock();
  const real = createMemoryStore({ clock }).signingKeys;
  const calls = { list: 0, add: 0, isUnavailable: false };
  const unavailable = () => Promise.reject(new Failure('store_unavailable'));
  const store: SigningKeyStore = {
    list: () => {
      calls.list += 1;
      return calls.isUnavailable ? unavailable() : real.list();
    },
    add: async (key, newest) => {
      const isAdded = await real.add(key, newest);
      calls.add += isAdded ? 1 : 0;
      return isAdded;
    },
    keepUntil: (kid, goneAtMs) => (calls.isUnavailable ? unavailable() : real.keepUntil(kid, goneAtMs)),
  };
  const node = (secret = SECRET) => {
    const sealer = createSealer(secret);
    const deps = { store, sealer, clock, log: silentLog, rotationMs: 30 * DAY_MS };
    const keys = new SigningKeys(deps);
    const tokenDeps = { keys, signer, clock, issuer: () => ISSUER };
    return { keys, deps, tokenDeps, tokens: createSessionTokens(tokenDeps) };
  };
  /** Time passes, and the nodes act on it. */
  const pass = async (ms: number, ...nodes: readonly { readonly keys: SigningKeys }[]): Promise<void> => {
    clock.advance(ms);
    await Promise.all(nodes.map(({ keys }) => keys.keepUp()));
  };
  return { clock, calls, store, node, pass };
}

const kidOf = (token: string): unknown => headerOf(token)['kid'];
const kidsOf = async (tokens: ReturnType<typeof createSessionTokens>) =>
  (await tokens.jwks()).keys.map((key) => key['kid']);

/** A token that names a key and proves nothing. */
function forged(kid: string): string {
  const header = Buffer.from(JSON.stringify({ alg: 'RS256', typ: 'JWT', kid })).toString('base64url');
  return `${header}.e30.AAAA`;
}

/** Ids of every shape that the gateway makes or made. */
function inventedIds(count: number): readonly string[] {
  return Array.from({ length: count }, (_, n) => {
    const letters = createHash('sha512').update(String(n)).digest('base64url');
    return [`unknown-${n}`, letters.slice(0, 38), letters.slice(0, 43)][n % 3] ?? '';
  });
}

/** The same key by another name. */
function withKid(sealer: Sealer, record: SigningKeyRecord, kid: string): SigningKeyRecord {
  const pem = sealer.open(record.sealedPrivate, `signing-key:${record.kid}`) ?? '';
  const publicJwk = JSON.stringify({ ...(JSON.parse(record.publicJwk) as Record<string, string>), kid });
  return { ...record, kid, publicJwk, sealedPrivate: sealer.seal(pem, `signing-key:${kid}`) };
}

async function privateKeyOf(store: SigningKeyStore): Promise<KeyObject> {
  const [record] = await store.list();
  const pem = createSealer(SECRET).open(record?.sealedPrivate ?? '', `signing-key:${record?.kid ?? ''}`);
  return createPrivateKey(pem ?? '');
}

describe('session tokens', () => {
  it('TK1 are RS256 of a 2048 bit key with exponent 65537, say who issued them and when, and verify', async () => {
    const { clock, node } = deployment();
    const { tokens } = node();
    const token = await tokens.sign({ ...CLAIMS, iss: 'mine', exp: 1, jti: 'mine' }, 60, 10);
    const nowS = clock.nowMs() / 1000;
    const { keys } = await tokens.jwks();
    const [jwk] = keys;
    expect(headerOf(token)).toEqual({ alg: 'RS256', typ: 'JWT', kid: jwk?.['kid'] });
    const { jti, ...claims } = payloadOf(token);
    expect(claims).toEqual({ ...CLAIMS, iss: ISSUER, iat: nowS, nbf: nowS - 10, exp: nowS + 60 });
    expect(jti).toMatch(/^[\w-]{20,}$/);
    expect(Object.keys(jwk ?? {}).toSorted()).toEqual(['alg', 'e', 'kid', 'kty', 'n', 'use']);
    const details = createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' }).asymmetricKeyDetails;
    expect(details).toMatchObject({ modulusLength: 2048, publicExponent: 65_537n });
    expect(await tokens.verify(token)).toEqual({
      userId: USER,
      sessionId: SESSION,
      issuedAtMs: clock.nowMs(),
      expiresAtMs: clock.nowMs() + MINUTE_MS,
    });
    expect(payloadOf(await tokens.sign(CLAIMS, 60, 10))['jti']).not.toBe(jti);
  });

  it('TK2 end with their time, to the second', async () => {
    const { clock, node } = deployment();
    const { tokens } = node();
    const token = await tokens.sign(CLAIMS, 60, 10);
    clock.advance(59_999);
    expect(await tokens.verify(token)).not.toBeNull();
    clock.advance(1);
    expect(await tokens.verify(token)).toBeNull();
  });

  it('TK3 forged, mangled, confused and strange tokens are none; the good one is', async () => {
    const { clock, node, store } = deployment();
    const { tokens } = node();
    const good = await tokens.sign(CLAIMS, 60, 10);
    const { keys } = await tokens.jwks();
    const privateKey = await privateKeyOf(store);
    const ingredients = { good, jwk: keys[0] as JsonWebKey, privateKey, nowS: clock.nowMs() / 1000 };
    const hostile = hostileSessionTokens(ingredients);
    expect(hostile.length).toBeGreaterThanOrEqual(40);
    for (const { name, token } of hostile) {
      expect(token, name).not.toBe(good);
      expect(await tokens.verify(token), name).toBeNull();
    }
    for (const token of [` ${good}`, `${good}\n`, `${good} `, '', `Bearer ${good}`])
      expect(await tokens.verify(token)).toBeNull();
    expect(await tokens.verify(good)).not.toBeNull();
    // The control: what the key signs as a token of ours is one.
    const signedAlike = hostileSessionTokens({ ...ingredients, nowS: ingredients.nowS + 7 }).find(
      ({ name }) => name === 'an end that has passed',
    );
    expect(await tokens.verify(signedAlike?.token ?? '')).not.toBeNull();
  });

  it('TK3 no token is one of another kind', async () => {
    const { clock, node } = deployment();
    const { tokens } = node();
    const relay = createRelayCredentials(SECRET, clock);
    const clients = createDeviceTokens(SECRET, clock);
    const [sessionId, userId] = [parseSessionId('0724828881e2-S'), parseUserId('u')];
    const deviceId = parseDeviceId(`client_${'c'.repeat(27)}`);
    if (sessionId === null || userId === null || deviceId === null) throw new Error('bad fixture');
    const { token: credential } = await relay.sign(
      { sessionId, userId, generation: 0, asHost: false, userSessionId: null },
      60,
    );
    const client = await clients.sign({ deviceId, rotation: 3 }, HOUR_MS);
    const session = await tokens.sign(CLAIMS, 60, 10);
    const template = await tokens.sign({ sub: USER }, 60, 5);
    for (const token of [credential, client, template]) expect(await tokens.verify(token)).toBeNull();
    for (const token of [session, client, template]) expect(await relay.verify(token)).toBeNull();
    for (const token of [session, credential, template]) expect(await clients.verify(token)).toBeNull();
    // From here on its signature is known: of the mangled ones below none is.
    expect(await clients.verify(client)).toEqual({ deviceId, rotation: 3 });
    expect(await clients.verify(client)).toEqual({ deviceId, rotation: 3 });
    for (const { name, token } of mangledTokens(client)) expect(await clients.verify(token), name).toBeNull();
    for (const { name, token } of mangledTokens(credential)) expect(await relay.verify(token), name).toBeNull();
    expect(await relay.verify(credential)).toMatchObject({ sessionId, userId });
    expect(await createDeviceTokens(`${SECRET}!`, clock).verify(client)).toBeNull();
    clock.advance(HOUR_MS);
    expect(await clients.verify(client)).toBeNull();
  });
});

describe('signing keys', () => {
  it('TK4 the first key signs at once; many nodes that begin together make one', async () => {
    const { calls, node } = deployment();
    const nodes = Array.from({ length: 3 }, () => node());
    const signed = await Promise.all(nodes.flatMap(({ tokens }) => [1, 2, 3].map(() => tokens.sign(CLAIMS, 60, 10))));
    expect(calls.add).toBe(1);
    expect(new Set(signed.map(kidOf)).size).toBe(1);
    for (const { tokens } of nodes) {
      for (const token of signed) expect(await tokens.verify(token)).not.toBeNull();
    }
  });

  it('TK5 a new key is published for five minutes before it signs, and the old one until its tokens have ended', async () => {
    const { calls, node, pass } = deployment();
    const [one, two] = [node(), node()];
    const old = kidOf(await one.tokens.sign(CLAIMS, 60, 10));
    await two.tokens.jwks();
    await pass(30 * DAY_MS - 6 * MINUTE_MS, one, two);
    expect(await kidsOf(one.tokens)).toEqual([old]);
    await pass(2 * MINUTE_MS, one, two);
    expect(calls.add).toBe(2);
    const published = await kidsOf(one.tokens);
    expect([published.length, published[0]]).toEqual([2, old]);
    expect(await kidsOf(two.tokens)).toEqual(published);
    const last = await one.tokens.sign(CLAIMS, 3600, 10);
    expect(kidOf(last)).toBe(old);
    await pass(5 * MINUTE_MS, one, two);
    const next = await two.tokens.sign(CLAIMS, 60, 10);
    expect(kidOf(next)).toBe(published[1]);
    for (const { tokens } of [one, two, node()]) {
      expect(await tokens.verify(last)).not.toBeNull();
      expect(await tokens.verify(next)).not.toBeNull();
    }
    await pass(2 * HOUR_MS, one, two);
    expect(await kidsOf(one.tokens)).toEqual([published[1]]);
    expect(calls.add).toBe(2);
  });

  it('TK6 a key that signed for longer is published until then', async () => {
    const { clock, node, pass } = deployment();
    const one = node();
    const long = await one.tokens.sign({ sub: USER }, 400 * 86_400, 5);
    const old = kidOf(long);
    await pass(390 * DAY_MS, one);
    expect(clock.nowMs() / 1000).toBeLessThan(Number(payloadOf(long)['exp']));
    expect(await kidsOf(one.tokens)).toContain(old);
    await pass(45 * DAY_MS, one);
    expect(await kidsOf(one.tokens)).not.toContain(old);
  });

  it('TK12 invented keys are looked for twice a minute at most', async () => {
    const { clock, calls, node } = deployment();
    const { tokens } = node();
    expect(await tokens.verify('eyJ')).toBeNull();
    await tokens.verify(forged('x'));
    const before = calls.list;
    for (const kid of inventedIds(10_000)) expect(await tokens.verify(forged(kid))).toBeNull();
    expect(calls.list - before).toBe(0);
    clock.advance(30_000);
    for (const kid of inventedIds(1000)) await tokens.verify(forged(kid));
    expect(calls.list - before).toBe(1);
  });

  it('TK23 a key that another node has just made is found at once, whatever strangers invent meanwhile', async () => {
    const { clock, calls, node } = deployment();
    // The control: a node with another secret cannot tell the ids of these nodes from invented ones.
    const [maker, judge, control] = [node(), node(), node(`${SECRET}!`)];
    for (const kid of inventedIds(100)) await Promise.all([judge, control].map((at) => at.tokens.verify(forged(kid))));
    const before = calls.list;
    const token = await maker.tokens.sign(CLAIMS, 3600, 10);
    const made = calls.list;
    const shown = await Promise.all([1, 2, 3].map(() => judge.tokens.verify(token)));
    expect(shown.every((claims) => claims !== null)).toBe(true);
    expect(made - before).toBe(2);
    // One for who came first, one that those share who came while it ran.
    expect(calls.list - made).toBe(2);
    expect(await control.tokens.verify(token)).toBeNull();
    clock.advance(30_000);
    expect(await control.tokens.verify(token)).not.toBeNull();
  });

  it('TK23 a look that began before the key was there does not count for it', async () => {
    const { node, store } = deployment();
    const [maker, judge] = [node(), node()];
    const gate = { open: (): void => undefined, isUsed: false };
    const slow: SigningKeyStore = {
      ...store,
      list: async () => {
        const found = await store.list();
        if (gate.isUsed) return found;
        gate.isUsed = true;
        await new Promise<void>((resolve) => (gate.open = resolve));
        return found;
      },
    };
    const keys = new SigningKeys({ ...judge.deps, store: slow });
    const early = keys.keepUp();
    const token = await maker.tokens.sign(CLAIMS, 60, 10);
    const verified = createSessionTokens({ ...judge.tokenDeps, keys }).verify(token);
    await eventually(() => (gate.isUsed ? null : 'no read yet'));
    gate.open();
    await early;
    expect(await verified).not.toBeNull();
  });

  it('TK24 the id of a key that is gone is looked for twice a minute at most, each', async () => {
    const { clock, calls, node } = deployment();
    const { tokens } = node();
    const gone = [1, 2, 3].map(() => newSigningKeyId(createSealer(SECRET)));
    await tokens.jwks();
    const before = calls.list;
    for (let n = 0; n < 1000; n += 1) for (const kid of gone) expect(await tokens.verify(forged(kid))).toBeNull();
    expect(calls.list - before).toBe(3);
    await Promise.all(
      Array.from({ length: 1000 }, () => tokens.verify(forged(newSigningKeyId(createSealer('another'))))),
    );
    expect(calls.list - before).toBe(3);
    clock.advance(30_000);
    await Promise.all(Array.from({ length: 1000 }, (_, n) => tokens.verify(forged(gone[n % 3] ?? ''))));
    // Those that come at once share a look.
    expect(calls.list - before).toBeLessThanOrEqual(6);
  });

  it('TK24 whether a key is there is not made up while the store is unavailable', async () => {
    const { calls, node } = deployment();
    const { tokens } = node();
    await tokens.jwks();
    calls.isUnavailable = true;
    const unknown = forged(newSigningKeyId(createSealer(SECRET)));
    await expect(tokens.verify(unknown)).rejects.toMatchObject({ code: 'store_unavailable' });
    calls.isUnavailable = false;
    expect(await tokens.verify(unknown)).toBeNull();
  });

  it('TK25 a key whose id an older version made signs and verifies on', async () => {
    const { clock, node, store } = deployment();
    const sealer = createSealer(SECRET);
    const nowMs = clock.nowMs();
    const made = await newSigningKey(sealer, {
      createdAtMs: nowMs,
      signsFromMs: nowMs,
      goneAtMs: nowMs + 31 * DAY_MS,
    });
    const kid = 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs';
    await store.add(withKid(sealer, made, kid), null);
    const [one, two] = [node(), node()];
    const token = await one.tokens.sign(CLAIMS, 3600, 10);
    expect(kidOf(token)).toBe(kid);
    expect(await two.tokens.verify(token)).not.toBeNull();
    expect(await kidsOf(two.tokens)).toEqual([kid]);
  });

  it('TK26 ids carry a MAC under the server secret; no part of one can be changed', () => {
    const sealer = createSealer(SECRET);
    const ids = Array.from({ length: 100 }, () => newSigningKeyId(sealer));
    expect(new Set(ids).size).toBe(100);
    for (const id of ids) {
      expect(id).toMatch(/^[\w-]{38}$/);
      expect(isSigningKeyId(sealer, id)).toBe(true);
      expect(isSigningKeyId(createSealer(`${SECRET}!`), id)).toBe(false);
      for (let at = 0; at < id.length; at += 1) {
        const other = id[at] === 'A' ? 'B' : 'A';
        expect(isSigningKeyId(sealer, id.slice(0, at) + other + id.slice(at + 1))).toBe(false);
      }
      for (const text of [id.slice(1), `${id}A`, ` ${id}`, `${id}\n`, ''])
        expect(isSigningKeyId(sealer, text)).toBe(false);
    }
    const macOfAnotherUse = sealer.mark('A'.repeat(22), 'another use').slice(0, 16);
    expect(isSigningKeyId(sealer, 'A'.repeat(22) + macOfAnotherUse)).toBe(false);
  });

  it('TK13 while the store is unavailable known keys go on; a node that never read them says so', async () => {
    const { clock, calls, node } = deployment();
    const [one, two] = [node(), node()];
    const token = await one.tokens.sign(CLAIMS, 3600, 10);
    calls.isUnavailable = true;
    clock.advance(MINUTE_MS);
    await expect(one.keys.keepUp()).rejects.toMatchObject({ code: 'store_unavailable' });
    expect(await one.tokens.verify(token)).not.toBeNull();
    expect(await one.tokens.verify(await one.tokens.sign(CLAIMS, 60, 10))).not.toBeNull();
    expect((await one.tokens.jwks()).keys).toHaveLength(1);
    for (const call of [two.tokens.verify(token), two.tokens.sign(CLAIMS, 60, 10), two.tokens.jwks()]) {
      await expect(call).rejects.toMatchObject({ code: 'store_unavailable' });
    }
    calls.isUnavailable = false;
    expect(await two.tokens.verify(token)).not.toBeNull();
  });

  it('TK14 private halves are sealed; with another server secret old tokens verify and a new key signs', async () => {
    const { store, node } = deployment();
    const token = await node().tokens.sign(CLAIMS, 60, 10);
    const [record] = (await store.list()) as [SigningKeyRecord];
    expect(JSON.stringify(record)).not.toMatch(/PRIVATE|"d"/);
    const other = node(`${SECRET}!`);
    expect(await other.tokens.verify(token)).not.toBeNull();
    const next = await other.tokens.sign(CLAIMS, 60, 10);
    expect(kidOf(next)).not.toBe(record.kid);
    expect(await kidsOf(other.tokens)).toEqual([record.kid, kidOf(next)]);
  });

  it('TK5 the timer keeps going after a failure, and stops', async () => {
    const { clock, calls, node } = deployment();
    const { keys } = node();
    keys.start();
    calls.isUnavailable = true;
    clock.advance(30_000);
    await eventually(() => (calls.list === 1 ? null : `${calls.list} reads`));
    calls.isUnavailable = false;
    clock.advance(30_000);
    await eventually(() => (calls.list === 2 ? null : `${calls.list} reads`));
    keys.stop();
    keys.stop();
    expect(clock.pendingTimers).toBe(0);
  });
});
