import { describe, expect, it } from 'vitest';
import { Progress } from '../../../bench/report/progress.js';
import { saturationOf } from '../../../bench/report/load-report.js';
import { pageOf, type Page } from '../../../bench/report/page.js';
import { layOut, svgOf } from '../../../bench/report/plot.js';

const PAGE: Page = {
  scenario: 'relay',
  summary: 'rooms',
  startedAt: '2026-01-02T03:04:05.678Z',
  options: { clients: 16, note: '</script><script>alert(1)</script>' },
  machine: { cpus: 2 },
  broken: ['7 lost & 1 doubled'],
  tables: [{ head: ['deliveries', 'per s'], rows: [['4711', 815]] }],
  plots: [
    {
      title: 'Throughput',
      x: { label: 'seconds', scale: 'linear' },
      y: { label: 'deliveries/s', scale: 'linear' },
      lines: [
        {
          name: 'due',
          points: [
            [1, 100],
            [2, 250],
          ],
        },
      ],
    },
  ],
};

describe('the page of a run', () => {
  const html = pageOf(PAGE);

  it('BN6 holds the tables, the plots, the verdict and the numbers', () => {
    for (const text of ['4711', '815', 'Throughput', 'Failed: 7 lost &#38; 1 doubled', 'clients 16']) {
      expect(html).toContain(text);
    }
    const result = /<script type="application\/json" id="result">(.*?)<\/script>/s.exec(html)?.[1] ?? '';
    expect(JSON.parse(result)).toEqual(PAGE);
  });

  it('BN6 loads nothing, and runs nothing that was in the numbers', () => {
    expect(html).not.toMatch(/(src|href)=|url\(|@import|https?:\/\//);
    expect(html).toContain(`content="default-src 'none';`);
    expect(html).not.toContain('<script>alert');
  });
});

describe('a plot', () => {
  it('has a point for each value, inside the picture', () => {
    const svg = svgOf({
      ...PAGE.plots[0],
      title: 'Latency <b>',
      x: { label: 'percentile', scale: 'percentile' },
      y: { label: 'ms', scale: 'log' },
      lines: [
        {
          name: 'all',
          points: [
            [0, 0.2],
            [0.99, 3],
            [0.9999, 1_200],
          ],
        },
      ],
    });
    const points =
      /points="([^"]*)"/
        .exec(svg)?.[1]
        ?.split(' ')
        .map((pair) => pair.split(',').map(Number)) ?? [];
    expect(points).toHaveLength(3);
    for (const [x = -1, y = -1] of points) {
      expect(x >= 0 && x <= 860 && y >= 0 && y <= 300).toBe(true);
    }
    expect(svg).toContain('99.9 %');
    expect(svg).not.toContain('<b>');
  });

  it.each(['linear', 'log', 'percentile'] as const)('has numbers even without values (%s)', (scale) => {
    const { at, ticks } = layOut(scale, [], 0, 100);
    expect(ticks.every(([value]) => Number.isFinite(at(value)))).toBe(true);
  });
});

describe('which side was saturated', () => {
  it.each([
    [0.99, 0.3, 0.1, 'server'],
    [0.3, 0.99, 0.1, 'load'],
    [0.99, 0.99, 0.1, 'both'],
    [0.3, 0.3, 0.1, 'none'],
    [0.3, 0.3, 9, 'none, load held up'],
    [null, 0.3, 0.1, 'server not known'],
    [null, 0.99, 0.1, 'load'],
  ])('BN5 server %s, load %s of a core, lag %s ms: %s', (server, load, lag, side) => {
    expect(saturationOf(server, load, lag).side).toBe(side);
  });
});

describe('progress', () => {
  it('is one line on a terminal, and a line every 5 s elsewhere', () => {
    const written: string[] = [];
    let nowMs = 0;
    const output = (isTTY: boolean) => ({ isTTY, write: (text: string): number => written.push(text) });
    const plain = new Progress(output(false), () => nowMs);
    for (nowMs = 0; nowMs <= 11_000; nowMs += 500) plain.show(`at ${nowMs}`);
    plain.clear();
    expect(written.splice(0)).toEqual(['  at 5000\n', '  at 10000\n']);
    const terminal = new Progress(output(true), () => nowMs);
    terminal.show('one');
    terminal.show('two');
    terminal.clear();
    terminal.clear();
    expect(written).toEqual(['\r\u001b[K  one', '\r\u001b[K  two', '\r\u001b[K']);
  });
});
