import { emptyTallies, emptyTimings, type Metrics } from '../../src/ports/metrics.js';

/** Metrics that keep their tallies and show nothing. */
export function silentMetrics(tallies = emptyTallies()): Metrics {
  return {
    tallies,
    timings: emptyTimings(),
    closed: () => undefined,
    refused: () => undefined,
    answered: () => undefined,
    storeFailed: () => undefined,
    storeCalled: () => undefined,
    gauge: () => undefined,
    expose: () => Promise.resolve({ contentType: '', text: '' }),
  };
}
