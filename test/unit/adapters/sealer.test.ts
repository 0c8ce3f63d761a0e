import { describe, expect, it } from 'vitest';
import { createSealer } from '../../../src/adapters/system/sealer.js';

describe('sealer', () => {
  const sealer = createSealer('a secret of the server');

  it('HT19 what is sealed opens on every node with the secret, in its context only', () => {
    const sealed = sealer.seal('sp_live_secret', 'answer-1');
    expect(createSealer('a secret of the server').open(sealed, 'answer-1')).toBe('sp_live_secret');
    expect(sealer.open(sealed, 'answer-2')).toBeNull();
    expect(createSealer('another secret').open(sealed, 'answer-1')).toBeNull();
  });

  it('HT19 it shows nothing of the text, and never looks the same twice', () => {
    const [first, second] = [sealer.seal('sp_live_secret', 'c'), sealer.seal('sp_live_secret', 'c')];
    expect(first).not.toBe(second);
    expect(Buffer.from(first, 'base64url').toString('latin1')).not.toContain('sp_live');
  });

  it.each(['', 'short', 'x'.repeat(60), '!!'])('HT19 %j does not open', (text) => {
    expect(sealer.open(text, 'c')).toBeNull();
  });

  it('HT19 changed bytes do not open', () => {
    const bytes = Buffer.from(sealer.seal('text', 'c'), 'base64url');
    for (const at of [0, 15, bytes.length - 1]) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(sealer.open(changed.toString('base64url'), 'c')).toBeNull();
    }
  });

  it('HT19 a mark is the same on every node with the secret, and says nothing without it', () => {
    const mark = sealer.mark('password1', 'c');
    expect(createSealer('a secret of the server').mark('password1', 'c')).toBe(mark);
    const others = [
      sealer.mark('password1', 'd'),
      sealer.mark('password2', 'c'),
      createSealer('x').mark('password1', 'c'),
    ];
    expect(new Set([mark, ...others]).size).toBe(4);
  });
});
