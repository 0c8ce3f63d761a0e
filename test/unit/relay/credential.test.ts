import { describe, expect, it } from 'vitest';
import type { MemberIndex, SessionId } from '../../../src/protocol/ids.js';
import { parseCredential, resumeToken } from '../../../src/relay/credential.js';

describe('credentials of a seat', () => {
  it('CN3 are parsed by form', () => {
    expect(parseCredential('0724828881e2-S.123.456')).toEqual({
      kind: 'pair',
      sessionId: '0724828881e2-S',
      sessionToken: 123,
      userToken: 456,
    });
    expect(parseCredential('aaa.bbb.ccc')).toEqual({ kind: 'jwt', token: 'aaa.bbb.ccc' });
    const token = resumeToken('0724828881e2-S' as SessionId, 7 as MemberIndex, 'ep', 'secret');
    expect(parseCredential(token)).toEqual({
      kind: 'resume',
      sessionId: '0724828881e2-S',
      index: 7,
      epoch: 'ep',
      secret: 'secret',
    });
  });

  it.each([
    '',
    'nonsense',
    'a.b',
    'a..b',
    'a.b.c.d',
    '0724828881e2-S.0123.456.1',
    'rt.0724828881e2-S.70000.e.s',
    'rt.0724828881e2-S.1.e',
    'rt.0724828881E2-S.1.e.s',
    'rt.....',
    'a b.c.d',
  ])('CN3 anything else is no credential: %s', (text) => {
    expect(parseCredential(text)).toBeNull();
  });
});
