/** Wallet proofs over real HTTP, on both stores: one message, made here, signed by its wallet, once. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSiweMessage, parseSiweMessage } from 'viem/siwe';
import { Backend, type Answer } from '../../support/backend.js';
import { STORES } from '../../support/both-stores.js';
import { startGateway, type RunningGateway } from '../../support/gateway.js';
import { inParallel } from '../../support/in-parallel.js';
import { newWallet, nonceFor, prove, verify, type Wallet } from '../../support/wallets.js';

const INVALID = { code: 'wallet_proof_invalid', message: 'The wallet proof is invalid.' };
const DOMAIN = 'game.example';
const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

/** Messages that a forger sends in place of the real message; the right wallet signs each of them anew. */
const CHANGED_MESSAGES: Readonly<Record<string, (message: string, wallet: Wallet) => string>> = {
  'another domain': (m) => m.replace(DOMAIN, 'evil.example'),
  'a subdomain': (m) => m.replace(DOMAIN, `x.${DOMAIN}`),
  'a domain with a port': (m) => m.replace(DOMAIN, `${DOMAIN}:443`),
  'a domain in upper case': (m) => m.replace(DOMAIN, DOMAIN.toUpperCase()),
  'a domain with a dot behind it': (m) => m.replace(DOMAIN, `${DOMAIN}.`),
  'a domain in another alphabet': (m) => m.replace(DOMAIN, 'gаme.example'),
  'a domain with user information': (m) => m.replace(DOMAIN, `user@${DOMAIN}`),
  'a scheme in front': (m) => `https://${m}`,
  'another scheme in front': (m) => `http://${m}`,
  'a scheme of its own': (m) => `evil://${m}`,
  'another URI': (m) => m.replace(/^URI: .*$/m, 'URI: https://evil.example/login'),
  'a path behind the URI': (m) => m.replace(/^URI: .*$/m, '$&/x'),
  'a slash behind the URI': (m) => m.replace(/^URI: .*$/m, '$&/'),
  'a query behind the URI': (m) => m.replace(/^URI: .*$/m, '$&?a=b'),
  'the URI over http': (m) => m.replace('URI: https:', 'URI: http:'),
  'no URI': (m) => m.replace(/^URI: .*\n/m, ''),
  'two URIs': (m) => m.replace(/^URI: .*$/m, '$&\nURI: https://evil.example'),
  'version 2': (m) => m.replace('Version: 1', 'Version: 2'),
  'version 01': (m) => m.replace('Version: 1', 'Version: 01'),
  'no version': (m) => m.replace('Version: 1\n', ''),
  'another chain': (m) => m.replace('Chain ID: 1', 'Chain ID: 137'),
  'the chain in hex': (m) => m.replace('Chain ID: 1', 'Chain ID: 0x1'),
  'the chain with a zero': (m) => m.replace('Chain ID: 1', 'Chain ID: 01'),
  'no chain': (m) => m.replace('Chain ID: 1\n', ''),
  'a nonce of nobody': (m) => m.replace(/^Nonce: .*$/m, 'Nonce: 0123456789abcdefghijkl'),
  'a longer nonce': (m) => m.replace(/^Nonce: .*$/m, '$&0'),
  'a shorter nonce': (m) => m.replace(/^(Nonce: .*).$/m, '$1'),
  'an empty nonce': (m) => m.replace(/^Nonce: .*$/m, 'Nonce: '),
  'no nonce': (m) => m.replace(/^Nonce: .*\n/m, ''),
  'two nonces, the right one first': (m) => m.replace(/^Nonce: .*$/m, '$&\nNonce: 0123456789abcdefghijkl'),
  'two nonces, the right one last': (m) => m.replace(/^Nonce: .*$/m, 'Nonce: 0123456789abcdefghijkl\n$&'),
  'issued in the future': (m) => m.replace(/^Issued At: .*$/m, 'Issued At: 2999-01-01T00:00:00.000Z'),
  'issued long ago': (m) => m.replace(/^Issued At: .*$/m, 'Issued At: 2001-01-01T00:00:00.000Z'),
  'issued in another form': (m) => m.replace(/^(Issued At: .*)Z$/m, '$1+00:00'),
  'no time of issue': (m) => m.replace(/^Issued At: .*\n/m, ''),
  'a later end': (m) => m.replace(/^Expiration Time: .*$/m, 'Expiration Time: 2999-01-01T00:00:00.000Z'),
  'an end that has passed': (m) => m.replace(/^Expiration Time: .*$/m, 'Expiration Time: 2001-01-01T00:00:00.000Z'),
  'no end': (m) => m.replace(/\nExpiration Time: .*$/m, ''),
  'a beginning': (m) => `${m}\nNot Before: 2001-01-01T00:00:00.000Z`,
  'a request id': (m) => `${m}\nRequest ID: 1`,
  resources: (m) => `${m}\nResources:\n- https://evil.example`,
  'a trailing newline': (m) => `${m}\n`,
  'trailing lines': (m) => `${m}\nand everything I own`,
  'a trailing space': (m) => `${m} `,
  'a leading newline': (m) => `\n${m}`,
  'a leading space': (m) => ` ${m}`,
  'a byte order mark': (m) => `\ufeff${m}`,
  CRLF: (m) => m.replaceAll('\n', '\r\n'),
  'one CR': (m) => m.replace('\nNonce', '\r\nNonce'),
  'a NUL at the end': (m) => `${m}\0`,
  'half a surrogate pair': (m) => m.replace('.', '\ud800'),
  'another statement': (m) => m.replace('Nothing is sent', 'Everything is sent'),
  'no statement': (m) => m.replace(/Prove .*\n\n/, ''),
  'a double space': (m) => m.replace('wants you', 'wants  you'),
  'a tab': (m) => m.replace('Version: ', 'Version:\t'),
  'fields in lower case': (m) => m.replace('URI: ', 'uri: '),
  'fields in another order': (m) => m.replace(/(Version: 1)\n(Chain ID: 1)/, '$2\n$1'),
  'the address in lower case': (m, { address }) => m.replace(address, address.toLowerCase()),
  'the address in upper case': (m, { address }) => m.replace(address, `0x${address.slice(2).toUpperCase()}`),
  'the address with a wrong checksum': (m, { address }) => m.replace(address, flipCase(address)),
  'the address without 0x': (m, { address }) => m.replace(address, address.slice(2)),
  'the address of somebody else': (m, { address }) => m.replace(address, newWallet().address),
  'no address': (m, { address }) => m.replace(`${address}\n`, ''),
  'the placeholder in place of the address': (m, { address }) => m.replace(address, '{address}'),
  nothing: () => '',
  '60,000 letters': () => 'a'.repeat(60_000),
};

/** Faults in the signature of the real message. */
const CHANGED_SIGNATURES: Readonly<Record<string, (signature: string) => string>> = {
  'the other s': (s) => malleate(s),
  'the other s with the same v': (s) => malleate(s).slice(0, -2) + s.slice(-2),
  'compact form of the other v': (s) => compact(withOtherV(s)),
  'compact form of the other s': (s) => compact(malleate(s)),
  '63 bytes': (s) => s.slice(0, -4),
  'v of 0 and 1 for the other v': (s) => withSmallV(withOtherV(s)),
  'v of 2': (s) => `${s.slice(0, -2)}02`,
  'the other v': withOtherV,
  'another v': (s) => `${s.slice(0, -2)}25`,
  'no 0x': (s) => s.slice(2),
  'no hex': (s) => s.replace(/^0x../, '0xzz'),
  'a space behind it': (s) => `${s} `,
  'r of zero': (s) => `0x${'0'.repeat(64)}${s.slice(66)}`,
  's of zero': (s) => `${s.slice(0, 66)}${'0'.repeat(64)}${s.slice(-2)}`,
  'r past the order': (s) => `0x${'f'.repeat(64)}${s.slice(66)}`,
  'all zeros': () => `0x${'0'.repeat(130)}`,
  nothing: () => '',
  '0x': () => '0x',
};

function flipCase(address: string): string {
  const at = address.search(/[a-f]/);
  return address.slice(0, at) + address.charAt(at).toUpperCase() + address.slice(at + 1);
}

function malleate(signature: string): string {
  const s = ORDER - BigInt(`0x${signature.slice(66, 130)}`);
  const v = signature.endsWith('1b') ? '1c' : '1b';
  return signature.slice(0, 66) + s.toString(16).padStart(64, '0') + v;
}

function withOtherV(signature: string): string {
  return signature.slice(0, -2) + (signature.endsWith('1b') ? '1c' : '1b');
}

/** As Ledger writes it. */
function withSmallV(signature: string): string {
  return signature.slice(0, -2) + (signature.endsWith('1b') ? '00' : '01');
}

/** EIP-2098. */
function compact(signature: string): string {
  const s = BigInt(`0x${signature.slice(66, 130)}`) | (signature.endsWith('1c') ? 1n << 255n : 0n);
  return signature.slice(0, 66) + s.toString(16).padStart(64, '0');
}

describe.each(STORES)('wallet proofs on $store', ({ redisUrl }) => {
  let running: RunningGateway;
  let backend: Backend;
  const wallet = newWallet();

  beforeAll(async () => {
    running = await startGateway({
      redisUrl: redisUrl(),
      env: { SALLYPORT_PUBLIC_URL: `https://${DOMAIN}/base`, SALLYPORT_WALLET_CHAIN_IDS: '1,8453' },
    });
    backend = new Backend(running.url);
  });

  afterAll(() => running.stop());

  const forWallet = () => nonceFor(backend, `?address=${wallet.address}`);

  it('WP1 the message is EIP-4361: domain, URI, version, chain, nonce and five minutes', async () => {
    const { nonce, message } = await forWallet();
    const parsed = parseSiweMessage(message);
    expect(parsed).toMatchObject({
      domain: DOMAIN,
      uri: `https://${DOMAIN}/base`,
      version: '1',
      chainId: 1,
      nonce,
      address: wallet.address,
    });
    const { address, chainId, domain, uri, issuedAt, expirationTime, statement } = parsed;
    if (!address || !chainId || !domain || !uri || !issuedAt || !expirationTime || !statement) throw new Error(message);
    const rebuilt = {
      address,
      chainId,
      domain,
      uri,
      issuedAt,
      expirationTime,
      statement,
      nonce,
      version: '1',
    } as const;
    expect(createSiweMessage(rebuilt)).toBe(message);
    expect(expirationTime.getTime() - issuedAt.getTime()).toBe(300_000);
    expect(Math.abs(issuedAt.getTime() - Date.now())).toBeLessThan(60_000);
    expect((await forWallet()).nonce).not.toBe(nonce);
  });

  it('WP1 the address may be named in lower case; without one the message holds {address}', async () => {
    const lower = await nonceFor(backend, `?address=${wallet.address.toLowerCase()}`);
    expect(lower.message.split('\n')[1]).toBe(wallet.address);
    const { message } = await nonceFor(backend, '');
    expect(message.split('\n')[1]).toBe('{address}');
    for (const address of [
      flipCase(wallet.address),
      wallet.address.slice(2),
      `0x${'A'.repeat(40)}`,
      'vitalik.eth',
      '',
    ]) {
      const answer = await backend.call('GET', `/v1/wallet-proof/nonce?address=${address}`);
      expect([address, answer.status]).toEqual([address, 400]);
      expect(answer.body).toMatchObject({ code: 'invalid_request' });
    }
  });

  it('WP2 the very message signed by its wallet gives a bearer, once', async () => {
    const { message } = await forWallet();
    const signature = await wallet.sign(message);
    const proof = { walletAddress: wallet.address.toLowerCase(), message, signature };
    expect(await verify(backend, proof, '')).toMatchObject({
      status: 200,
      body: { token: expect.any(String) as string },
    });
    expect(await verify(backend, proof, '')).toMatchObject({ status: 400, body: INVALID });
  });

  it('WP2 a message without an address is as good once the address is filled in', async () => {
    const { message } = await nonceFor(backend, '');
    const filledIn = message.replace('{address}', wallet.address);
    const signature = await wallet.sign(filledIn);
    const stranger = newWallet();
    const stolen = { walletAddress: stranger.address, message: filledIn, signature: await stranger.sign(filledIn) };
    expect(await verify(backend, stolen)).toMatchObject({ status: 400, body: INVALID });
    const proof = { walletAddress: wallet.address, message: filledIn, signature };
    expect(await verify(backend, proof)).toMatchObject({ status: 200 });
    expect(await verify(backend, proof)).toMatchObject({ status: 400, body: INVALID });
  });

  it('WP2 of 1,000 uses of one nonce at once exactly one succeeds', async () => {
    const { message } = await forWallet();
    const proof = { walletAddress: wallet.address, message, signature: await wallet.sign(message) };
    const answers = await Promise.all(Array.from({ length: 1_000 }, () => verify(backend, proof)));
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    expect(statuses.filter((status) => status === 400)).toHaveLength(999);
  }, 60_000);

  it.each(Object.entries(CHANGED_MESSAGES))('WP3 refused: %s', async (_name, change) => {
    const { message } = await forWallet();
    const changed = change(message, wallet);
    expect(changed).not.toBe(message);
    const refused = { walletAddress: wallet.address, message: changed, signature: await wallet.sign(changed) };
    const answer = await verify(backend, refused);
    expect(answer.status).toBe(400);
    if (changed.length < 4_096) expect(answer.body).toEqual(INVALID);
    // The control: the message itself, which a forged one leaves alone.
    const exact = { walletAddress: wallet.address, message, signature: await wallet.sign(message) };
    expect(await verify(backend, exact)).toMatchObject({ status: 200 });
  });

  it.each(Object.entries(CHANGED_SIGNATURES))('WP4 a signature is refused: %s', async (_name, change) => {
    const { message } = await forWallet();
    const signature = await wallet.sign(message);
    const changed = change(signature);
    expect(changed).not.toBe(signature);
    const answer = await verify(backend, { walletAddress: wallet.address, message, signature: changed });
    expect([answer.status, answer.body]).toEqual([400, INVALID]);
  });

  it.each(Object.entries({ withSmallV, compact }))(
    'NT3 the same signature in another form is taken once: %s',
    async (_name, form) => {
      const { message } = await forWallet();
      const proof = { walletAddress: wallet.address, message, signature: form(await wallet.sign(message)) };
      expect(await verify(backend, proof)).toMatchObject({ status: 200 });
      for (const signature of [proof.signature, await wallet.sign(message)]) {
        expect(await verify(backend, { ...proof, signature })).toMatchObject({ status: 400, body: INVALID });
      }
    },
  );

  it('NT3 the signature of a smart wallet is refused with the reason, and leaves the message to another', async () => {
    const { message } = await forWallet();
    const signature = await wallet.sign(message);
    const wrapped = `0x${'0'.repeat(256)}${signature.slice(2)}${'6492'.repeat(16)}`;
    for (const contract of [`${signature}00`, signature + signature.slice(2), wrapped, `0x${'ab'.repeat(15_000)}`]) {
      const { status, body } = await verify(backend, { walletAddress: wallet.address, message, signature: contract });
      expect([status, body.code]).toEqual([400, 'wallet_proof_invalid']);
      expect(body.message).toMatch(/smart wallet.*EIP-1271/);
    }
    expect(await verify(backend, { walletAddress: wallet.address, message, signature })).toMatchObject({ status: 200 });
  });

  it('WP4 nobody else can sign, and a wrong signature of the very message uses it up', async () => {
    const { message } = await forWallet();
    const stranger = newWallet();
    for (const walletAddress of [stranger.address, flipCase(wallet.address), wallet.address]) {
      const forged = { walletAddress, message, signature: await stranger.sign(message) };
      expect(await verify(backend, forged)).toMatchObject({ status: 400, body: INVALID });
    }
    const late = { walletAddress: wallet.address, message, signature: await wallet.sign(message) };
    expect(await verify(backend, late)).toMatchObject({ status: 400, body: INVALID });
  });

  it('WP5 a chain is one that is configured, and the one that the message names', async () => {
    for (const query of ['?chain=Polygon', '?chain=ethereum', '?chain=137', '?chain=0x1', '?chain=']) {
      expect(await backend.call('GET', `/v1/wallet-proof/nonce${query}`)).toMatchObject({ status: 400, body: INVALID });
    }
    const { message } = await nonceFor(backend, `?chain=8453&address=${wallet.address}`);
    expect(message).toContain('\nChain ID: 8453\n');
    const proof = { walletAddress: wallet.address, message, signature: await wallet.sign(message) };
    for (const query of ['', '?chain=Ethereum', '?chain=Polygon']) {
      expect(await verify(backend, proof, query)).toMatchObject({ status: 400, body: INVALID });
    }
    expect(await verify(backend, proof, '?chain=8453')).toMatchObject({ status: 200 });
  });

  it('WP6 what is not a proof at all is 400, a body over the limit 413', async () => {
    const bodies = ['', '{', 'null', '{}', { walletAddress: wallet.address, message: 1, signature: '0x' }];
    for (const body of bodies) {
      const answer = await backend.call('POST', '/v1/wallet-proof/verify', body);
      expect(answer.status).toBe(400);
      expect(answer.body).toMatchObject({ code: expect.any(String) as string, message: expect.any(String) as string });
    }
    const huge = { walletAddress: wallet.address, message: 'a'.repeat(1_000_000), signature: '0x' };
    expect((await verify(backend, huge)).status).toBe(413);
  });

  it('WP7 a bearer is its own kind of token: it opens no socket, and no session', async () => {
    const token = await prove(backend, wallet);
    const answer = await backend.call('GET', '/v1/session/current', undefined, { authorization: `Bearer ${token}` });
    expect(answer).toMatchObject({ status: 401, body: { code: 'credential_invalid' } });
    const connect = await backend.call('GET', '/v1/connect', undefined, { authorization: `Bearer ${token}` });
    expect(connect.status).toBe(401);
  });
});

describe.each(STORES)('wallet messages for one network on $store', ({ redisUrl }) => {
  it('WP8 3,000 are handed out, then it is 429 with Retry-After', async () => {
    const running = await startGateway({ redisUrl: redisUrl() });
    try {
      const backend = new Backend(running.url);
      const handedOut = new Set<string>();
      let refused: Answer | undefined;
      const ask = async (): Promise<void> => {
        const answer = await backend.call('GET', '/v1/wallet-proof/nonce');
        if (answer.status === 200) handedOut.add((answer.body as { nonce: string }).nonce);
        else refused ??= answer;
      };
      // Fifty a second come back meanwhile, and are handed out as well.
      while (refused === undefined) await inParallel(Array.from({ length: 500 }), 100, ask);
      expect(handedOut.size).toBeGreaterThanOrEqual(3_000);
      expect(refused).toMatchObject({ status: 429, body: { code: 'too_many_requests' } });
      expect(refused.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
    } finally {
      await running.stop();
    }
  }, 60_000);
});
