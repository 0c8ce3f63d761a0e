import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import * as option from '../cli/options.js';
import { defineScenario, type Bench, type Outcome } from '../cli/scenario.js';
import { Clients, type Stage } from '../load/clients.js';
import { BusyWatch } from '../measure/busy-watch.js';
import { listenOverflows } from '../measure/listen-queue.js';
import { sumOf } from '../measure/statistics.js';
import { coresFor, withTarget, type Gateway } from '../processes/target.js';
import { latencyColumns, latencyPlot, reportSaturation, saturationOf } from '../report/load-report.js';
import type { Plot } from '../report/plot.js';
import { Backend } from '../rest/backend.js';
import { openSessions } from '../rest/seats.js';

const MS_PER_S = 1_000;

const options = z.object({
  ...option.gatewayOptions,
  ...option.crowdOptions,
  clients: option.clients(4_000),
  ...option.atOnceOption,
  away: option.atLeast(0).describe('seconds between the drop and the return').default(0),
  spread: option.atLeast(0).describe('seconds over which the clients return; 0: all at once').default(0),
  'resume-window-ms': option
    .whole(0, 3_600_000)
    .describe("how long these sessions keep a lost socket's seat (default: the gateway's setting)")
    .optional(),
  within: option.above0().describe('seconds within which all clients must be back').default(30),
  ...option.workersOption,
  ...option.quickOption,
});

/** Every connection is cut, and every client resumes. A client that fails tries again after half a second. */
export const avalanche = defineScenario({
  name: 'avalanche',
  summary: 'all connections are dropped and resume at once: time until all are back',
  options,
  quick: { clients: 800 },
  run: (given, bench) => withTarget(given, {}, (gateway) => measure(gateway, given, bench)),
});

async function measure(gateway: Gateway, given: z.output<typeof options>, bench: Bench): Promise<Outcome> {
  const crowd = option.crowdOf(given);
  const windowMs = given['resume-window-ms'];
  const settings = windowMs === undefined ? {} : { resume_window_ms: windowMs };
  const seats = await openSessions(new Backend(gateway.url, gateway.key), crowd, settings);
  const load = { ...seats, wire: 'sallyport', roomsOf: crowd.roomsOf } as const;
  return Clients.with(load, { workers: given.workers, cores: coresFor(given) }, async (clients) => {
    const show = (done: number): void => bench.progress.show(`${done} of ${crowd.clients} connected`);
    const connected = await clients.connect(given['at-once'], show);
    bench.account.step(`${connected.done} of ${crowd.clients} connected in ${connected.seconds.toFixed(2)} s`);
    await clients.drop();
    await pause(given.away * MS_PER_S);
    const overflowsBefore = gateway.pid === null ? null : listenOverflows();
    const watch = new BusyWatch(gateway);
    const back = await clients.resume(given.spread * MS_PER_S, given.within * MS_PER_S, show);
    const { serverBusy } = watch.read(1, back.seconds);
    const overflows = overflowsBefore === null ? null : (listenOverflows() ?? 0) - overflowsBefore;
    await seats.end();
    return outcomeOf(back, serverBusy, overflows, bench);
  });
}

function outcomeOf(back: Stage, serverBusy: number | null, overflows: number | null, { account }: Bench): Outcome {
  const { wanted, done, strangers, failures, latency, sinceStart, loadBusy } = back;
  const allBackAfterMs = sinceStart.atMs(1);
  account.row({
    'came back': done,
    of: wanted,
    'all back after s': (allBackAfterMs / MS_PER_S).toFixed(2),
    'returns/s': ((MS_PER_S * done) / allBackAfterMs).toFixed(0),
    'failed attempts': sumOf(Object.values(failures), (count) => count),
    'not resumed whole': strangers,
  });
  const curves = [
    ['handshake and resume', latency],
    ['since the drop', sinceStart],
  ] as const;
  account.rows(curves, { time: ([name]) => name, ...latencyColumns(1, ([, times]) => times) });
  if (overflows !== null && overflows > 0) {
    account.step(
      `the kernel dropped ${overflows} handshakes because the server's queue of new connections was full: ` +
        'those clients wait 1 s, then 2 s, before they ask again',
    );
  }
  const reasons = Object.entries(failures);
  if (reasons.length > 0) account.table(['failed attempts', 'count'], reasons);
  const saturation = saturationOf(serverBusy, loadBusy, null);
  reportSaturation(account, saturation);
  return {
    figures: { ...back, allBackAfterMs, listenOverflows: overflows, saturation },
    plots: [latencyPlot(curves), returnPlot(sinceStart.curve())],
    broken: [
      ...(done === wanted ? [] : [`${done} of ${wanted} came back: ${JSON.stringify(failures)}`]),
      ...(strangers === 0 ? [] : [`${strangers} were not resumed whole`]),
    ],
  };
}

function returnPlot(curve: readonly (readonly [share: number, ms: number])[]): Plot {
  return {
    title: 'Clients that are back',
    x: { label: 'ms since the drop', scale: 'linear' },
    y: { label: '%', scale: 'linear' },
    lines: [{ name: 'back', points: curve.map(([share, ms]) => [ms, 100 * share]) }],
  };
}
