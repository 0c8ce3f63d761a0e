import { describe, expect, it } from 'vitest';
import { originAllowed, type OriginRule } from '../../../src/sockets/origin.js';

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

  it('CN7 a listed origin passes with its port written out, and one of a shell around a page', () => {
    expect(originAllowed(listed, 'https://game.example:443', 'x')).toBe(true);
    const shell: OriginRule = { allowed: new Set(['capacitor://localhost']), own: null };
    expect(originAllowed(shell, 'capacitor://localhost', 'x')).toBe(true);
    expect(originAllowed(shell, 'capacitor://localhost:80', 'x')).toBe(false);
  });

  it.each(['https://relay.example', 'https://RELAY.example', 'HTTPS://relay.example:443'])(
    'CN7 with a public URL %j is the own origin, wherever the request went',
    (origin) => {
      for (const host of ['relay.example', 'internal:8080', null]) expect(originAllowed(own, origin, host)).toBe(true);
    },
  );

  it.each([
    'http://relay.example',
    'http://relay.example:443',
    'https://relay.example:80',
    'https://relay.example:8443',
    'https://relay.example:0443',
    'https://relay.example.',
    'https://relay.example.:443',
    'https://relay.example/',
    'https://relay.example:',
    'https://user@relay.example',
    'https://relay.example\\@evil.example',
    ' https://relay.example',
    'wss://relay.example',
    'http://internal:8080',
    'https://internal:8080',
    'null',
    '',
  ])('CN7 with a public URL %j is not, whatever Host says', (origin) => {
    for (const host of ['relay.example', 'relay.example:443', 'internal:8080', 'null', origin, null]) {
      expect(originAllowed(own, origin, host)).toBe(false);
    }
  });

  it('CN7 without a public URL the own origin is where the request went, over http', () => {
    const bare: OriginRule = { allowed: 'own', own: null };
    const isOwn = (origin: string, host: string | null): boolean => originAllowed(bare, origin, host);
    expect(isOwn('http://game.local:8080', 'game.local:8080')).toBe(true);
    expect(isOwn('http://GAME.local', 'game.LOCAL:80')).toBe(true);
    expect(isOwn('http://[::1]:8080', '[::1]:8080')).toBe(true);
    for (const [origin, host] of [
      ['https://game.local:8080', 'game.local:8080'],
      ['http://game.local', 'game.local:8080'],
      ['http://game.local:8080', 'game.local'],
      ['http://game.local.', 'game.local'],
      ['http://game.local', 'game.local.'],
      ['http://game.local', 'user@game.local'],
      ['http://', ''],
      ['null', 'null'],
      ['http://game.local', null],
    ] as const) {
      expect(isOwn(origin, host), `${origin} at ${String(host)}`).toBe(false);
    }
  });

  it('CN7 with * every page passes', () => {
    expect(originAllowed({ allowed: 'any', own: null }, 'https://evil.example', null)).toBe(true);
  });

  const wildcard: OriginRule = {
    allowed: new Set(['https://*.game.example', 'http://*.game.example:8080', 'http://dev.example:*']),
    own: null,
  };

  it.each([
    'https://play.game.example',
    'https://PLAY.game.example:443',
    'https://a.b.game.example',
    'https://xn--gme-0ra.game.example',
    'http://a.game.example:8080',
    'http://dev.example',
    'http://dev.example:5173',
  ])('OR1 %j passes a list with wildcards', (origin) => {
    expect(originAllowed(wildcard, origin, 'x')).toBe(true);
  });

  it.each([
    'https://game.example',
    'https://evilgame.example',
    'https://play.game.example.evil.example',
    'https://evil.example/.game.example',
    'https://evil.example#.game.example',
    'https://evil.example?.game.example',
    'https://evil.example@play.game.example',
    'https://evil.example\\.game.example',
    'https://.game.example',
    'https://a..game.example',
    'https://play.game.example.',
    'https://play.game.example:8443',
    'https://*.game.example',
    'http://play.game.example',
    'http://game.example:8080',
    'https://dev.example:5173',
    'http://a.dev.example:5173',
    'null',
    `https://${'a.'.repeat(2000)}game.example`,
  ])('OR1 %j does not', (origin) => {
    expect(originAllowed(wildcard, origin, 'game.example')).toBe(false);
  });

  const LOOPBACK = [
    'http://localhost',
    'http://localhost:5173',
    'https://LOCALHOST:8443',
    'http://app.localhost:3000',
    'http://127.0.0.1:3000',
    'http://127.1.2.3',
    'http://[::1]:3000',
  ];
  it.each(LOOPBACK)('OR2 in development %j passes, with a list and without one; elsewhere it does not', (origin) => {
    for (const rule of [own, listed]) {
      expect(originAllowed({ ...rule, loopback: true }, origin, 'x')).toBe(true);
      expect(originAllowed(rule, origin, 'x')).toBe(false);
    }
  });

  it.each([
    'http://localhost.evil.example',
    'http://evil-localhost',
    'http://127.0.0.1.evil.example',
    'http://localhost.',
    'http://localhost@evil.example',
    'http://evil.example:127',
    'http://[::2]',
    'http://10.0.0.1',
    'http://192.168.1.5:3000',
    'capacitor://localhost',
    'null',
  ])('OR2 %j is no loopback origin', (origin) => {
    for (const rule of [own, listed]) expect(originAllowed({ ...rule, loopback: true }, origin, 'x')).toBe(false);
  });
});
