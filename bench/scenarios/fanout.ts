import { z } from 'zod';
import * as option from '../cli/options.js';
import { defineScenario } from '../cli/scenario.js';
import { runLoad } from './load-run.js';

/** The order of each pair of receiver and sender is kept in one table: so many clients fit into it. */
const MAX_CLIENTS = 10_000;

/** One client of each room sends, the others listen. */
export const fanout = defineScenario({
  name: 'fanout',
  summary: 'one sender to many receivers in one room',
  options: z.object({
    ...option.targetOptions,
    ...option.serverOption,
    clients: option.whole(2, MAX_CLIENTS).describe('how many connect; one of each room sends').default(1_000),
    rooms: option.whole(1, 1_000).describe('how many rooms they share').default(1),
    rate: option.above0().describe('messages a second of each sender').default(20),
    ...option.messageOptions,
    ...option.timeOptions,
    ...option.workersOption,
    ...option.lossOption,
    ...option.quickOption,
  }),
  quick: { clients: 100, seconds: 2, 'warm-up': 0.5 },
  run(given, bench) {
    const { clients, rooms, rate, payload: payloadBytes, seconds, 'warm-up': warmUpS, workers } = given;
    const crowd = option.crowdOf({ clients, rooms, 'rooms-of': clients });
    const load = { ...crowd, senders: 1, rate, payloadBytes, seconds, warmUpS, workers, phases: 'spread' as const };
    return runLoad(given, load, bench);
  },
});
