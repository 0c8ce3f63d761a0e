/** The most deliveries a second, beside the bare engine's. */
import type { Account, Cell } from '../report/account.js';
import { findCapacities, type Capacity } from '../contenders/capacity-search.js';
import { demand } from '../processes/changes.js';
import { bareEngine, sallyport } from '../contenders/contenders.js';
import { chooseCores } from '../processes/cores.js';
import { shareOf } from '../measure/cpu.js';
import { serverCpuOf, type Result } from '../load/result.js';
import { loadOf } from './deliveries.js';
import { isUndisturbed } from '../contenders/rounds.js';
import type { Ratio } from './ratio.js';

const FIRST_CLIENTS = 600;
const RATE = 20;
const HEAD = ['capacity', 'deliveries/s', 'clients', 'p99 ms', 'server busy %', 'load busy %', 'limited by'];

export const capacity: Ratio = {
  name: 'capacity',
  summary: 'the most deliveries/s with p99 within 25 ms and 99.9 % delivered, to the bare engine',
  async measure(account, effort) {
    const load = loadOf(FIRST_CLIENTS, RATE, effort);
    const cores = chooseCores();
    const gateway = sallyport('auto');
    const found = await findCapacities(account, [bareEngine, gateway], load, cores);
    report(account, [...found]);
    const [bare, ours] = [bareEngine, gateway].map(({ name }) => found.get(name)?.best ?? null);
    demand(
      bare !== null && bare !== undefined && ours !== null && ours !== undefined,
      'not even the first load was carried',
    );
    const value = perS(ours) / perS(bare);
    const isDisturbed = [bare, ours].some((each) => !isUndisturbed(each));
    return [{ name: 'capacity: deliveries/s to bare', value, better: 'higher', target: null, isDisturbed }];
  },
};

function report(account: Account, found: readonly (readonly [string, Capacity])[]): void {
  account.table(
    HEAD,
    found.map(([name, { best, clients, limitedBy }]): Cell[] => {
      if (best === null) return [name, 0, 0, '-', '-', '-', limitedBy];
      const { window, latencyMs } = best;
      return [
        name,
        perS(best).toFixed(0),
        clients,
        latencyMs.p99.toFixed(2),
        (100 * shareOf(serverCpuOf(best), window.seconds)).toFixed(0),
        (100 * shareOf(window.loadCpu, window.seconds)).toFixed(0),
        limitedBy,
      ];
    }),
  );
}

function perS({ window }: Result): number {
  return window.deliveries / window.seconds;
}
