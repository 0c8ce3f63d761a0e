/** What `npm run bench:ratios` is made of: comparisons, each of which says in figures how we stand. */
import type { Account } from '../report/account.js';

/** How long a comparison takes: the long form is to be quoted, the short one only compared with itself. */
export interface Effort {
  readonly rounds: number;
  /** Of each run that is measured. */
  readonly seconds: number;
  /** How often a run is made again at most while something else takes the server's core. */
  readonly attempts: number;
  /** Fewer clients and shorter searches. */
  readonly isShort: boolean;
}

export interface Figure {
  /** The name it is kept by. */
  readonly name: string;
  readonly value: number;
  /** Which way is better. */
  readonly better: 'higher' | 'lower';
  /** What it has to reach; null: nothing was promised. */
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
