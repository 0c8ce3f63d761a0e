/**
 * Has a ratio worsened? `npm run bench:check` measures them in their short form and compares them with bench/baseline.json;
 * it ends with 1 when one is more than 15 % worse each of three times, one of which nothing disturbed at least. `--update` keeps the new figures instead,
 * `--only rest,tokens` looks at some, `--baseline FILE` compares with another file.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Account } from './report/account.js';
import { readBaseline, TOLERANCE, writeBaseline } from './ratios/baseline.js';
import { checkAll, measureAll, reportVerdicts, worsened } from './ratios/check.js';
import { SHORT } from './ratios/effort.js';
import type { Ratio } from './ratios/ratio.js';
import { ratiosOf } from './ratios/all-ratios.js';
import { reportFigures } from './ratios/report.js';

/** Beside the compiled bench stands its source, and the file with it. */
const KEPT = fileURLToPath(new URL('../../bench/baseline.json', import.meta.url));

async function main(): Promise<void> {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      baseline: { type: 'string', default: KEPT },
      update: { type: 'boolean', default: false },
    },
  });
  const ratios = ratiosOf(values.only);
  const account = new Account((line) => process.stdout.write(`${line}\n`));
  if (values.update) {
    await update(account, ratios, values.baseline);
    return;
  }
  const baseline = readBaseline(values.baseline);
  const verdicts = await checkAll(account, ratios, SHORT, baseline);
  reportVerdicts(account, verdicts, baseline);
  const worse = worsened(verdicts).map(({ figure }) => figure.name);
  if (worse.length > 0) throw new Error(`worse by more than ${100 * TOLERANCE} %: ${worse.join('; ')}`);
}

/** Each ratio's figures are kept as soon as they are there, but for those that other programs disturbed. */
async function update(account: Account, ratios: readonly Ratio[], file: string): Promise<void> {
  for (const ratio of ratios) {
    const before = existsSync(file) ? readBaseline(file) : null;
    const figures = await measureAll(account, [ratio], SHORT);
    reportFigures(account, figures);
    const calm = figures.filter(({ isDisturbed }) => !isDisturbed);
    writeBaseline(file, before, calm, new Date().toISOString().slice(0, 10));
    const left = figures.filter(({ isDisturbed }) => isDisturbed).map(({ name }) => name);
    if (left.length > 0) account.title(`Not kept, since other programs were in the way: ${left.join('; ')}`);
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`\nbench failed: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
