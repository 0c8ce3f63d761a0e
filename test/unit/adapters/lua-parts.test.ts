import { describe, expect, test } from 'vitest';
import { neededParts } from '../../../src/adapters/redis/lua-parts.js';
import { loadScripts } from '../../../src/adapters/redis/script.js';

const SHARED = `-- A comment names unused().
local one = KEYS[1]

-- Says how long.
local LONG = 5
local SHORT = 1

local function first()

  return LONG
end

local function second()
  return first() + one
end

local function unused()
  return SHORT
end
`;

describe('the shared parts of scripts', () => {
  test('EVR7 a script gets what it uses, and what that uses, in the order of the file', () => {
    expect(neededParts(SHARED, '-- unused\nreturn second()\n')).toBe(
      [
        'local one = KEYS[1]',
        'local LONG = 5\nlocal SHORT = 1',
        'local function first()\n  return LONG\nend',
        'local function second()\n  return first() + one\nend\n',
      ].join('\n'),
    );
    expect(neededParts(SHARED, 'return 1\n')).toBe('');
  });

  test('EVR7 a part that checks something, or that takes keys, stays', () => {
    const check = 'local left = 1\nif left == 0 then return 0 end';
    const takes = 'local last = table.remove(KEYS)';
    expect(neededParts(`${check}\n\n${takes}\n\nlocal other = 2\n`, 'return 1\n')).toBe(`${check}\n${takes}\n`);
  });

  test('EVR7 every script that writes events takes the keys of the feed, and none lacks a function that it calls', () => {
    const { all } = loadScripts({ format: '1', isCluster: false });
    for (const { name, text } of all) {
      const known = new Set(
        [...text.matchAll(/local (?:function )?(\w+(?:, \w+)*)/g)].flatMap(([, of = '']) => of.split(', ')),
      );
      const bare = text.replaceAll(/--.*$/gm, '').replaceAll(/'[^']*'/g, "''");
      const called = [...bare.matchAll(/(?<![\w.])([a-z]\w*_\w+)\(/g)].map(([, of = '']) => of);
      expect([name, called.filter((of) => !known.has(of))]).toEqual([name, []]);
    }
  });
});
