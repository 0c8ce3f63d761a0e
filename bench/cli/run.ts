/** Runs the scenario of the command line: prints the account, writes the files, and sets the exit code. */
import { writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { Account } from '../report/account.js';
import { pageOf } from '../report/page.js';
import { Progress } from '../report/progress.js';
import { parseCommand, type Command } from './command-line.js';
import type { Scenario } from './scenario.js';

/** No output shows this option. */
const SECRET = 'key';

/** The first argument names one of the scenarios. */
export function runOneOf(scenarios: readonly Scenario[]): Promise<void> {
  return runArguments(process.argv.slice(2), scenarios);
}

/** Every argument is an option of this scenario. */
export function runAlone(scenario: Scenario): Promise<void> {
  return runArguments([scenario.name, ...process.argv.slice(2)], [scenario]);
}

async function runArguments(args: readonly string[], scenarios: readonly Scenario[]): Promise<void> {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  try {
    const command = parseCommand(args, scenarios);
    if (command.kind === 'help') process.stdout.write(command.text);
    else await run(command);
  } catch (error) {
    process.stderr.write(`\nbench failed: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  }
}

async function run({ scenario, prepared, json, html }: Extract<Command, { kind: 'run' }>): Promise<void> {
  const progress = new Progress(process.stdout);
  const account = new Account((line) => {
    progress.clear();
    process.stdout.write(`${line}\n`);
  });
  const startedAt = new Date().toISOString();
  account.title(`${scenario.name}: ${scenario.summary}`);
  const { figures, plots, broken } = await prepared.run({ account, progress });
  progress.clear();
  const options = Object.fromEntries(Object.entries(prepared.given).filter(([name]) => name !== SECRET));
  const head = { scenario: scenario.name, startedAt, options, machine: machine(), broken };
  if (json !== null) writeFileSync(json, `${JSON.stringify({ ...head, ...figures }, null, 2)}\n`);
  if (html !== null) writeFileSync(html, pageOf({ ...head, summary: scenario.summary, tables: account.tables, plots }));
  if (broken.length > 0) throw new Error(broken.join('; '));
  account.title('All checks passed.');
}

function machine(): object {
  const cpu = cpus()[0]?.model.trim() ?? 'unknown';
  const { version: node, platform, arch } = process;
  return { node, platform, arch, cpu, cpus: availableParallelism() };
}
