/** Known vectors, and the same answers as viem, another implementation, on random keys. */
import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { recoverMessageAddress } from 'viem';
import { ethereumWallets } from '../../../src/adapters/wallet/ethereum.js';
import { newWallet } from '../../support/wallets.js';

const wallets = ethereumWallets();
const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

/** The examples of EIP-55. */
const CHECKED = [
  '0x52908400098527886E0F7030069857D2E4169EE7',
  '0x8617E340B3D01FA5F11F306F4090FD50E238070D',
  '0xde709f2102306220921060314715629080e2fb77',
  '0x27b1fdb04752bbc536007a920d24acb045561c26',
  '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed',
  '0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359',
  '0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB',
  '0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb',
];

/** The example of web3.js for `accounts.sign`. */
const SIGNED = {
  message: 'Some data',
  address: '0x2c7536E3605D9C16a7a3D7b1898e529396a65c23',
  signature:
    '0xb91467e570a6466aa9e9876cbcd013baba02900b8979d43fe208a4a4f339f5fd6007e74cd82e037b800186422fc2da167c747ef045e5d18a5f5d4300f8e1a0291c',
};
const rs = SIGNED.signature.slice(0, -2);

it.each(CHECKED)('WP1 %s is an address with its checksum', (address) => {
  expect(wallets.parseAddress(address)).toBe(address);
  expect(wallets.parseAddress(address.toLowerCase())).toBe(address);
});

it('WP1 an address with a wrong checksum, a wrong length or another prefix is no address', () => {
  const [, , , , address = ''] = CHECKED;
  const wrong = [
    address.replace('A', 'a'),
    address.slice(0, -1),
    `${address}0`,
    address.slice(2),
    `0X${address.slice(2)}`,
  ];
  for (const text of [...wrong, address.replace('5', 'g'), '']) expect(wallets.parseAddress(text)).toBeNull();
});

it('WP4 the signer of a known signature is found, whatever the case of its digits', async () => {
  const { message, address, signature } = SIGNED;
  for (const text of [signature, `0x${signature.slice(2).toUpperCase()}`]) {
    expect(wallets.signatureForm(text)).toBe('key');
    expect(await wallets.signerOf(message, text)).toBe(address);
  }
  expect(await wallets.signerOf(`${message}.`, signature)).not.toBe(address);
});

it('WP4 another text of the same signature is refused: its twin with a high s, another v, another length, no hex', () => {
  const twin = (ORDER - BigInt(`0x${rs.slice(66)}`)).toString(16).padStart(64, '0');
  const others = ['02', '1a', '1d', 'ff', '1', '1c00'].map((v) => `${rs}${v}`);
  const noHex = [`${rs.slice(0, 9)}g${rs.slice(10)}1c`, SIGNED.signature.slice(2), `${rs} 1c`];
  for (const text of [`${rs.slice(0, 66)}${twin}1b`, ...others, ...noHex, '', '0x']) {
    expect(wallets.signatureForm(text)).not.toBe('key');
  }
});

it('NT3 a v of 0 or 1 and the compact form give the same signer', async () => {
  const { message, address, signature } = SIGNED;
  const s = BigInt(`0x${signature.slice(66, 130)}`) | (1n << 255n);
  const compact = `${signature.slice(0, 66)}${s.toString(16)}`;
  for (const text of [`${rs}01`, compact, compact.toUpperCase().replace('0X', '0x')]) {
    expect(wallets.signatureForm(text)).toBe('key');
    expect(await wallets.signerOf(message, text)).toBe(address);
  }
  for (const text of [`${rs}00`, rs]) expect(await wallets.signerOf(message, text)).not.toBe(address);
});

it('NT3 bytes that only a contract could check have a form of their own', () => {
  for (const text of [`${SIGNED.signature}00`, `0x${'00'.repeat(66)}`, `0x${'6492'.repeat(200)}`]) {
    expect(wallets.signatureForm(text)).toBe('contract');
  }
  for (const text of ['', '0x', `${SIGNED.signature}0`, `${SIGNED.signature}zz`, `${SIGNED.signature} `, rs.slice(2)]) {
    expect(wallets.signatureForm(text)).toBeNull();
  }
});

it('WP4 numbers that are no signature have no signer', async () => {
  const [r, s] = [rs.slice(2, 66), rs.slice(66)];
  const [zero, order] = ['0'.repeat(64), ORDER.toString(16)];
  for (const numbers of [zero + s, r + zero, order + s, r + order, 'f'.repeat(128)]) {
    expect(await wallets.signerOf(SIGNED.message, `0x${numbers}1b`)).toBeNull();
  }
  expect(await wallets.signerOf(SIGNED.message, `${rs}1d`)).toBeNull();
});

it('WP4 signatures of random keys, and random numbers, give the same answer as another implementation', async () => {
  const texts = ['', 'ä€😀', '\ud800', '\0\n\r', 'x'.repeat(5000), ...Array.from({ length: 35 }, () => randomText())];
  for (const message of texts) {
    const wallet = newWallet();
    const { address } = wallet;
    const signature = await wallet.sign(message);
    expect(await wallets.signerOf(message, signature)).toBe(address);
    expect(wallets.parseAddress(address.toLowerCase())).toBe(address);
    const otherV = `${signature.slice(0, -2)}${signature.endsWith('1b') ? '1c' : '1b'}` as const;
    const random = `0x${randomBytes(64).toString('hex')}1b` as const;
    for (const forged of [`0x${otherV.slice(2)}`, random] as const) {
      const expected = await recoverMessageAddress({ message, signature: forged }).catch(() => null);
      expect(await wallets.signerOf(message, forged)).toBe(expected);
    }
  }
});

function randomText(): string {
  return randomBytes(100).toString('utf8');
}
