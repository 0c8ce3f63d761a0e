/** Figures as a table: how we stand, and where we are to stand. */
import type { Account } from '../report/account.js';
import { isMet, type Figure } from './ratio.js';

export function reportFigures(account: Account, figures: readonly Figure[]): void {
  account.table(
    ['figure', 'value', 'target', 'met'],
    figures.map((figure) => {
      const { name, value, better, target } = figure;
      if (target === null) return [name, valueOf(value), '-', '-'];
      return [name, valueOf(value), `${better === 'higher' ? '>=' : '<='} ${target}`, isMet(figure) ? 'yes' : 'no'];
    }),
  );
}

function valueOf(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(2);
}
