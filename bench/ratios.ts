/**
 * How we stand beside what we are measured by: `npm run bench:ratios`. Each comparison runs its sides in turn, again and
 * again, the server on one core and the load on the other, and prints what each side did and the medians of the rounds'
 * ratios. `--only rest,tokens` picks some, `--rounds 5` and `--seconds 3` say how long, `--quick` is short.
 */
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { Account } from './account.js';
import type { Effort, Figure, Ratio } from './ratios/ratio.js';
import { RATIOS } from './ratios/registry.js';
import { reportFigures } from './ratios/report.js';
import { FULL, SHORT } from './ratios/effort.js';

const text = { type: 'string' } as const;

async function main(): Promise<void> {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  const { values } = parseArgs({
    options: { only: text, rounds: text, seconds: text, quick: { type: 'boolean', default: false } },
  });
  const chosen = chooseRatios(values.only);
  const effort = effortOf(values);
  const account = new Account((line) => process.stdout.write(`${line}\n`));
  const figures: Figure[] = [];
  for (const ratio of chosen) {
    account.title(`${ratio.name}: ${ratio.summary}`);
    figures.push(...(await ratio.measure(account, effort)));
  }
  reportFigures(account, figures);
}

function chooseRatios(only: string | undefined): readonly Ratio[] {
  if (only === undefined) return RATIOS;
  return only.split(',').map((name) => {
    const found = RATIOS.find((ratio) => ratio.name === name);
    if (found === undefined) throw new Error(`--only knows ${RATIOS.map((each) => each.name).join(', ')}, not ${name}`);
    return found;
  });
}

function effortOf(given: {
  readonly rounds?: string | undefined;
  readonly seconds?: string | undefined;
  readonly quick: boolean;
}): Effort {
  const base = given.quick ? SHORT : FULL;
  return {
    ...base,
    rounds: z.coerce
      .number()
      .int()
      .min(1)
      .parse(given.rounds ?? base.rounds),
    seconds: z.coerce
      .number()
      .positive()
      .parse(given.seconds ?? base.seconds),
  };
}

main().catch((error: unknown) => {
  process.stderr.write(`\nbench failed: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
