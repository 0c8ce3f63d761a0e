/** What a scenario of `npm run bench` is: a name, a line that says what it shows, its options, and how it runs. */
import type { z } from 'zod';
import type { Account } from '../report/account.js';
import type { Progress } from '../report/progress.js';
import type { Plot } from '../report/plot.js';

/** What a scenario works with. */
export interface Bench {
  readonly account: Account;
  readonly progress: Progress;
}

export interface Outcome {
  /** The whole result, as JSON writes it. */
  readonly figures: object;
  readonly plots: readonly Plot[];
  /** Why the run failed; empty when it did not. */
  readonly broken: readonly string[];
}

export interface Definition<S extends z.ZodObject> {
  readonly name: string;
  readonly summary: string;
  /** Written as on the command line: each with a description, and a default unless it may be left out. */
  readonly options: S;
  /** Defaults that `--quick` puts in the place of others. */
  readonly quick: Readonly<Record<string, string | number>>;
  run(given: z.output<S>, bench: Bench): Promise<Outcome>;
}

/** Of any options: what the command line needs. */
export interface Scenario {
  readonly name: string;
  readonly summary: string;
  readonly options: z.ZodObject;
  /** Parses the options, as texts and flags by name. Throws with every problem in one message. */
  prepare(values: Readonly<Record<string, unknown>>): Prepared;
}

export interface Prepared {
  readonly given: Readonly<Record<string, unknown>>;
  run(bench: Bench): Promise<Outcome>;
}

export function defineScenario<S extends z.ZodObject>(definition: Definition<S>): Scenario {
  const { name, summary, options, quick } = definition;
  return {
    name,
    summary,
    options,
    prepare(values) {
      const parsed = options.safeParse({ ...(values['quick'] === true ? quick : {}), ...values });
      if (!parsed.success) throw new Error(problemsOf(parsed.error));
      return { given: parsed.data, run: (bench) => definition.run(parsed.data, bench) };
    },
  };
}

function problemsOf(error: z.ZodError): string {
  return error.issues
    .map(({ path, message }) => (path.length === 0 ? message : `--${path.join('.')}: ${message}`))
    .join('\n');
}
