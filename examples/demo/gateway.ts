/** The gateway of the demo: one that runs already, or a child process on the embedded store and a free port. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../src/main.js', import.meta.url));

export interface Gateway {
  readonly url: string;
  /** An API key of scope `relays`; here the root key. */
  readonly key: string;
  /** Resolves once the process has ended. Does nothing to a gateway that ran already. */
  stop(): Promise<void>;
}

/** Rejects when the gateway ends before it listens. It never outlives this process. */
export async function startGateway(): Promise<Gateway> {
  const key = randomBytes(24).toString('hex');
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('SALLYPORT_'));
  const settings = { SALLYPORT_PORT: '0', SALLYPORT_ROOT_KEY: key, SALLYPORT_LOG_LEVEL: 'info' };
  const env = { ...Object.fromEntries(inherited), ...settings };
  const child = spawn(process.execPath, [MAIN], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  process.once('exit', () => child.kill('SIGKILL'));
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const found = /"event":"listening".*?"url":"([^"]+)"/.exec(line)?.[1];
      if (found !== undefined) resolve(withoutSlash(found));
    });
    child.once('error', reject);
    ended.then((code) => reject(new Error(`the gateway ended with ${code ?? 'a signal'} before it listened`)), reject);
  });
  return {
    url,
    key,
    async stop() {
      child.kill('SIGTERM');
      const code = await ended;
      if (code !== 0) throw new Error(`the gateway stopped with exit code ${code ?? 'none'}`);
    },
  };
}

export function runningGateway(url: string, key: string): Gateway {
  return { url: withoutSlash(url), key, stop: () => Promise.resolve() };
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '');
}
