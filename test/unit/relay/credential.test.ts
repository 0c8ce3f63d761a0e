import { describe, expect, it } from 'vitest';
import type { MemberIndex, SessionId } from '../../../src/protocol/ids.js';
import type { ConnectRequest } from '../../../src/ports/connect.js';
import { chooseProtocol, parseCredential, readCredential, resumeToken } from '../../../src/relay/credential.js';

function request(more: Partial<ConnectRequest>): ConnectRequest {
  return {
    requestId: 'r',
    query: new URLSearchParams(),
    authorization: null,
    protocols: [],
    origin: null,
    host: 'localhost',
    remoteAddress: '127.0.0.1',
    ...more,
  };
}

describe('credentials at the door', () => {
  it('CN1 are read from the header, then the subprotocol, then the query', () => {
    const query = new URLSearchParams('access_token=q');
    const protocols = ['sallyport.v1', 'bearer.p'];
    expect(readCredential(request({ authorization: 'Bearer h', protocols, query }))).toBe('h');
    expect(readCredential(request({ protocols, query }))).toBe('p');
    expect(readCredential(request({ query }))).toBe('q');
    expect(readCredential(request({}))).toBeNull();
  });

  it('CN1 a header of another scheme hides the other carriers: it is refused, not passed over', () => {
    expect(readCredential(request({ authorization: 'token h', query: new URLSearchParams('access_token=q') }))).toBe(
      '',
    );
    expect(parseCredential('')).toBeNull();
  });

  it('CN2 the protocol answered is ours or none, never the one with the credential', () => {
    expect(chooseProtocol(request({ protocols: ['bearer.x', 'sallyport.v1'] }))).toBe('sallyport.v1');
    expect(chooseProtocol(request({ protocols: ['bearer.x'] }))).toBeNull();
  });

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
    'x'.repeat(5000),
  ])('CN3 anything else is no credential: %s', (text) => {
    expect(parseCredential(text)).toBeNull();
  });
});
