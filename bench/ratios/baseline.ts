/** Figures that are kept in the repository, and whether new ones are worse than those. */
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { z } from 'zod';
import type { Figure } from './ratio.js';

/** How much worse a figure may be than the one kept. */
export const TOLERANCE = 0.15;

const baselineSchema = z.strictObject({
  /** When the figures were taken, and on what: ratios of another machine say little. */
  date: z.iso.date(),
  machine: z.string(),
  figures: z.record(z.string(), z.number().positive()),
});

export type Baseline = z.output<typeof baselineSchema>;

export interface Verdict {
  readonly figure: Figure;
  /** null: none is kept. */
  readonly kept: number | null;
  /** By how much it is worse, as a share of what was kept; below 0 when it is better. */
  readonly worseBy: number;
  /** More than is tolerated. Of a figure that was disturbed it is not held against us. */
  readonly isWorse: boolean;
}

/** Throws when the file is missing or is no baseline. */
export function readBaseline(file: string): Baseline {
  return baselineSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
}

/** Keeps these figures, and what there is of others. */
export function writeBaseline(file: string, before: Baseline | null, figures: readonly Figure[], date: string): void {
  const values = figures.map(({ name, value }): [string, number] => [name, Number(value.toPrecision(4))]);
  const kept: Baseline = {
    date,
    machine: machine(),
    figures: { ...before?.figures, ...Object.fromEntries(values) },
  };
  writeFileSync(file, `${JSON.stringify(kept, null, 2)}\n`);
}

export function judge(figure: Figure, baseline: Baseline): Verdict {
  const kept = baseline.figures[figure.name] ?? null;
  if (kept === null) return { figure, kept, worseBy: 0, isWorse: false };
  const worseBy = figure.better === 'higher' ? kept / figure.value - 1 : figure.value / kept - 1;
  return { figure, kept, worseBy, isWorse: worseBy > TOLERANCE };
}

/** The one that nothing disturbed, else the better one: noise makes a ratio worse more often than better. */
export function betterOf(a: Figure, b: Figure): Figure {
  if (a.isDisturbed !== b.isDisturbed) return a.isDisturbed ? b : a;
  const isABetter = a.better === 'higher' ? a.value >= b.value : a.value <= b.value;
  return isABetter ? a : b;
}

/** The type of machine, not its name. */
function machine(): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown CPU';
  return `${cpus().length} cores, ${model}, Node ${process.versions.node}, ${process.platform}`;
}
