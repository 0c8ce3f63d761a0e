import { expect, it } from 'vitest';
import { systemCrypto } from '../../../src/adapters/system/crypto.js';
import { lsidOf, newLsidSecret, parseLsid } from '../../../src/identity/lsid.js';
import { parseUserSessionId } from '../../../src/protocol/ids.js';

const crypto = systemCrypto();
const ID = parseUserSessionId(`sess_${'0aZ'.repeat(9)}`);
if (ID === null) throw new Error('no id');

it('LS1 an LSID finds its session and proves it by 256 bits, of which only a digest is kept', () => {
  const secrets = Array.from({ length: 200 }, () => newLsidSecret(crypto));
  expect(new Set(secrets.map(({ secret }) => secret)).size).toBe(200);
  for (const { secret, secretHash } of secrets) {
    const lsid = lsidOf(ID, secret);
    expect(lsid).toMatch(/^lsid_[0-9A-Za-z]{27}_[0-9A-Za-z]{43}$/);
    expect(parseLsid(crypto, lsid)).toEqual({ sessionId: ID, secretHash });
    expect([secret.length, secretHash.includes(secret)]).toEqual([43, false]);
  }
});

it('LS8 what is not written as an LSID is none', () => {
  const lsid = lsidOf(ID, newLsidSecret(crypto).secret);
  const others = [
    '',
    'x',
    ID,
    `${lsid}x`,
    lsid.slice(0, -1),
    ` ${lsid}`,
    `${lsid}\n`,
    lsid.toUpperCase(),
    lsid.replace('lsid', 'sess'),
  ];
  for (const other of others) expect([other, parseLsid(crypto, other)]).toEqual([other, null]);
});
