import { expect, it } from 'vitest';
import { Histogram } from '../../../src/lib/histogram.js';
import { histogramText } from '../../../src/adapters/prometheus/histogram-text.js';

it('OB9 a histogram counts each value in the buckets that hold it', () => {
  const values = new Histogram([0.5, 1, 2]);
  for (const value of [0.25, 0.5, 1.5, 2, 64]) values.observe(value);
  expect(values.cumulative()).toEqual([2, 2, 4, 5]);
  expect(values.sum).toBe(68.25);
  expect(histogramText('x_seconds', 'Help.', [{ labels: { kind: 'a' }, values }])).toBe(`
# HELP x_seconds Help.
# TYPE x_seconds histogram
x_seconds_bucket{le="0.5",kind="a"} 2
x_seconds_bucket{le="1",kind="a"} 2
x_seconds_bucket{le="2",kind="a"} 4
x_seconds_bucket{le="+Inf",kind="a"} 5
x_seconds_sum{kind="a"} 68.25
x_seconds_count{kind="a"} 5
`);
  expect(histogramText('x_seconds', 'Help.', [])).toBe('');
});
