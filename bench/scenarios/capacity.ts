import { z } from 'zod';
import * as option from '../cli/options.js';
import { defineScenario } from '../cli/scenario.js';
import { Search, MAX_CLIENTS, reportCapacities, type Attempt } from '../contenders/capacity-search.js';
import { contenderOf } from '../contenders/contenders.js';
import { coresFor } from '../processes/target.js';
import { deliveriesPerS, loadPlots, reportLoad, saturationOfResult } from '../report/load-report.js';
import type { Plot } from '../report/plot.js';

/** The load grows by a quarter until the server no longer carries it. The result is the last load that it carried. */
export const capacity = defineScenario({
  name: 'capacity',
  summary: 'the most deliveries/s with p99 within 25 ms and 99.9 % delivered',
  options: z.object({
    ...option.loadOptions,
    clients: option.clients(400, MAX_CLIENTS).describe('number of clients in the first load'),
    'max-clients': option.whole(2, MAX_CLIENTS).describe('the search ends at this number').default(MAX_CLIENTS),
    seconds: option.above0().max(600).describe('how long each load is measured, in seconds').default(3),
  }),
  quick: { clients: 400, seconds: 1, 'warm-up': 0.5 },
  async run(given, { account }) {
    const contender = contenderOf(given);
    const load = option.loadOf(given, given);
    const search = new Search(account, contender, load, coresFor(given), given['max-clients']);
    while (!search.isOver) await search.step();
    const { found } = search;
    const { attempts, limitedBy, clients, best } = found;
    if (best !== null) reportLoad(account, best);
    reportCapacities(account, new Map([[contender.name, found]]));
    const shared = { clients, limitedBy, attempts };
    if (best === null) {
      const figures = { deliveriesPerS: 0, ...shared, saturation: null };
      return { figures, plots: [attemptsPlot(attempts)], broken: ['not even the first load was carried'] };
    }
    const { counts, window, latency, samples } = best;
    const more = { saturation: saturationOfResult(best), counts, window, latency, samples };
    return {
      figures: { deliveriesPerS: deliveriesPerS(best), ...shared, ...more },
      plots: [attemptsPlot(attempts), ...loadPlots(best)],
      broken: [],
    };
  },
});

function attemptsPlot(attempts: readonly Attempt[]): Plot {
  const sorted = attempts.toSorted((a, b) => a.deliveriesPerS - b.deliveriesPerS);
  return {
    title: 'Latency by load',
    x: { label: 'deliveries/s', scale: 'linear' },
    y: { label: 'ms', scale: 'log' },
    lines: [
      { name: 'p50', points: sorted.map((each) => [each.deliveriesPerS, each.p50Ms]) },
      { name: 'p99', points: sorted.map((each) => [each.deliveriesPerS, each.p99Ms]) },
    ],
  };
}
