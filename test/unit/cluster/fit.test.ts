import { describe, expect, it } from 'vitest';
import { fits } from '../../../src/cluster/fit.js';
import type { FilterType } from '../../../src/ports/relay-session.js';

const labels = { region: 'Europe', country: 'FR', tier: 'gpu|fast' };

describe('filters over node labels', () => {
  it.each<[string, string[], FilterType, boolean]>([
    ['region', ['Europe', 'Asia'], 'any', true],
    ['region', ['Asia'], 'any', false],
    ['region', ['europe'], 'any', true],
    ['region', ['Europe'], 'all', true],
    ['region', ['Europe', 'Asia'], 'all', false],
    ['tier', ['gpu', 'fast'], 'all', true],
    ['country', ['DE'], 'not', true],
    ['country', ['FR', 'DE'], 'not', false],
    ['city', ['Paris'], 'any', false],
    ['city', ['Paris'], 'not', true],
    ['__proto__', ['x'], 'any', false],
    ['constructor', ['x'], 'any', false],
  ])('PL1 %s %j %s: %s', (field, values, filterType, fit) => {
    expect(fits(labels, [{ field, values, filterType }])).toBe(fit);
  });

  it('PL1 every filter must fit', () => {
    const region = { field: 'region', values: ['Europe'], filterType: 'any' } as const;
    expect(fits(labels, [region, { field: 'country', values: ['FR'], filterType: 'any' }])).toBe(true);
    expect(fits(labels, [region, { field: 'country', values: ['DE'], filterType: 'any' }])).toBe(false);
    expect(fits({}, [])).toBe(true);
  });
});
