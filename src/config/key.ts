/** How one setting is declared: its shape, and what docs/CONFIG.md says of it. */
import { z } from 'zod';

/** What is said of a key beside its shape. */
export interface KeyAbout {
  readonly env: `SALLYPORT_${string}`;
  /** One sentence or two for docs/CONFIG.md. */
  readonly doc: string;
  /** What values look like, for a person. */
  readonly type: string;
  /** Absent for keys that are not quantities. */
  readonly unit?: string;
  /** As it would be written in the environment; null when the key has none. */
  readonly default: string | null;
  /** What an unset key means, where there is no default. */
  readonly unset?: string;
  /** The value is never shown: not in problems, not in logs. */
  readonly secret: boolean;
}

/** What is said of each key; the schema has the keys themselves. */
export const registry = z.registry<KeyAbout>();

type About = Omit<KeyAbout, 'default' | 'secret' | 'unset'> & { readonly secret?: true };

/** A key that always has a value. */
export function withDefault<T>(
  schema: z.ZodType<T, string>,
  written: string,
  about: About,
): z.ZodType<T, string | undefined> {
  return schema.prefault(written).register(registry, { secret: false, ...about, default: written });
}

/** A key that may be absent; then it is null. */
export function optional<T>(
  schema: z.ZodType<T, string>,
  about: About & { readonly unset: string },
): z.ZodType<T | null, string | undefined> {
  return schema
    .optional()
    .transform((value) => value ?? null)
    .register(registry, { secret: false, ...about, default: null });
}

export const bytes = { type: 'integer', unit: 'bytes' } as const;
export const milliseconds = { type: 'integer', unit: 'ms' } as const;

export const MIN_SECRET_LENGTH = 32;
