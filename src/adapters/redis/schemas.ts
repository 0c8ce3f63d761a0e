/** Pieces of the schemas that texts from Redis are parsed with. */
import { z } from 'zod';

export function branded<T>(parse: (text: string) => T | null) {
  return z.string().transform((text, context) => {
    const value = parse(text);
    if (value !== null) return value;
    context.addIssue('malformed');
    return z.NEVER;
  });
}

/** JSON text of something. */
export function json<T extends z.ZodType>(schema: T) {
  return z
    .string()
    .transform((text): unknown => JSON.parse(text))
    .pipe(schema);
}
