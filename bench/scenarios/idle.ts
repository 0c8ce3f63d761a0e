import { z } from 'zod';
import { Backend } from '../rest/backend.js';
import { demand } from '../processes/changes.js';
import { COLLECTABLE, settledBytes } from '../measure/memory.js';
import * as option from '../cli/options.js';
import { latencyPlot } from '../report/load-report.js';
import { defineScenario, type Bench, type Outcome } from '../cli/scenario.js';
import { openSessions } from '../rest/seats.js';
import { withTarget, type Gateway } from '../processes/target.js';
import { Visits } from '../visits/visits.js';
import { coresFor } from './load-run.js';

const KB = 1024;
const MB = KB * KB;

const options = z.object({
  ...option.targetOptions,
  ...option.redisOption,
  ...option.crowdOptions,
  clients: option.whole(2, 1_000_000).describe('how many connect').default(10_000),
  'at-once': option.whole(1, 100_000).describe('how many sockets are connecting at once').default(200),
  'max-kb': option.above0().describe('KB a connection may cost without the run failing').optional(),
  ...option.workersOption,
  ...option.quickOption,
});

/** The resident set of the gateway before and with the connections, each time with its garbage collected. */
export const idle = defineScenario({
  name: 'idle',
  summary: 'memory per connection, joined to sessions and silent',
  options,
  quick: { clients: 1_000 },
  run(given, bench) {
    demand(given.url === undefined || given.pid !== undefined, 'idle measures memory: with --url it needs --pid');
    return withTarget(given, COLLECTABLE, (gateway) => measure(gateway, given, bench));
  },
});

async function measure(gateway: Gateway, given: z.output<typeof options>, bench: Bench): Promise<Outcome> {
  const { account, progress } = bench;
  const { pid } = gateway;
  demand(pid !== null, 'idle needs the /proc of Linux');
  const crowd = option.crowdOf(given);
  const isOurs = given.url === undefined;
  const emptyBytes = await settledBytes(pid, isOurs);
  const seats = await openSessions(new Backend(gateway.url, gateway.key), crowd);
  const seatedBytes = await settledBytes(pid, isOurs);
  const visits = Visits.start(seats, crowd.roomsOf, given.workers, coresFor(given));
  try {
    const stage = await visits.connect(given['at-once'], (done) => progress.show(`${done} connected`));
    const fullBytes = await settledBytes(pid, isOurs);
    const held = await visits.count();
    await seats.end();
    const perConnectionKb = (fullBytes - emptyBytes) / crowd.clients / KB;
    const perSeatKb = (seatedBytes - emptyBytes) / crowd.clients / KB;
    account.table(
      [
        'memory',
        'empty MB',
        'with sessions MB',
        'with connections MB',
        'KB/connection',
        'of that KB for its seat',
        'connected',
      ],
      [
        [
          'resident set',
          ...[emptyBytes, seatedBytes, fullBytes].map((bytes) => (bytes / MB).toFixed(1)),
          perConnectionKb.toFixed(2),
          perSeatKb.toFixed(2),
          held,
        ],
      ],
    );
    const most = given['max-kb'] ?? Number.POSITIVE_INFINITY;
    return {
      figures: {
        emptyBytes,
        seatedBytes,
        fullBytes,
        perConnectionKb,
        perSeatKb,
        connected: held,
        failures: stage.failures,
      },
      plots: [latencyPlot([['connect', stage.latency]])],
      broken: [
        ...(held === crowd.clients
          ? []
          : [`${held} of ${crowd.clients} were connected: ${JSON.stringify(stage.failures)}`]),
        ...(perConnectionKb <= most ? [] : [`a connection costs ${perConnectionKb.toFixed(2)} KB`]),
      ],
    };
  } finally {
    visits.end();
  }
}
