/** What `npm run bench:ratios` is made of: comparisons, each of which says in figures how Sallyport stands. */
import type { Repeats } from '../measure/rounds.js';
import type { Account } from '../report/account.js';

/** How long a comparison takes: quote the long form; compare the short form only with itself. */
export interface Effort extends Repeats {
  /** Of each run that is measured. */
  readonly seconds: number;
  /** Fewer clients and shorter searches. */
  readonly isShort: boolean;
}

export const FULL: Effort = { rounds: 5, seconds: 3, attempts: 3, isShort: false };
export const SHORT: Effort = { rounds: 3, seconds: 1.5, attempts: 2, isShort: true };

export interface Figure {
  /** The baseline keeps the figure by this name. */
  readonly name: string;
  readonly value: number;
  /** Which way is better. */
  readonly better: 'higher' | 'lower';
  /** What the figure has to reach; null: nothing was promised. */
  readonly target: number | null;
  /** Whether other programs took the server's core in every round: then the value says little. */
  readonly isDisturbed: boolean;
}

export interface Ratio {
  readonly name: string;
  readonly summary: string;
  /** Prints a small table; the figures come in a fixed order. Rejects when a run went wrong. */
  measure(account: Account, effort: Effort): Promise<readonly Figure[]>;
}

export function isMet({ value, better, target }: Figure): boolean {
  return target === null || (better === 'higher' ? value >= target : value <= target);
}

export function reportFigures(account: Account, figures: readonly Figure[]): void {
  const textOf = (value: number): string => value.toFixed(value >= 100 ? 0 : 2);
  account.table(
    ['figure', 'value', 'target', 'met'],
    figures.map((figure) => {
      const { name, value, better, target } = figure;
      if (target === null) return [name, textOf(value), '-', '-'];
      return [name, textOf(value), `${better === 'higher' ? '>=' : '<='} ${target}`, isMet(figure) ? 'yes' : 'no'];
    }),
  );
}
