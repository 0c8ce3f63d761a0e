/** One load on one server, in rooms whose members all send (relay) or in rooms with one sender (fanout). */
import { z } from 'zod';
import * as option from '../cli/options.js';
import { defineScenario, type Bench, type Outcome } from '../cli/scenario.js';
import { contenderOf, type ServerGiven } from '../contenders/contenders.js';
import { complain, loadOnce, type Load } from '../contenders/load-once.js';
import { coresFor } from '../processes/target.js';
import { deliveredShare, loadPlots, reportLoad, saturationOfResult, watchLoad } from '../report/load-report.js';

/** One table keeps the order of each pair of receiver and sender: it has room for so many clients. */
const MAX_FANOUT = 10_000;
const quick = { clients: 100, seconds: 2, 'warm-up': 0.5 };

export const relay = defineScenario({
  name: 'relay',
  summary: 'rooms whose members all send to each other',
  options: z.object({ ...option.loadOptions, ...option.lossOption }),
  quick: { ...quick, clients: 80 },
  run: (given, bench) => runLoad(given, option.loadOf(given, given), bench),
});

export const fanout = defineScenario({
  name: 'fanout',
  summary: 'one sender to many receivers in one room',
  options: z
    .object({ ...option.loadOptions, ...option.lossOption })
    .omit({ 'rooms-of': true, phases: true })
    .extend({
      clients: option.clients(1_000, MAX_FANOUT).describe('number of clients; one of each room sends'),
      rooms: option.whole(1, 1_000).describe('number of rooms that the clients share').default(1),
    }),
  quick,
  run(given, bench) {
    const { workers } = given;
    const load = option.loadOf({ ...given, 'rooms-of': given.clients }, { senders: 1, phases: 'spread', workers });
    return runLoad(given, load, bench);
  },
});

interface Given extends ServerGiven {
  readonly 'max-loss': number;
}

async function runLoad(given: Given, load: Load, { account, progress }: Bench): Promise<Outcome> {
  const contender = contenderOf(given);
  const dueRate = (load.clients / load.roomsOf) * (load.senders ?? load.roomsOf) * load.rate * (load.roomsOf - 1);
  account.step(
    `${contender.name}: ${load.clients} clients in rooms of ${load.roomsOf}, ${load.payloadBytes} B at ${load.rate} Hz: ` +
      `${dueRate.toFixed(0)} deliveries/s due`,
  );
  const result = await loadOnce(contender, load, coresFor(given), { onInterval: watchLoad(progress) });
  reportLoad(account, result);
  const { samples, latency, lag, counts, window, problems } = result;
  const lostPercent = 100 * (1 - deliveredShare(result));
  const isLossAllowed = given['max-loss'] > 0 && lostPercent <= given['max-loss'];
  const complaint = complain({ problems, counts: isLossAllowed ? { ...counts, lost: 0 } : counts });
  return {
    figures: { counts, window, problems, latency, lag, saturation: saturationOfResult(result), samples },
    plots: loadPlots(result),
    broken: complaint === null ? [] : [complaint],
  };
}
