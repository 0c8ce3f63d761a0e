/** Building blocks of the schemas for texts from Redis. */
import { z } from 'zod';
import { parseExactJson } from '../../lib/exact-json.js';
import type { Json } from '../../lib/json.js';

export function branded<T>(parse: (text: string) => T | null) {
  return z.string().transform((text, context) => {
    const value = parse(text);
    if (value !== null) return value;
    context.addIssue('malformed');
    return z.NEVER;
  });
}

const NOTHING_KEPT: ReadonlySet<string> = new Set();

/** Any JSON. `JSON.parse` has just made the value: walking it would prove nothing and take longer than the parse. */
export const anyJson = z.custom<Json>((value) => value !== undefined);

/** JSON text whose value matches the schema. Numbers inside the objects of the `kept` members keep their texts. */
export function json<T extends z.ZodType>(schema: T, kept: ReadonlySet<string> = NOTHING_KEPT) {
  return z
    .string()
    .transform((text) => parseExactJson(text, kept))
    .pipe(schema);
}
