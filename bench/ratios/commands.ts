/** `bench:ratios` measures the comparisons; `bench:check` does so in the short form, against the kept baseline. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { above0, whole } from '../cli/options.js';
import { defineScenario } from '../cli/scenario.js';
import type { Account } from '../report/account.js';
import { RATIOS, ratiosOf } from './all-ratios.js';
import { readBaseline, TOLERANCE, writeBaseline } from './baseline.js';
import { checkAll, measureAll, reportVerdicts, worsened } from './check.js';
import { FULL, reportFigures, SHORT, type Figure, type Ratio } from './ratio.js';

/** The file is beside the bench's source, which is beside the compiled bench. */
const KEPT = fileURLToPath(new URL('../../../bench/baseline.json', import.meta.url));

const only = z
  .string()
  .refine((names) => ratiosOf(names).length > 0)
  .describe(`comma list from ${RATIOS.map(({ name }) => name).join(',')}`)
  .optional();

export const ratios = defineScenario({
  name: 'ratios',
  summary: 'how Sallyport compares with its yardsticks',
  options: z.object({
    only,
    rounds: whole(1, 1_000).describe('how often the sides take turns').optional(),
    seconds: above0().describe('how long each run is measured, in seconds').optional(),
    quick: z.boolean().describe('a short run').default(false),
  }),
  quick: {},
  async run(given, { account }) {
    const base = given.quick ? SHORT : FULL;
    const effort = { ...base, rounds: given.rounds ?? base.rounds, seconds: given.seconds ?? base.seconds };
    const figures = await measureAll(account, ratiosOf(given.only), effort);
    reportFigures(account, figures);
    return { figures: { figures }, plots: [], broken: [] };
  },
});

export const check = defineScenario({
  name: 'check',
  summary: 'whether a ratio is worse than its stored figure',
  options: z
    .object({
      only,
      baseline: z.string().min(1).describe('file with the stored figures').default(KEPT),
      update: z.boolean().describe('store the new figures instead of comparing').default(false),
    })
    .refine(({ update, baseline }) => update || readBaseline(baseline).date !== ''),
  quick: {},
  async run({ only: names, baseline: file, update }, { account }) {
    const chosen = ratiosOf(names);
    if (update) return { figures: { figures: await updateAll(account, chosen, file) }, plots: [], broken: [] };
    const baseline = readBaseline(file);
    const verdicts = await checkAll(account, chosen, SHORT, baseline);
    reportVerdicts(account, verdicts, baseline);
    const worse = worsened(verdicts).map(({ figure }) => figure.name);
    const broken = worse.length === 0 ? [] : [`worse by more than ${100 * TOLERANCE} %: ${worse.join('; ')}`];
    return { figures: { verdicts }, plots: [], broken };
  },
});

/** Keeps each ratio's figures as soon as they are measured, except those that other programs disturbed. */
async function updateAll(account: Account, chosen: readonly Ratio[], file: string): Promise<readonly Figure[]> {
  const all: Figure[] = [];
  for (const ratio of chosen) {
    const before = existsSync(file) ? readBaseline(file) : null;
    const figures = await measureAll(account, [ratio], SHORT);
    reportFigures(account, figures);
    const calm = figures.filter(({ isDisturbed }) => !isDisturbed);
    writeBaseline(file, before, calm, new Date().toISOString().slice(0, 10));
    const left = figures.filter(({ isDisturbed }) => isDisturbed).map(({ name }) => name);
    if (left.length > 0) account.title(`Not stored, because other programs took the cores: ${left.join('; ')}`);
    all.push(...figures);
  }
  return all;
}
