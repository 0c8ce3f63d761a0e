/** The command line as its users run it: the compiled program in a process of its own. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { runCommandLine } from '../../src/cli/command-line.js';
import { eventually } from './eventually.js';

export const MAIN = fileURLToPath(new URL('../../dist/src/main.js', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface RunningCli {
  readonly child: ChildProcessWithoutNullStreams;
  readonly out: () => string;
  readonly err: () => string;
  /** Waits until standard output or standard error has the text. */
  shows(text: string): Promise<void>;
  readonly ended: Promise<Ended>;
}

/** Its input stays open. */
export function startCli(args: readonly string[], env: Readonly<Record<string, string>> = {}): RunningCli {
  const child = spawn(process.execPath, [MAIN, ...args], { env: { PATH: process.env['PATH'], ...env } });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, out, err }));
  return {
    child,
    out: () => out,
    err: () => err,
    shows: (text) => eventually(() => ((out + err).includes(text) ? null : `${text} is not in: ${out}${err}`), 30_000),
    ended,
  };
}

/** Runs it to its end with this input. */
export function runCli(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  input = '',
): Promise<Ended> {
  const { child, ended } = startCli(args, env);
  // A command that reads no input may have ended before.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  return ended;
}

/** Runs a command that ends by itself in this process, which is faster. */
export async function runHere(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  let [out, err] = ['', ''];
  const code = await runCommandLine(args, {
    environment,
    print: (text) => (out += text),
    note: (text) => (err += text),
    input: Readable.from([]),
    onInterrupt: () => undefined,
    process,
    main: MAIN,
  });
  return { code, out, err };
}
