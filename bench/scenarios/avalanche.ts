import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { Backend } from '../rest/backend.js';
import { cpuTimeBetween, cpuTimeOf, shareOf } from '../measure/cpu.js';
import { listenOverflows } from '../measure/listen-queue.js';
import * as option from '../cli/options.js';
import { latencyPlot, reportSaturation, saturationOf } from '../report/load-report.js';
import type { Plot } from '../report/plot.js';
import { defineScenario, type Bench, type Outcome } from '../cli/scenario.js';
import { openSessions } from '../rest/seats.js';
import { withTarget, type Gateway } from '../processes/target.js';
import { Visits, type Stage } from '../visits/visits.js';
import { coresFor } from './load-run.js';

const MS_PER_S = 1_000;

const options = z.object({
  ...option.targetOptions,
  ...option.redisOption,
  ...option.crowdOptions,
  clients: option.whole(2, 1_000_000).describe('how many connect').default(4_000),
  'at-once': option.whole(1, 100_000).describe('how many sockets are connecting at once, before').default(200),
  away: z.coerce.number('must be a number').min(0).describe('seconds between the drop and the return').default(0),
  spread: z.coerce
    .number('must be a number')
    .min(0)
    .describe('seconds over which they come back; 0: all at once')
    .default(0),
  'resume-window-ms': option
    .whole(0, 3_600_000)
    .describe('how long these sessions keep the seat of a lost socket (else as the gateway is set)')
    .optional(),
  within: option.above0().describe('seconds in which all must be back').default(30),
  ...option.workersOption,
  ...option.quickOption,
});

/** Every connection is cut, and everybody comes back with its resume token; who fails tries again in half a second. */
export const avalanche = defineScenario({
  name: 'avalanche',
  summary: 'all connections are dropped and resume at once: until when all are back',
  options,
  quick: { clients: 800 },
  run: (given, bench) => withTarget(given, {}, (gateway) => measure(gateway, given, bench)),
});

async function measure(gateway: Gateway, given: z.output<typeof options>, bench: Bench): Promise<Outcome> {
  const crowd = option.crowdOf(given);
  const windowMs = given['resume-window-ms'];
  const settings = windowMs === undefined ? {} : { resume_window_ms: windowMs };
  const seats = await openSessions(new Backend(gateway.url, gateway.key), crowd, settings);
  const visits = Visits.start(seats, crowd.roomsOf, given.workers, coresFor(given));
  try {
    const connected = await visits.connect(given['at-once'], (done) => bench.progress.show(`${done} connected`));
    bench.account.step(`${connected.done} of ${crowd.clients} connected in ${connected.seconds.toFixed(2)} s`);
    await visits.drop();
    await pause(given.away * MS_PER_S);
    const { pid } = gateway;
    const overflowsBefore = pid === null ? null : listenOverflows();
    const from = pid === null ? null : cpuTimeOf(pid);
    const show = (done: number): void => bench.progress.show(`${done} of ${crowd.clients} are back`);
    const back = await visits.comeBack(given.spread * MS_PER_S, given.within * MS_PER_S, show);
    const serverBusy =
      from === null || pid === null ? null : shareOf(cpuTimeBetween(from, cpuTimeOf(pid)), back.seconds);
    const overflows = overflowsBefore === null ? null : (listenOverflows() ?? 0) - overflowsBefore;
    await seats.end();
    return outcomeOf(back, serverBusy, overflows, bench);
  } finally {
    visits.end();
  }
}

function outcomeOf(back: Stage, serverBusy: number | null, overflows: number | null, { account }: Bench): Outcome {
  const { wanted, done, strangers, failures, latency, sinceStart, loadBusy } = back;
  const failed = Object.values(failures).reduce((sum, count) => sum + count, 0);
  account.table(
    ['came back', 'of', 'all back after s', 'returns/s', 'failed attempts', 'not resumed whole'],
    [
      [
        done,
        wanted,
        (sinceStart.atMs(1) / MS_PER_S).toFixed(2),
        ((MS_PER_S * done) / sinceStart.atMs(1)).toFixed(0),
        failed,
        strangers,
      ],
    ],
  );
  account.table(
    ['ms', 'p50', 'p90', 'p99', 'max'],
    [
      ['handshake and resume', ...[0.5, 0.9, 0.99, 1].map((share) => latency.atMs(share).toFixed(1))],
      ['since the drop', ...[0.5, 0.9, 0.99, 1].map((share) => sinceStart.atMs(share).toFixed(1))],
    ],
  );
  if (overflows !== null && overflows > 0) {
    account.step(
      `the kernel dropped ${overflows} handshakes, since the server's queue of new connections was full: ` +
        'who was dropped waits 1 s, then 2 s, before it asks again',
    );
  }
  const reasons = Object.entries(failures);
  if (reasons.length > 0) account.table(['failed attempts', 'count'], reasons);
  const saturation = saturationOf(serverBusy, loadBusy, null);
  reportSaturation(account, saturation);
  return {
    figures: { ...back, allBackAfterMs: sinceStart.atMs(1), listenOverflows: overflows, saturation },
    plots: [
      latencyPlot([
        ['handshake and resume', latency],
        ['since the drop', sinceStart],
      ]),
      returnPlot(sinceStart.curve()),
    ],
    broken: [
      ...(done === wanted ? [] : [`${done} of ${wanted} came back: ${JSON.stringify(failures)}`]),
      ...(strangers === 0 ? [] : [`${strangers} were not resumed whole`]),
    ],
  };
}

function returnPlot(curve: readonly (readonly [share: number, ms: number])[]): Plot {
  return {
    title: 'Who is back',
    x: { label: 'ms since the drop', scale: 'linear' },
    y: { label: '%', scale: 'linear' },
    lines: [{ name: 'back', points: curve.map(([share, ms]) => [ms, 100 * share]) }],
  };
}
