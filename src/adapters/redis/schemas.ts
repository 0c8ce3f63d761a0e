/** Building blocks of the schemas for texts from Redis. */
import { z } from 'zod';
import type { Json } from '../../lib/json.js';

export function branded<T>(parse: (text: string) => T | null) {
  return z.string().transform((text, context) => {
    const value = parse(text);
    if (value !== null) return value;
    context.addIssue('malformed');
    return z.NEVER;
  });
}

/** Any JSON. `JSON.parse` has just made the value: walking it would prove nothing and take longer than the parse. */
export const anyJson = z.custom<Json>((value) => value !== undefined);

/** JSON text whose value matches the schema. */
export function json<T extends z.ZodType>(schema: T) {
  return z
    .string()
    .transform((text): unknown => JSON.parse(text))
    .pipe(schema);
}
