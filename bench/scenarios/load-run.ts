/** One load on one server, as the scenarios relay and fanout make it. */
import { bareEngine, running, sallyport, type ClassName, type Contender } from '../contenders/contenders.js';
import { ANY_CORES, chooseCores } from '../processes/cores.js';
import { isLoopback } from '../client/dial.js';
import type { Result } from '../load/result.js';
import { deliveredShare, loadPlots, reportLoad, saturationOfResult, watchLoad } from '../report/load-report.js';
import { complain, loadOnce, type Load } from '../contenders/load-once.js';
import type { Bench, Outcome } from '../cli/scenario.js';
import { givenGateway, type TargetGiven } from '../processes/target.js';

export interface LoadGiven extends TargetGiven {
  readonly server: 'gateway' | 'bare';
  readonly class: ClassName;
  readonly 'flush-ms': 'auto' | number;
  readonly 'max-loss': number;
}

export async function runLoad(given: LoadGiven, load: Load, { account, progress }: Bench): Promise<Outcome> {
  const contender = contenderOf(given);
  const dueRate = (load.clients / load.roomsOf) * (load.senders ?? load.roomsOf) * load.rate * (load.roomsOf - 1);
  account.step(
    `${contender.name}: ${load.clients} clients in rooms of ${load.roomsOf}, ${load.payloadBytes} B at ${load.rate} Hz: ` +
      `${dueRate.toFixed(0)} deliveries/s due`,
  );
  const result = await loadOnce(contender, load, coresFor(given), { onInterval: watchLoad(progress) });
  reportLoad(account, result);
  const { samples, latency, lag, counts, window, problems } = result;
  const figures = { counts, window, problems, latency, lag, saturation: saturationOfResult(result), samples };
  return { figures, plots: loadPlots(result), broken: brokenBy(result, given['max-loss']) };
}

export function contenderOf(given: LoadGiven): Contender {
  const gateway = givenGateway(given);
  if (given.server === 'bare') {
    if (gateway !== null) throw new Error('--server bare is a server of the bench, not one at a --url');
    return bareEngine;
  }
  return gateway === null
    ? sallyport(given['flush-ms'], given.class)
    : running(gateway, given['flush-ms'], given.class);
}

/** A server of ours has a core for itself; where a gateway at a URL runs on this machine is not ours to say. */
export function coresFor({ url }: Pick<TargetGiven, 'url'>): ReturnType<typeof chooseCores> {
  if (url === undefined) return chooseCores();
  return isLoopback(new URL(url).hostname) ? { server: null, load: chooseCores().load } : ANY_CORES;
}

function brokenBy(result: Result, maxLossPercent: number): string[] {
  const lostPercent = 100 * (1 - deliveredShare(result));
  const isLossBorne = maxLossPercent > 0 && lostPercent <= maxLossPercent;
  const judged = isLossBorne ? { ...result, counts: { ...result.counts, lost: 0 } } : result;
  const complaint = complain(judged);
  return complaint === null ? [] : [complaint];
}
