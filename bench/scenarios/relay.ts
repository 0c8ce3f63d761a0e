import { z } from 'zod';
import * as option from '../cli/options.js';
import { defineScenario } from '../cli/scenario.js';
import { runLoad } from './load-run.js';

/** Every client of every room sends; every delivery is checked. */
export const relay = defineScenario({
  name: 'relay',
  summary: 'rooms whose members all send to each other',
  options: z.object({
    ...option.targetOptions,
    ...option.serverOption,
    ...option.crowdOptions,
    rate: option.above0().describe('messages a second of each client').default(20),
    ...option.messageOptions,
    ...option.timeOptions,
    ...option.phasesOption,
    ...option.workersOption,
    ...option.lossOption,
    ...option.quickOption,
  }),
  quick: { clients: 80, seconds: 2, 'warm-up': 0.5 },
  run(given, bench) {
    const { rate, payload: payloadBytes, seconds, 'warm-up': warmUpS, phases, workers } = given;
    return runLoad(given, { ...option.crowdOf(given), rate, payloadBytes, seconds, warmUpS, phases, workers }, bench);
  },
});
