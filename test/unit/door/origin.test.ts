import { describe, expect, it } from 'vitest';
import { originAllowed, type OriginRule } from '../../../src/door/origin.js';

const listed: OriginRule = { allowed: new Set(['https://game.example']), own: null };
const own: OriginRule = { allowed: 'own', own: 'https://relay.example' };

describe('origins', () => {
  it('CN7 programs without an Origin pass', () => {
    expect(originAllowed(listed, null, 'x')).toBe(true);
  });

  it('CN7 a listed origin passes, whatever its case', () => {
    expect(originAllowed(listed, 'https://GAME.example', 'x')).toBe(true);
  });

  it.each([
    'https://game.example.evil.example',
    'https://evil.example',
    'http://game.example',
    'https://game.example:8443',
    'https://sub.game.example',
    'https://game.example/',
    'https://game.example@evil.example',
    'null',
    '',
    'game.example',
    ' https://game.example',
    'https://gаme.example',
  ])('CN7 %j does not pass a list that does not name it', (origin) => {
    expect(originAllowed(listed, origin, 'game.example')).toBe(false);
  });

  it('CN7 without a list only pages of the server itself pass', () => {
    expect(originAllowed(own, 'https://relay.example', 'internal:8080')).toBe(true);
    expect(originAllowed(own, 'http://internal:8080', 'internal:8080')).toBe(true);
    expect(originAllowed(own, 'https://other.example', 'internal:8080')).toBe(false);
  });

  it('CN7 with * every page passes', () => {
    expect(originAllowed({ allowed: 'any', own: null }, 'https://evil.example', null)).toBe(true);
  });
});
