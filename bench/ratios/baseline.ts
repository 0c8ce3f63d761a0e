/** The figures that the repository keeps, and whether new ones are worse. */
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { z } from 'zod';
import type { Figure } from './ratio.js';

/** How much worse than the kept figure a new one may be. */
export const TOLERANCE = 0.15;

const baselineSchema = z.strictObject({
  /** The day of the figures; `machine` is their machine, since ratios of another machine say little. */
  date: z.iso.date(),
  machine: z.string(),
  figures: z.record(z.string(), z.number().positive()),
});

export type Baseline = z.output<typeof baselineSchema>;

export interface Verdict {
  readonly figure: Figure;
  /** null: none is kept. */
  readonly kept: number | null;
  /** How much worse it is, as a share of the kept value; below 0 when it is better. */
  readonly worseBy: number;
  /** Worse than tolerated. A disturbed figure is no failure. */
  readonly isWorse: boolean;
}

/** Throws when the file is missing or not a baseline. */
export function readBaseline(file: string): Baseline {
  return baselineSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
}

/** Writes these figures, and keeps the other ones. */
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

/** The undisturbed figure, else the better one: noise makes a ratio worse more often than better. */
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
