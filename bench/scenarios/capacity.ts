import { z } from 'zod';
import { deliveriesPerS, findCapacity, reportCapacities, type Attempt } from '../contenders/capacity-search.js';
import * as option from '../cli/options.js';
import { loadPlots, reportLoad, saturationOfResult } from '../report/load-report.js';
import type { Plot } from '../report/plot.js';
import { defineScenario } from '../cli/scenario.js';
import { contenderOf, coresFor } from './load-run.js';

const MAX_CLIENTS = 15_000;

/** The load grows by a quarter until it is not carried any more; what is found is the last that was. */
export const capacity = defineScenario({
  name: 'capacity',
  summary: 'the most deliveries/s with p99 within 25 ms and 99.9 % delivered',
  options: z.object({
    ...option.targetOptions,
    ...option.serverOption,
    ...option.crowdOptions,
    clients: option.whole(2, MAX_CLIENTS).describe('how many connect at first').default(400),
    'max-clients': option.whole(2, MAX_CLIENTS).describe('where the search ends at the latest').default(MAX_CLIENTS),
    rate: option.above0().describe('messages a second of each client').default(20),
    ...option.messageOptions,
    ...option.timeOptions,
    seconds: option.above0().max(600).describe('how long each load is measured').default(3),
    ...option.phasesOption,
    ...option.workersOption,
    ...option.quickOption,
  }),
  quick: { clients: 400, seconds: 1, 'warm-up': 0.5 },
  async run(given, { account }) {
    const { rate, payload: payloadBytes, seconds, 'warm-up': warmUpS, phases, workers } = given;
    const load = { ...option.crowdOf(given), rate, payloadBytes, seconds, warmUpS, phases, workers };
    const contender = contenderOf({ ...given, 'max-loss': 0 });
    const found = await findCapacity(account, contender, load, coresFor(given), given['max-clients']);
    const { attempts, limitedBy, clients, best } = found;
    if (best !== null) reportLoad(account, best);
    reportCapacities(account, new Map([[contender.name, found]]));
    const saturation = best === null ? null : saturationOfResult(best);
    const details =
      best === null ? {} : { counts: best.counts, window: best.window, latency: best.latency, samples: best.samples };
    return {
      figures: {
        deliveriesPerS: best === null ? 0 : deliveriesPerS(best),
        clients,
        limitedBy,
        attempts,
        saturation,
        ...details,
      },
      plots: [attemptsPlot(attempts), ...(best === null ? [] : loadPlots(best))],
      broken: best === null ? ['not even the first load was carried'] : [],
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
