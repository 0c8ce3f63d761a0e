import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { ROOT_KEY } from '../support/gateway.js';

const MAIN = fileURLToPath(new URL('../../dist/src/main.js', import.meta.url));

interface Run {
  readonly stdout: string;
  readonly stderr: string;
}

/** Everything that the program prints until `isDone`, and while it ends. */
async function outputOf(
  command: readonly [file: string, ...args: string[]],
  env: Readonly<Record<string, string>>,
  isDone: (run: Run) => boolean,
): Promise<Run> {
  const [file, ...args] = command;
  const child = spawn(file, args, {
    env: { PATH: process.env['PATH'], SALLYPORT_PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const run = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (run.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (run.stderr += text));
  let isOver = false;
  child.on('close', () => (isOver = true));
  try {
    await eventually(() => (isDone(run) ? null : `${run.stdout}${run.stderr}`), 20_000);
  } finally {
    child.kill();
    await eventually(() => (isOver ? null : 'still running'), 20_000);
  }
  return run;
}

const inPipe = [process.execPath, MAIN] as const;
/** The program with a terminal as its output. */
const inTerminal = ['script', '-qefc', `${process.execPath} ${MAIN}`, '/dev/null'] as const;
const greeted = ({ stdout, stderr }: Run): boolean => (stdout + stderr).includes('Stop: Ctrl-C');
const listens = ({ stdout }: Run): boolean => stdout.includes('listening');

/** Whether each line is a JSON object. */
function isJson(text: string): boolean {
  return text
    .trim()
    .split('\n')
    .every((line) => /^\{.*\}$/.test(line));
}

it('OB15 in a terminal lines are for people, and the greeting is one block after them', async () => {
  const { stdout } = await outputOf(inTerminal, {}, greeted);
  const text = stdout.replaceAll('\r', '');
  expect(text).toMatch(
    /^\d\d:\d\d:\d\d\.\d{3} \S*INFO \S* listening node=\S+ url=[^\n]+\n\n {2}Sallyport [^]*Stop: Ctrl-C\n/,
  );
  expect(text.split('Stop: Ctrl-C')[0]).not.toContain('"event"');
  expect(text).toContain("import { connect } from 'sallyport-client'");
  expect(text).toContain('npx wscat -s sallyport.v1 -c ');
});

it('OB15 elsewhere standard output is JSON alone; a key that was made is on standard error', async () => {
  const made = await outputOf(inPipe, {}, greeted);
  expect([made.stdout, isJson(made.stdout)]).toEqual([made.stdout, true]);
  expect(made.stderr).toMatch(/shown only here:\n\s+\S{43}\n/);
  const given = await outputOf(inPipe, { SALLYPORT_ROOT_KEY: ROOT_KEY }, listens);
  expect([given.stdout, isJson(given.stdout), given.stderr]).toEqual([given.stdout, true, '']);
});

it('OB14 SALLYPORT_LOG_FORMAT decides against the kind of output', async () => {
  const pretty = await outputOf(inPipe, { SALLYPORT_LOG_FORMAT: 'pretty' }, greeted);
  // Without colours: no terminal shows them.
  expect(pretty.stdout).toMatch(/^\d\d:\d\d:\d\d\.\d{3} INFO {2}listening node=\S+ url=/);
  const json = await outputOf(inTerminal, { SALLYPORT_LOG_FORMAT: 'json' }, greeted);
  expect(json.stdout.split('\r\n')[0]).toMatch(/^\{"level":"info".*"event":"listening".*\}$/);
});
