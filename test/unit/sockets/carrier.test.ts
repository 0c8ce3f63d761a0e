import { describe, expect, it } from 'vitest';
import { chooseProtocol, readCredential } from '../../../src/sockets/carrier.js';
import { claimedAlgorithm } from '../../../src/lib/jwt.js';
import type { ConnectRequest } from '../../../src/ports/connect.js';

function request(more: Partial<ConnectRequest>): ConnectRequest {
  return {
    requestId: 'r',
    query: new URLSearchParams(),
    authorization: null,
    protocols: [],
    origin: null,
    host: 'localhost',
    client: null,
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
  });

  it('CN2 the protocol answered is ours or none, never the one with the credential', () => {
    expect(chooseProtocol(request({ protocols: ['bearer.x', 'sallyport.v1'] }))).toBe('sallyport.v1');
    expect(chooseProtocol(request({ protocols: ['bearer.x'] }))).toBeNull();
  });

  it.each([
    ['eyJhbGciOiJSUzI1NiJ9.e30.AA', 'RS256'],
    ['eyJhbGciOiJub25lIn0.e30.AA', 'none'],
    ['eyJhbGciOjF9.e30.AA', null],
    ['bnVsbA.e30.AA', null],
    ['x.e30.AA', null],
    ['eyJhbGciOiJSUzI1NiJ9.e30', null],
    ['', null],
  ])('CN3 a token says which doorway it is for, and nothing more: %s', (text, algorithm) => {
    expect(claimedAlgorithm(text)).toBe(algorithm);
  });
});
