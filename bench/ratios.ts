/**
 * How we stand beside what we are measured by: `npm run bench:ratios`. Each comparison runs its sides in turn, again and
 * again, the server on one core and the load on the other, and prints what each side did and the medians of the rounds'
 * ratios. `--only rest,tokens` picks some, `--rounds 5` and `--seconds 3` say how long, `--quick` is short.
 */
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { Account } from './report/account.js';
import type { Effort } from './ratios/ratio.js';
import { measureAll } from './ratios/check.js';
import { FULL, SHORT } from './ratios/effort.js';
import { ratiosOf } from './ratios/all-ratios.js';
import { reportFigures } from './ratios/report.js';

const text = { type: 'string' } as const;

async function main(): Promise<void> {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  const { values } = parseArgs({
    options: { only: text, rounds: text, seconds: text, quick: { type: 'boolean', default: false } },
  });
  const chosen = ratiosOf(values.only);
  const effort = effortOf(values);
  const account = new Account((line) => process.stdout.write(`${line}\n`));
  reportFigures(account, await measureAll(account, chosen, effort));
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
