/** The most deliveries a second, beside the bare engine's. */
import { findCapacities, reportCapacities } from '../contenders/capacity-search.js';
import { bareEngine, sallyport } from '../contenders/contenders.js';
import { deliveryRunOf } from '../contenders/load-once.js';
import { isCalm } from '../measure/rounds.js';
import { demand } from '../processes/changes.js';
import { chooseCores } from '../processes/cores.js';
import { loadOf } from './deliveries.js';
import type { Ratio } from './ratio.js';

const FIRST_CLIENTS = 600;
const RATE = 20;

export const capacity: Ratio = {
  name: 'capacity',
  summary: 'the most deliveries/s with p99 within 25 ms and 99.9 % delivered, to the bare engine',
  async measure(account, effort) {
    const contenders = [sallyport('auto'), bareEngine];
    const found = await findCapacities(account, contenders, loadOf(FIRST_CLIENTS, RATE, effort), chooseCores());
    reportCapacities(account, found);
    const runs = contenders.flatMap(({ name }) => {
      const best = found.get(name)?.best ?? null;
      return best === null ? [] : deliveryRunOf(best);
    });
    const [ours, bare] = runs;
    demand(ours !== undefined && bare !== undefined, 'a server did not carry even the first load');
    const isDisturbed = !runs.every(isCalm);
    const value = ours.perS / bare.perS;
    return [{ name: 'capacity: deliveries/s to bare', value, better: 'higher', target: null, isDisturbed }];
  },
};
