/** Whether a node's labels fit a session's filters: pure. */
import type { Filter } from '../ports/relay-session.js';

/**
 * `any`: the label equals one of the values. `all`: the label equals every value, or, if it lists several separated by
 * "|", contains every value. `not`: the label equals none of the values; a node without the label matches.
 */
export function fits(labels: Readonly<Record<string, string>>, filters: readonly Filter[]): boolean {
  return filters.every(({ field, values, filterType }) => {
    const has = new Set((Object.hasOwn(labels, field) ? (labels[field] ?? '') : '').split('|').map(fold));
    const wanted = values.map(fold);
    switch (filterType) {
      case 'any':
        return wanted.some((value) => has.has(value));
      case 'all':
        return wanted.every((value) => has.has(value));
      case 'not':
        return !wanted.some((value) => has.has(value));
    }
  });
}

function fold(text: string): string {
  return text.trim().toLowerCase();
}
