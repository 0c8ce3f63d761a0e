/** `npm run bench -- <scenario> [options]`: see docs/BENCH.md, or run it with --help. */
import { writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { Account } from './report/account.js';
import { parseCommand, type Command } from './scenarios/command-line.js';
import { Progress } from './report/progress.js';
import { SCENARIOS } from './scenarios/registry.js';
import { pageOf } from './report/page.js';

/** The option that is not shown. */
const SECRET = 'key';

async function main(): Promise<void> {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  const command = parseCommand(process.argv.slice(2), SCENARIOS);
  if (command.kind === 'help') process.stdout.write(command.text);
  else await run(command);
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
  account.title('Everything was as promised.');
}

function machine(): object {
  const model = cpus()[0]?.model.trim() ?? 'unknown';
  return {
    node: process.version,
    platform: process.platform,
    arch: process.arch,
    cpu: model,
    cpus: availableParallelism(),
  };
}

main().catch((error: unknown) => {
  process.stderr.write(`\nbench failed: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
