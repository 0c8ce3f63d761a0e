/** Measures the ratios in their short form, and measures those again that seem worse than the kept figures. */
import type { Account } from '../report/account.js';
import { betterOf, judge, type Baseline, type Verdict } from './baseline.js';
import type { Effort, Figure, Ratio } from './ratio.js';

/** A ratio is worse only if it is worse every time. */
const TRIES = 3;

export async function measureAll(
  account: Account,
  ratios: readonly Ratio[],
  effort: Effort,
): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const ratio of ratios) {
    account.title(`${ratio.name}: ${ratio.summary}`);
    figures.push(...(await ratio.measure(account, effort)));
  }
  return figures;
}

/** Each figure is the best of its undisturbed tries, if there are any. Only ratios that seem worse are tried again. */
export async function checkAll(
  account: Account,
  ratios: readonly Ratio[],
  effort: Effort,
  baseline: Baseline,
): Promise<readonly Verdict[]> {
  const verdicts: Verdict[] = [];
  for (const ratio of ratios) {
    let figures = await measureAll(account, [ratio], effort);
    for (let tries = 1; tries < TRIES && figures.some((each) => judge(each, baseline).isWorse); tries += 1) {
      account.step(`${ratio.name} seems worse: measured again`);
      const again = await measureAll(account, [ratio], effort);
      figures = figures.map((figure) => again.filter(({ name }) => name === figure.name).reduce(betterOf, figure));
    }
    verdicts.push(...figures.map((figure) => judge(figure, baseline)));
  }
  return verdicts;
}

export function reportVerdicts(account: Account, verdicts: readonly Verdict[], baseline: Baseline): void {
  account.title(`against the figures of ${baseline.date} (${baseline.machine})`);
  account.table(
    ['figure', 'kept', 'now', 'worse by %', ''],
    verdicts.map(({ figure, kept, worseBy, isWorse }) => [
      figure.name,
      kept?.toFixed(3) ?? '-',
      figure.value.toFixed(3),
      kept === null ? '-' : (100 * worseBy).toFixed(0),
      kept === null ? 'not kept yet' : isWorse ? (figure.isDisturbed ? 'worse, but disturbed' : 'WORSE') : 'ok',
    ]),
  );
  if (verdicts.some(isInDoubt)) account.title('Other programs took the cores each time: try again on an idle machine.');
}

/** The verdicts that fail the check. */
export function worsened(verdicts: readonly Verdict[]): readonly Verdict[] {
  return verdicts.filter((verdict) => verdict.isWorse && !isInDoubt(verdict));
}

function isInDoubt({ figure, isWorse }: Verdict): boolean {
  return isWorse && figure.isDisturbed;
}
