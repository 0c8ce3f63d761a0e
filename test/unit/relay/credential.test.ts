import { describe, expect, it } from 'vitest';
import type { MemberIndex, SessionId } from '../../../src/protocol/ids.js';
import { parseCredential, resumeToken } from '../../../src/relay/credential.js';

const EPOCH = 'Ab3xYz09';
const SECRET = 'abcdefghijklmnopqrstuvwxyz012_-9';
const SESSION = '0724828881e2-S';

describe('credentials of a seat', () => {
  it('CN3 are parsed by form', () => {
    expect(parseCredential('0724828881e2-S.123.456')).toEqual({
      kind: 'pair',
      sessionId: '0724828881e2-S',
      sessionToken: 123,
      userToken: 456,
    });
    expect(parseCredential('aaa.bbb.ccc')).toEqual({ kind: 'jwt', token: 'aaa.bbb.ccc' });
    const token = resumeToken('0724828881e2-S' as SessionId, 7 as MemberIndex, EPOCH, SECRET);
    expect(parseCredential(token)).toEqual({
      kind: 'resume',
      sessionId: '0724828881e2-S',
      index: 7,
      epoch: EPOCH,
      secret: SECRET,
    });
  });

  it.each([
    '',
    'nonsense',
    'a.b',
    'a..b',
    'a.b.c.d',
    '0724828881e2-S.0123.456.1',
    `rt.${SESSION}.70000.${EPOCH}.${SECRET}`,
    `rt.${SESSION}.65534.${EPOCH}.${SECRET}`,
    `rt.${SESSION}.00.${EPOCH}.${SECRET}`,
    `rt.${SESSION}.01.${EPOCH}.${SECRET}`,
    `rt.${SESSION}.+1.${EPOCH}.${SECRET}`,
    `rt.${SESSION}.-0.${EPOCH}.${SECRET}`,
    `rt.${SESSION}. 1.${EPOCH}.${SECRET}`,
    `rt.${SESSION}.1e0.${EPOCH}.${SECRET}`,
    `rt.${SESSION}..${EPOCH}.${SECRET}`,
    `rt.${SESSION}.١.${EPOCH}.${SECRET}`,
    `rt.${SESSION}.1.${EPOCH}`,
    `rt.${SESSION}.1.${EPOCH}.${SECRET}.`,
    `rt.${SESSION}.1.${EPOCH}.${SECRET}\n`,
    `rt.${SESSION}.1.${EPOCH}x.${SECRET}`,
    `rt.${SESSION}.1.${EPOCH.slice(1)}.${SECRET}`,
    `rt.${SESSION}.1.${EPOCH.slice(1)}-.${SECRET}`,
    `rt.${SESSION}.1..${SECRET}`,
    `rt.${SESSION}.1.${EPOCH}.${SECRET}x`,
    `rt.${SESSION}.1.${EPOCH}.${SECRET.slice(1)}`,
    `rt.${SESSION}.1.${EPOCH}.${SECRET.slice(1)}=`,
    `rt.0724828881E2-S.1.${EPOCH}.${SECRET}`,
    `RT.${SESSION}.1.${EPOCH}.${SECRET}`,
    'rt.....',
    'a b.c.d',
  ])('CN3 anything else is no credential: %s', (text) => {
    expect(parseCredential(text)).toBeNull();
  });

  it.each(['01', '+1', '-1', '0', '1.0', '1e0', ' 1', '1 ', '0x1', '٤', '9007199254740992', '99999999999999999'])(
    'CN3 %j is no number of a pair: what has it is no pair',
    (number) => {
      for (const text of [`${SESSION}.${number}.456`, `${SESSION}.123.${number}`]) {
        expect(parseCredential(text)?.kind, text).not.toBe('pair');
      }
    },
  );
});
