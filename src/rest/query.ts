import { Failure } from '../protocol/failure.js';

/** Parses a raw query. Throws `invalid_request` when a name comes twice, because two readers could pick different values. */
export function parseQuery(raw: string, whole: 'query' | 'body' = 'query'): Readonly<Record<string, string>> {
  const found = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(raw)) {
    if (found.has(name)) throw new Failure('invalid_request', { message: `${whole}: a parameter is given twice.` });
    found.set(name, value);
  }
  return Object.fromEntries(found);
}
