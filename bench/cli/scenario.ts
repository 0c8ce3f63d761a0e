/** A scenario of `npm run bench`: a name, a line that says what it shows, its options, and how it runs. */
import type { z } from 'zod';
import type { Account } from '../report/account.js';
import type { Plot } from '../report/plot.js';
import type { Progress } from '../report/progress.js';

/** The tools of a scenario. */
export interface Bench {
  readonly account: Account;
  readonly progress: Progress;
}

export interface Outcome {
  /** The whole result, as JSON writes it. */
  readonly figures: object;
  readonly plots: readonly Plot[];
  /** The reasons why the run failed; empty when it did not. */
  readonly broken: readonly string[];
}

export interface Definition<S extends z.ZodObject> {
  readonly name: string;
  readonly summary: string;
  /** Each has a description, and a default unless it is optional. */
  readonly options: S;
  /** Defaults that `--quick` replaces. */
  readonly quick: Readonly<Record<string, string | number>>;
  run(given: z.output<S>, bench: Bench): Promise<Outcome>;
}

/** A scenario of any options, as the command line needs it. */
export interface Scenario extends Pick<Definition<z.ZodObject>, 'name' | 'summary' | 'options'> {
  /** Parses the options, which are texts and flags by name. Throws with every problem in one message. */
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

/** The texts of the rules that do not hold. */
export function brokenOf(rules: readonly (readonly [holds: boolean, otherwise: string])[]): string[] {
  return rules.flatMap(([holds, otherwise]) => (holds ? [] : [otherwise]));
}

function problemsOf(error: z.ZodError): string {
  return error.issues
    .map(({ path, message }) => (path.length === 0 ? message : `--${path.join('.')}: ${message}`))
    .join('\n');
}
