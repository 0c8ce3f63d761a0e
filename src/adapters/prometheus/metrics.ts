import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import { Histogram as Buckets } from '../../lib/histogram.js';
import { emptyTallies, emptyTimings, type Metrics, type Timings } from '../../ports/metrics.js';
import { histogramText, type Series } from './histogram-text.js';
import { closeLabel, refusalLabel } from './label-values.js';
import { exposeTallies } from './tallies.js';

/** Labels of `sallyport_build_info`. */
export interface BuildLabels {
  readonly version: string;
  /** The loaded WebSocket engine. */
  readonly engine: string;
  /** `memory` or `redis`. */
  readonly store: string;
}

const PREFIX = 'sallyport_';
const STORE_BUCKETS_S = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];
/** Gauges whose names end as those of counters do. `nodejs_active_handles` and its like hold the same numbers by type. */
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];
const HTTP_BUCKETS_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

/** Metrics in their own registry, with those of the process (memory, CPU, event-loop lag). */
export function createPrometheusMetrics(build: BuildLabels): Metrics {
  const registry = new Registry();
  const registers = [registry];
  // Under their stock names, which dashboards for any Node process know.
  collectDefaultMetrics({ register: registry });
  for (const name of MISNAMED) registry.removeSingleMetric(name);
  const buildInfo = new Gauge({
    name: `${PREFIX}build_info`,
    help: 'Always 1; the labels name the version, the engine and the store.',
    labelNames: ['version', 'engine', 'store'],
    registers,
  });
  buildInfo.set({ ...build }, 1);

  const closes = new Counter({
    name: `${PREFIX}socket_closes_total`,
    help: 'Closed sockets, by close code (1006: no close frame).',
    labelNames: ['code'],
    registers,
  });
  const refusals = new Counter({
    name: `${PREFIX}refusals_total`,
    help: 'Refused upgrades and error frames, by error code.',
    labelNames: ['code'],
    registers,
  });
  const answers = new Histogram({
    name: `${PREFIX}http_request_duration_seconds`,
    help: 'HTTP responses, by route pattern and status.',
    labelNames: ['route', 'status'],
    buckets: HTTP_BUCKETS_S,
    registers,
  });
  const storeFailures = new Counter({
    name: `${PREFIX}store_failures_total`,
    help: 'Failed store calls, by operation.',
    labelNames: ['operation'],
    registers,
  });
  const tallies = emptyTallies();
  exposeTallies(tallies, PREFIX, registry);
  const timings = emptyTimings();
  const storeCalls = new Map<string, Buckets>();

  return {
    tallies,
    timings,
    closed: (code) => closes.inc({ code: closeLabel(code) }),
    refused: (code) => refusals.inc({ code: refusalLabel(code) }),
    answered: (route, status, tookMs) => answers.observe({ route, status }, tookMs / 1000),
    storeFailed: (operation) => storeFailures.inc({ operation }),
    storeCalled: (operation, tookMs) => {
      const known = storeCalls.get(operation) ?? new Buckets(STORE_BUCKETS_S);
      known.observe(tookMs / 1000);
      storeCalls.set(operation, known);
    },
    gauge: (name, help, read) => exposeGauge(name, help, read, registry),
    expose: async () => ({
      contentType: registry.contentType,
      text: (await registry.metrics()) + timingsText(timings, storeCalls),
    }),
  };
}

function timingsText({ roundTrip, flush, join }: Timings, storeCalls: ReadonlyMap<string, Buckets>): string {
  const joins: Series[] = Object.entries(join).map(([kind, values]) => ({ labels: { kind }, values }));
  const calls: Series[] = [...storeCalls].map(([operation, values]) => ({ labels: { operation }, values }));
  return [
    histogramText(`${PREFIX}client_round_trip_seconds`, 'From a ping of the gateway to the pong of the client.', [
      { labels: {}, values: roundTrip },
    ]),
    histogramText(
      `${PREFIX}flush_delay_seconds`,
      'From the oldest entry of a batch to the call that gives the batch to the engine.',
      [{ labels: {}, values: flush }],
    ),
    histogramText(
      `${PREFIX}join_duration_seconds`,
      'From the head of a handshake to the end of the turn in which its socket opened, by kind of socket.',
      joins,
    ),
    histogramText(`${PREFIX}store_call_duration_seconds`, 'Calls to Redis, by operation.', calls),
  ].join('');
}

function exposeGauge(name: string, help: string, read: () => number, registry: Registry): void {
  const gauge: Gauge = new Gauge({
    name: name.startsWith(PREFIX) ? name : `${PREFIX}${name}`,
    help,
    registers: [registry],
    collect: () => gauge.set(read()),
  });
}
