/** `npm run bench:ratios` consists of comparisons. Each says in figures how Sallyport stands. */
import type { Repeats, Rounds, ServerRun } from '../measure/rounds.js';
import type { Account } from '../report/account.js';

/** How long a comparison takes. Quote the long form; compare the short form only with itself. */
export interface Effort extends Repeats {
  /** The length of each measured run. */
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
  readonly better: 'higher' | 'lower';
  /** The value to reach; null: there is none. */
  readonly target: number | null;
  /** Whether other programs took the server's core in every round: the value then says little. */
  readonly isDisturbed: boolean;
}

export interface Ratio {
  readonly name: string;
  readonly summary: string;
  /** Prints a small table; the figures come in a fixed order. Rejects when a run went wrong. */
  measure(account: Account, effort: Effort): Promise<readonly Figure[]>;
}

/** How much faster `ours` is than `peer`, by the clock and by the CPU time of the server. */
export function rateFigures(
  rounds: Rounds<ServerRun>,
  ours: string,
  peer: string,
  target: number,
  nameOf: (per: 's' | 'CPU second') => string,
): readonly Figure[] {
  const common = { better: 'higher', target, isDisturbed: rounds.isDisturbed } as const;
  return [
    { name: nameOf('s'), value: rounds.ratio(ours, peer, ({ perS }) => perS), ...common },
    { name: nameOf('CPU second'), value: rounds.ratio(peer, ours, ({ cpuUs }) => cpuUs), ...common },
  ];
}

export function isMet({ value, better, target }: Figure): boolean {
  return target === null || (better === 'higher' ? value >= target : value <= target);
}

export function reportFigures(account: Account, figures: readonly Figure[]): void {
  account.rows(figures, {
    figure: ({ name }) => name,
    value: ({ value }) => value.toFixed(value >= 100 ? 0 : 2),
    target: ({ better, target }) => (target === null ? '-' : `${better === 'higher' ? '>=' : '<='} ${target}`),
    met: (figure) => (figure.target === null ? '-' : isMet(figure) ? 'yes' : 'no'),
  });
}
