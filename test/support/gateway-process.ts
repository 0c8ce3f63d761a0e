/** A gateway as its users run it: the compiled program in a process of its own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { eventually } from './eventually.js';
import { engineOfTests, ROOT_KEY } from './gateway.js';

const MAIN = fileURLToPath(new URL('../../dist/src/main.js', import.meta.url));

export interface GatewayProcess {
  readonly url: string;
  readonly socketUrl: string;
  readonly child: ChildProcess;
  /** Everything it printed, on both outputs. */
  readonly output: () => string;
  /** Its standard error. */
  readonly errors: () => string;
  /** Sends the signal (SIGTERM by default) and gives the exit code; null when a signal ended it. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** Starts it on a free port and waits for its `listening` line. */
export async function startGatewayProcess(
  env: Readonly<Record<string, string>> = {},
  nodeFlags: readonly string[] = [],
): Promise<GatewayProcess> {
  const child = spawn(process.execPath, [...nodeFlags, MAIN], {
    env: {
      PATH: process.env['PATH'],
      SALLYPORT_PORT: '0',
      SALLYPORT_ROOT_KEY: ROOT_KEY,
      SALLYPORT_SECRET: 'secret-of-the-tests-0123456789abcdefgh',
      ...engineOfTests(),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    errors += text;
  });
  const exited = once(child, 'exit') as Promise<[number | null]>;
  let url: string | undefined;
  await eventually(() => {
    url = /"event":"listening","url":"([^"]+)"/.exec(output)?.[1];
    if (child.exitCode !== null) return `it ended with ${String(child.exitCode)}: ${output}`;
    return url === undefined ? `no listening line: ${output}` : null;
  }, 60_000);
  if (url === undefined) throw new Error('unreachable');
  return {
    url,
    socketUrl: url.replace('http', 'ws'),
    child,
    output: () => output,
    errors: () => errors,
    async stop(signal = 'SIGTERM') {
      if (child.exitCode === null) child.kill(signal);
      const [code] = await exited;
      return code;
    },
  };
}
