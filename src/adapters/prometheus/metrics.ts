import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import { emptyTallies, type Metrics } from '../../ports/metrics.js';
import { closeLabel, refusalLabel } from './label-values.js';
import { exposeTallies } from './tallies.js';

/** What `sallyport_build_info` says of this process. */
export interface BuildLabels {
  readonly version: string;
  /** The WebSocket engine that was loaded. */
  readonly engine: string;
  /** `memory` or `redis`. */
  readonly store: string;
}

const PREFIX = 'sallyport_';
const HTTP_BUCKETS_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

/** Metrics in a registry of their own, with the process' own ones (memory, CPU, event loop lag). */
export function createPrometheusMetrics(build: BuildLabels): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry, prefix: PREFIX });
  const buildInfo = new Gauge({
    name: `${PREFIX}build_info`,
    help: 'Always 1; the labels say what runs here.',
    labelNames: ['version', 'engine', 'store'],
    registers,
  });
  buildInfo.set({ ...build }, 1);

  const closes = new Counter({
    name: `${PREFIX}socket_closes_total`,
    help: 'Sockets that closed, by close code (1006: without one).',
    labelNames: ['code'],
    registers,
  });
  const refusals = new Counter({
    name: `${PREFIX}refusals_total`,
    help: 'Refused upgrades and error frames, by code of the error catalogue.',
    labelNames: ['code'],
    registers,
  });
  const answers = new Histogram({
    name: `${PREFIX}http_request_duration_seconds`,
    help: 'HTTP answers, by route pattern and status.',
    labelNames: ['route', 'status'],
    buckets: HTTP_BUCKETS_S,
    registers,
  });
  const storeFailures = new Counter({
    name: `${PREFIX}store_failures_total`,
    help: 'Calls of the state store that failed, by operation.',
    labelNames: ['operation'],
    registers,
  });
  const tallies = emptyTallies();
  exposeTallies(tallies, PREFIX, registry);

  return {
    tallies,
    closed: (code) => closes.inc({ code: closeLabel(code) }),
    refused: (code) => refusals.inc({ code: refusalLabel(code) }),
    answered: (route, status, tookMs) => answers.observe({ route, status }, tookMs / 1000),
    storeFailed: (operation) => storeFailures.inc({ operation }),
    gauge: (name, help, read) => exposeGauge(name, help, read, registry),
    expose: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
  };
}

function exposeGauge(name: string, help: string, read: () => number, registry: Registry): void {
  const gauge: Gauge = new Gauge({
    name: name.startsWith(PREFIX) ? name : `${PREFIX}${name}`,
    help,
    registers: [registry],
    collect: () => gauge.set(read()),
  });
}
