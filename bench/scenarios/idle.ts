import { z } from 'zod';
import * as option from '../cli/options.js';
import { defineScenario, type Bench, type Outcome } from '../cli/scenario.js';
import { Clients } from '../load/clients.js';
import { COLLECTABLE, KB, MB, settledBytes } from '../measure/memory.js';
import { demand } from '../processes/changes.js';
import { coresFor, withTarget, type Gateway } from '../processes/target.js';
import { latencyPlot } from '../report/load-report.js';
import { Backend } from '../rest/backend.js';
import { openSessions } from '../rest/seats.js';

const options = z.object({
  ...option.gatewayOptions,
  ...option.crowdOptions,
  clients: option.clients(10_000),
  ...option.atOnceOption,
  'max-kb': option.above0().describe('the run fails when a connection costs more KB').optional(),
  ...option.workersOption,
  ...option.quickOption,
});

/** The resident set of the gateway without and with the connections, each time after a garbage collection. */
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
  const { pid } = gateway;
  demand(pid !== null, 'idle needs the /proc of Linux');
  const crowd = option.crowdOf(given);
  const settled = (): Promise<number> => settledBytes(pid, given.url === undefined);
  const emptyBytes = await settled();
  const seats = await openSessions(new Backend(gateway.url, gateway.key), crowd);
  const seatedBytes = await settled();
  const load = { ...seats, wire: 'sallyport', roomsOf: crowd.roomsOf } as const;
  return Clients.with(load, { workers: given.workers, cores: coresFor(given) }, async (clients) => {
    const show = (done: number): void => bench.progress.show(`${done} connected`);
    const { failures, latency } = await clients.connect(given['at-once'], show);
    const fullBytes = await settled();
    const connected = await clients.count();
    await seats.end();
    const perConnectionKb = (fullBytes - emptyBytes) / crowd.clients / KB;
    const perSeatKb = (seatedBytes - emptyBytes) / crowd.clients / KB;
    bench.account.row({
      memory: 'resident set',
      'empty MB': (emptyBytes / MB).toFixed(1),
      'with sessions MB': (seatedBytes / MB).toFixed(1),
      'with connections MB': (fullBytes / MB).toFixed(1),
      'KB/connection': perConnectionKb.toFixed(2),
      'of that KB for its seat': perSeatKb.toFixed(2),
      connected,
    });
    const missing = `${connected} of ${crowd.clients} were connected: ${JSON.stringify(failures)}`;
    const isTooMuch = perConnectionKb > (given['max-kb'] ?? Number.POSITIVE_INFINITY);
    return {
      figures: { emptyBytes, seatedBytes, fullBytes, perConnectionKb, perSeatKb, connected, failures },
      plots: [latencyPlot([['connect', latency]])],
      broken: [
        ...(connected === crowd.clients ? [] : [missing]),
        ...(isTooMuch ? [`a connection costs ${perConnectionKb.toFixed(2)} KB`] : []),
      ],
    };
  });
}
