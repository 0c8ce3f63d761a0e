import { emptyTallies, type Metrics } from '../../src/ports/metrics.js';

/** Metrics that keep their tallies and show nothing. */
export function silentMetrics(tallies = emptyTallies()): Metrics {
  return {
    tallies,
    closed: () => undefined,
    refused: () => undefined,
    answered: () => undefined,
    storeFailed: () => undefined,
    gauge: () => undefined,
    expose: () => Promise.resolve({ contentType: '', text: '' }),
  };
}
