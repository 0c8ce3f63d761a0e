/** How a setting is declared: its shape and its text in docs/CONFIG.md. */
import { z } from 'zod';

/** The description of a key beside its shape. */
export interface KeyAbout {
  readonly env: `SALLYPORT_${string}`;
  /** One or two sentences for docs/CONFIG.md. */
  readonly doc: string;
  /** The form of values, in words. */
  readonly type: string;
  /** Absent for keys that are not quantities. */
  readonly unit?: string;
  /** As written in the environment; null when the key has no default. */
  readonly default: string | null;
  /** The effect of leaving the key unset, when it has no default. */
  readonly unset?: string;
  /** The value is never shown, neither in problems nor in logs. */
  readonly secret: boolean;
}

/** The descriptions of all keys; the schema holds the keys themselves. */
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

/** A key that may be unset; its value is then null. */
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
