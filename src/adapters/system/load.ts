import { availableParallelism } from 'node:os';
import { performance } from 'node:perf_hooks';
import type { LoadMeter } from '../../ports/load.js';

/** From Node's own event-loop statistics. */
export function systemLoad(): LoadMeter {
  let last = performance.eventLoopUtilization();
  return {
    utilization() {
      const now = performance.eventLoopUtilization();
      const { utilization } = performance.eventLoopUtilization(now, last);
      last = now;
      return Number.isFinite(utilization) ? utilization : 0;
    },
  };
}

/** The cores that one of this machine's `workers` has, when all of them are busy. At least 1. */
export function coresOfWorker(workers: number): number {
  return Math.max(1, Math.floor(availableParallelism() / workers));
}
