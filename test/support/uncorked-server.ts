/** The server of uncorked-server.mjs, in a process of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { eventually } from './eventually.js';

const PROGRAM = fileURLToPath(new URL('./uncorked-server.mjs', import.meta.url));

export interface UncorkedServer {
  readonly url: string;
  /** Package and version of the engine it runs on. */
  readonly engine: string;
  stop(): Promise<void>;
}

export async function startUncorkedServer(sockets: 'subscribed' | 'unsubscribed'): Promise<UncorkedServer> {
  const child = spawn(process.execPath, [PROGRAM, sockets], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  await eventually(() => {
    if (child.exitCode !== null) return `it ended with ${String(child.exitCode)}`;
    return output.includes('\n') ? null : 'it does not listen yet';
  }, 15_000);
  const { url, engine } = JSON.parse(output) as { readonly url: string; readonly engine: string };
  return {
    url,
    engine,
    async stop() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
