import { expect, it } from 'vitest';
import { compareSpec, quotedRules, rulesOf } from '../../../scripts/spec/compare.js';

// Put together from parts, so that the check does not read these as titles of this file.
const title = (call: string, text: string): string => `${call}('${text}', () => {});`;

it('reads rules from lines and titles', () => {
  expect(rulesOf('# x\n- **AA1** one\n- **AB22** two\nAA3 is not one, nor is **AA4**\n')).toEqual(['AA1', 'AB22']);
  expect(quotedRules(title('it', 'AA1 works'))).toEqual(['AA1']);
  expect(quotedRules(title('test.each([[1, 2]])', 'AA1, AB22 work with %i'))).toEqual(['AA1', 'AB22']);
  expect(quotedRules(title('describe', 'AA1: a group') + title('it', 'AA1 again'))).toEqual(['AA1']);
  expect(quotedRules(title('it', 'works, see AA1') + title('expect', 'AA2 is not a title'))).toEqual([]);
});

it('names rules without a test, and tests of rules that are not there', () => {
  const spec = '- **AA1** one\n- **AA2** two\n';
  const agreed = [{ path: 'a.ts', source: title('it', 'AA1, AA2 hold') }];
  expect(compareSpec(spec, agreed)).toEqual([]);
  expect(compareSpec(spec, [{ path: 'a.ts', source: title('it', 'AA2, AA9 hold') }])).toEqual([
    'AA1 has no test that quotes it',
    'a.ts quotes AA9, which docs/SPEC.md does not have',
  ]);
  expect(compareSpec(spec + spec, agreed)).toHaveLength(2);
});
