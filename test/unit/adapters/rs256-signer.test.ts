import { generateKeyPairSync, verify } from 'node:crypto';
import { afterEach, expect, it } from 'vitest';
import { Rs256Signer } from '../../../src/adapters/jose/rs256-signer.js';

const [first, second] = [newPair(), newPair()];
const made: Rs256Signer[] = [];

function newPair() {
  return generateKeyPairSync('rsa', { modulusLength: 2048 });
}

function newSigner(): Rs256Signer {
  const signer = new Rs256Signer();
  made.push(signer);
  return signer;
}

function isBy({ publicKey }: typeof first, input: string, signature: string): boolean {
  return verify('RSA-SHA256', Buffer.from(input), publicKey, Buffer.from(signature, 'base64url'));
}

afterEach(() => {
  for (const signer of made.splice(0)) signer.stop();
});

it('TK22 many texts at once are signed each by its key', async () => {
  const signer = newSigner();
  const texts = Array.from({ length: 100 }, (_, n) => ({ text: `text ${n}`, pair: n % 7 < 3 ? first : second }));
  const signatures = await Promise.all(texts.map(({ text, pair }) => signer.sign(text, pair.privateKey)));
  expect(texts.map(({ text, pair }, n) => isBy(pair, text, signatures[n] ?? ''))).toEqual(texts.map(() => true));
  // The control: another key's, and another text's, is none.
  expect([isBy(second, 'text 0', signatures[0] ?? ''), isBy(first, 'text 1', signatures[0] ?? '')]).toEqual([
    false,
    false,
  ]);
});

it('TK22 a thread that dies takes its batch with it and no other', async () => {
  const signer = newSigner();
  const sign = () => signer.sign('a text', first.privateKey);
  // Signing with a public key ends the thread.
  const fatal = signer.sign('a text', first.publicKey);
  const behind = [sign(), sign()];
  await expect(fatal).rejects.toThrow('the signing thread failed');
  for (const each of [...behind, sign(), sign()]) expect(isBy(first, 'a text', await each)).toBe(true);
});

it('TK22 at the stop everything is rejected, and so is what comes after it', async () => {
  const signer = newSigner();
  await signer.sign('a text', first.privateKey);
  const waiting = Array.from({ length: 500 }, () => signer.sign('a text', first.privateKey));
  const settled = Promise.allSettled(waiting);
  signer.stop();
  signer.stop();
  expect((await settled).map(({ status }) => status)).toEqual(waiting.map(() => 'rejected'));
  await expect(signer.sign('a text', first.privateKey)).rejects.toThrow('stopped');
});
