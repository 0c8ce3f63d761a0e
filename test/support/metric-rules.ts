/** The rules of `promtool check metrics` that a metric of ours could break, for machines without promtool. */

const ABBREVIATED = /_(?:ms|us|ns|s|sec|secs|msec|kb|mb|gb|b)(?:_|$)/;
const NOT_BASE =
  /_(?:milliseconds|microseconds|nanoseconds|minutes|hours|days|kilobytes|megabytes|gigabytes|kibibytes|bits)(?:_|$)/;
const TYPE_IN_NAME = /_(?:counter|gauge|histogram|summary)(?:_|$)/;

/** The faults of a scrape, one line each. */
export function metricFaults(text: string): string[] {
  const types = new Map<string, string>();
  const helped = new Set<string>();
  const series = new Set<string>();
  const faults: string[] = [];
  for (const line of text.split('\n').filter((each) => each !== '')) {
    const [, kind, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) ?(.*)$/.exec(line) ?? [];
    if (kind === 'HELP') {
      if (rest === '') faults.push(`${name}: no help`);
      if (helped.has(name)) faults.push(`${name}: twice`);
      helped.add(name);
    } else if (kind === 'TYPE') {
      types.set(name, rest);
      faults.push(...faultsOfName(name, rest));
    } else {
      const own = line.slice(0, line.lastIndexOf(' '));
      if (series.has(own)) faults.push(`${own}: twice`);
      series.add(own);
      const family = own.replace(/\{.*/, '');
      const base = family.replace(/_(?:bucket|sum|count)$/, '');
      if (!(types.get(base) === 'histogram' || types.has(family)) || !(helped.has(base) || helped.has(family))) {
        faults.push(`${family}: no type or help`);
      }
    }
  }
  return faults;
}

function faultsOfName(name: string, type: string): string[] {
  const faults: string[] = [];
  if ((type === 'counter') !== name.endsWith('_total')) faults.push(`${name}: _total is for counters`);
  if (ABBREVIATED.test(name)) faults.push(`${name}: abbreviated unit`);
  if (NOT_BASE.test(name)) faults.push(`${name}: not the base unit`);
  if (TYPE_IN_NAME.test(name)) faults.push(`${name}: its type in its name`);
  if (!/^[a-z][a-z0-9_]*$/.test(name)) faults.push(`${name}: not in snake_case`);
  if (type === 'histogram' && !/_(?:seconds|bytes)$/.test(name)) faults.push(`${name}: no unit`);
  return faults;
}
