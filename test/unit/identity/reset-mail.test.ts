import { expect, it } from 'vitest';
import { resetMail, resetTemplateNamed } from '../../../src/identity/reset-mail.js';

const PARTS = { to: 'a@mail.example', username: null, link: 'https://app.example/?a=1&token=x', validMinutes: 30 };

it('LS18 what stands in a mail as HTML is escaped', () => {
  const { html, text } = resetMail('default', { ...PARTS, username: '<img src=x onerror="a()">&\'' });
  expect(html).toContain('Hello &lt;img src=x onerror=&quot;a()&quot;&gt;&amp;&#39;,');
  expect(html).toContain('href="https://app.example/?a=1&amp;token=x"');
  expect(html).not.toContain('<img');
  expect(text).toContain('https://app.example/?a=1&token=x\n');
});

it('LS18 templates have their own words; a name of none is the default', () => {
  expect(resetMail('welcome', PARTS).subject).not.toBe(resetMail('default', PARTS).subject);
  expect(resetMail('default', PARTS).text).toMatch(/^Hello,\n/);
  const names = ['welcome', 'default', 'resetPassword', '', '__proto__', 'toString', undefined];
  expect(names.map(resetTemplateNamed)).toEqual(['welcome', ...Array.from({ length: 6 }, () => 'default')]);
});
