/**
 * Compares the server's cost of a delivery at equal load. The bare engine and Sallyport with flush_ms auto, 2 and 0 run one after
 * the other, each in a new process, and again as often as `--repeat` says. The table shows medians, and the median of the
 * rounds' ratios to bare, so that a machine that slows down between rounds does no harm. A disturbed run counts only
 * where there is no other.
 *
 * The server has one core, the load generator another. The CPU time is that of the server process: user and system, all
 * threads, in the measured window alone. Each client sends at its own phase of the period (bench/load/schedule.ts). How
 * near the phases of one room are decides how much there is to gather, so `--phases` takes several, one table each.
 * Latency counts from when a message was due. The bench fails when a delivery is lost, doubled, out of order or damaged.
 *
 * `--profile DIR`: servers write a V8 CPU profile into DIR/<contender>. A server that is profiled costs more, so do not
 * quote the ratios of such a run.
 */
import { z } from 'zod';
import { defineScenario } from '../cli/scenario.js';
import { compare, comparisonOptions, loadOf, QUICK } from './comparison.js';

export const flush = defineScenario({
  name: 'flush',
  summary: 'what a delivery costs by flush_ms, to the bare engine',
  options: comparisonOptions.extend({
    profile: z.string().min(1).describe('folder for CPU profiles of the servers').optional(),
  }),
  quick: QUICK,
  async run(given, { account }) {
    const tables: Record<string, object> = {};
    for (const phases of given.phases) {
      const load = loadOf(given, phases);
      const options = { isStrict: true, profileDir: given.profile ?? null };
      tables[phases] = await compare(account, given, load, options);
    }
    account.title('Every delivery of every run came once and in order.');
    return { figures: { tables }, plots: [], broken: [] };
  },
});
