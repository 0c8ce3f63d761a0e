import { expect, it } from 'vitest';
import { prettyLine } from '../../../src/adapters/pino/pretty.js';

const TIME = '2026-11-27T18:27:11.226Z';
const pretty = (fields: Readonly<Record<string, unknown>>, hasColor = false): string =>
  prettyLine(`${JSON.stringify({ level: 'info', time: TIME, event: 'it', ...fields })}\n`, hasColor);

it('OB14 a line for people has the time, the level, the event and the fields', () => {
  expect(pretty({ event: 'listening', url: 'http://127.0.0.1:8080', port: 8080, text: 'two words', none: null })).toBe(
    '18:27:11.226 INFO  listening url=http://127.0.0.1:8080 port=8080 text="two words" none=null\n',
  );
  expect(pretty({ level: 'warn' }, true)).toBe('18:27:11.226 \u001b[33mWARN \u001b[0m it\n');
});

it('OB14 an error has its stack and its causes in lines of their own', () => {
  const cause = { type: 'TypeError', message: 'deep' };
  const stack = 'Error: top\n    at a (b.js:1:2)';
  expect(pretty({ level: 'error', cause: { type: 'Error', message: 'top', stack, cause } })).toBe(
    '18:27:11.226 ERROR it\n    Error: top\n    at a (b.js:1:2)\n    TypeError: deep\n',
  );
});

it('OB14 a field moves no cursor: control characters are escaped', () => {
  const evil = 'a\u001b[2J\n\u009b2J\u202ex';
  for (const text of [pretty({ name: evil }), pretty({ cause: { type: evil, message: evil, stack: evil } })]) {
    expect(text.slice(0, -1).replaceAll('\n    ', '')).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/);
  }
});
