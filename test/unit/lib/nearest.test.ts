import { expect, it } from 'vitest';
import { nearest } from '../../../src/lib/nearest.js';

it('finds the candidate that a slip of the pen missed', () => {
  expect(nearest('PROT', ['HOST', 'PORT'])).toBe('PORT');
  expect(nearest('HOSTS', ['HOST', 'PORT'])).toBe('HOST');
  expect(nearest('', ['HOST'])).toBeNull();
  expect(nearest('SOMETHING_ELSE', ['HOST', 'PORT'])).toBeNull();
});
