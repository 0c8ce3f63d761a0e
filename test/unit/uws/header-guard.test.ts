import { describe, expect, it } from 'vitest';
import { isAmbiguous, type HeaderList } from '../../../src/adapters/uws/header-guard.js';

const host: [string, string] = ['host', 'a'];

describe('header guard', () => {
  it.each<[string, HeaderList]>([
    ['two lengths', [host, ['content-length', '1'], ['content-length', '2']]],
    ['the same length twice', [host, ['content-length', '1'], ['content-length', '1']]],
    ['an empty length', [host, ['content-length', '']]],
    ['a signed length', [host, ['content-length', '+1']]],
    ['a length with a zero in front', [host, ['content-length', '010']]],
    ['a length in hex', [host, ['content-length', '0x10']]],
    ['a length of many digits', [host, ['content-length', '1000000000000000']]],
    ['a list of lengths', [host, ['content-length', '1, 1']]],
    ['an empty encoding', [host, ['transfer-encoding', '']]],
    ['an encoding that is not chunked', [host, ['transfer-encoding', 'identity']]],
    ['an encoding that hides chunked', [host, ['transfer-encoding', 'xchunked']]],
    ['two encodings', [host, ['transfer-encoding', 'chunked'], ['transfer-encoding', 'chunked']]],
    ['a length and an encoding', [host, ['content-length', '1'], ['transfer-encoding', 'chunked']]],
    ['two hosts', [host, ['host', 'b']]],
    ['no host', []],
  ])('HT20 %s can be read in two ways', (_name, headers) => {
    expect(isAmbiguous(headers)).toBe(true);
  });

  it.each<[string, HeaderList]>([
    ['nothing but a host', [host]],
    ['a length of zero', [host, ['content-length', '0']]],
    ['one length', [host, ['content-length', '12']]],
    ['one chunked encoding', [host, ['transfer-encoding', 'Chunked']]],
  ])('HT20 %s is read in one way', (_name, headers) => {
    expect(isAmbiguous(headers)).toBe(false);
  });
});
