/**
 * Does a delivery cost more, and a connection need more memory, when there are more of them? Every socket sends at the
 * same rate at each step, low enough that the last step leaves the server time.
 */
import type { Account } from '../report/account.js';
import { demand } from '../processes/changes.js';
import { sallyport } from '../contenders/contenders.js';
import { compareDeliveries, deliverySide, loadOf } from './deliveries.js';
import { memoryAt, type MemoryStep } from './memory.js';
import type { Effort, Figure, Ratio } from './ratio.js';

const STEPS = [400, 800, 1_600, 3_200] as const;
const [FIRST, , , LAST] = STEPS;
const RATE = 5;
/** Beyond what an empty process has free within its pages, which makes the first connections look cheap. */
const MEMORY_STEPS = { full: [3_200, 6_400, 9_600], short: [1_600, 3_200, 4_800] };

export const growth: Ratio = {
  name: 'growth',
  summary: `CPU of a delivery and memory, ${LAST} sockets to ${FIRST}, each at ${RATE} Hz in rooms of 8`,
  measure: async (account, effort) => {
    const cpu = await cpuGrowth(account, effort);
    const steps = await memoryAt(effort.isShort ? MEMORY_STEPS.short : MEMORY_STEPS.full);
    return [cpu, memoryGrowth(account, steps)];
  },
};

async function cpuGrowth(account: Account, effort: Effort): Promise<Figure> {
  const steps = effort.isShort ? [FIRST, LAST] : STEPS;
  const sides = steps.map((clients) => deliverySide(sallyport('auto'), loadOf(clients, RATE, effort), nameOf(clients)));
  const rounds = await compareDeliveries(account, effort, sides);
  const value = rounds.ratio(nameOf(LAST), nameOf(FIRST), ({ cpuUs }) => cpuUs);
  return {
    name: `growth: CPU of a delivery, ${LAST} sockets to ${FIRST}`,
    value,
    better: 'lower',
    target: 1,
    isDisturbed: rounds.isDisturbed,
  };
}

function memoryGrowth(account: Account, steps: readonly MemoryStep[]): Figure {
  account.table(
    ['memory', 'MB over the empty process', 'KB/connection'],
    steps.map(({ clients, kb }) => [nameOf(clients), (kb / 1024).toFixed(1), (kb / clients).toFixed(2)]),
  );
  const [first, second, third] = steps;
  demand(first !== undefined && second !== undefined && third !== undefined, 'all steps were made');
  const value = (third.kb - second.kb) / (second.kb - first.kb);
  return {
    name: 'growth: memory of the last third of sockets to the one before',
    value,
    better: 'lower',
    target: 1.2,
    isDisturbed: false,
  };
}

function nameOf(clients: number): string {
  return `${clients} sockets`;
}
