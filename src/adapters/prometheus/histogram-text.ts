/** The text of histograms that are counted outside prom-client, whose observations allocate. */
import type { Histogram } from '../../lib/histogram.js';

export interface Series {
  /** Values come from fixed lists: nothing in them has to be escaped. */
  readonly labels: Readonly<Record<string, string>>;
  readonly values: Histogram;
}

/** Empty without series. `name` ends in the base unit. */
export function histogramText(name: string, help: string, series: readonly Series[]): string {
  if (series.length === 0) return '';
  const lines = [`# HELP ${name} ${help}`, `# TYPE ${name} histogram`];
  for (const { labels, values } of series) {
    const own = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
    const totals = values.cumulative();
    for (const [at, total] of totals.entries()) {
      const le = `le="${String(values.bounds[at] ?? '+Inf')}"`;
      lines.push(`${name}_bucket{${[le, ...own].join(',')}} ${String(total)}`);
    }
    const suffix = own.length === 0 ? '' : `{${own.join(',')}}`;
    lines.push(`${name}_sum${suffix} ${String(values.sum)}`);
    lines.push(`${name}_count${suffix} ${String(totals.at(-1) ?? 0)}`);
  }
  return `\n${lines.join('\n')}\n`;
}
