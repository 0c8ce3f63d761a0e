/** Options of a scenario: texts with defaults, other defaults with `--quick`, a seed, and where to write the figures. */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { MAX_SEED, newSeed } from './random.js';

/** What every scenario takes. */
export const commonOptions = {
  clients: z.coerce.number().int().min(2).max(15_000),
  seconds: z.coerce.number().positive(),
  'rooms-of': z.coerce.number().int().min(2).max(1_000),
  seed: z.coerce.number().int().min(0).max(MAX_SEED),
  json: z.string().nullable(),
  quick: z.boolean(),
};

export type Defaults = Readonly<Record<string, string | null>>;

/** Throws with every problem in one message. `quick` replaces some of the defaults. */
export function parseScenario<T>(
  args: readonly string[],
  schema: z.ZodType<T>,
  { full, quick }: { readonly full: Defaults; readonly quick: Defaults },
): T {
  const common: Defaults = { seed: String(newSeed()), json: null };
  const names = Object.keys({ ...common, ...full });
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...args],
    options: { ...Object.fromEntries(names.map((name) => [name, text])), quick: { type: 'boolean', default: false } },
  });
  const parsed = schema.safeParse({ ...common, ...full, ...(values.quick ? quick : {}), ...values });
  if (!parsed.success) throw new Error(z.prettifyError(parsed.error));
  return parsed.data;
}

export function writeFigures(file: string | null, figures: object): void {
  if (file !== null) writeFileSync(file, `${JSON.stringify(figures, null, 2)}\n`);
}

/** Runs a scenario's program: what it throws is said in one line, and ends it with 1. */
export function runScenario(name: string, main: () => Promise<void>): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  main().catch((error: unknown) => {
    process.stderr.write(`\n${name} failed: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  });
}
