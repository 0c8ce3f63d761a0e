/** The API key of a system on the login surface: the query parameter `apiKey` or `api_key`. */
import type { KeyCarrier } from '../auth.js';

const NAMES = ['apiKey', 'api_key'] as const;

export const keyInQuery: KeyCarrier = {
  form: '"?apiKey=<key>"',
  read: ({ query }) => {
    const parameters = new URLSearchParams(query);
    const given = NAMES.flatMap((name) => parameters.getAll(name));
    return given.length === 1 ? (given[0] ?? null) : null;
  },
};

/** Whether a request carries API keys at all, however many and valid or not. */
export function hasKeyParameter(query: string): boolean {
  const parameters = new URLSearchParams(query);
  return NAMES.some((name) => parameters.has(name));
}
