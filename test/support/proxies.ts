/** Real proxies in front of a gateway, with the files of deploy/ as far as these name ports. They are of this test alone. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually } from './eventually.js';
import { freePort } from './redis-server.js';

export interface Proxy {
  readonly port: number;
  readonly url: string;
  stop(): Promise<void>;
}

/** deploy/nginx.conf in front of one gateway. */
export async function startNginx(gatewayPort: number): Promise<Proxy> {
  const dir = await mkdtemp(join(tmpdir(), 'sallyport-nginx-'));
  const port = await freePort();
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${dir}/${kind};`);
  const file = (await deployFile('nginx.conf'))
    .replace(/server 127\.0\.0\.1:8081 [^;]*;/, `server 127.0.0.1:${String(gatewayPort)};`)
    .replace(/server 127\.0\.0\.1:8082 [^;]*;/, '')
    .replace('listen 8080;', `listen 127.0.0.1:${String(port)};`)
    .replace('http {', `http { ${paths.join(' ')}`);
  const args = ['-p', dir, '-e', 'stderr', '-g', `daemon off; pid ${dir}/nginx.pid;`];
  return start('nginx', args, { dir, port, file });
}

export interface HaproxyOptions {
  /** Added to the line of the server. */
  readonly server?: string;
  /** `tcp`: it passes bytes on, and reads nothing. */
  readonly mode?: 'http' | 'tcp';
}

/** deploy/haproxy.cfg in front of one gateway; in TCP mode a file of its own. */
export async function startHaproxy(gatewayPort: number, options: HaproxyOptions = {}): Promise<Proxy> {
  const { server = '', mode = 'http' } = options;
  const dir = await mkdtemp(join(tmpdir(), 'sallyport-haproxy-'));
  const port = await freePort();
  const gateway = `server a 127.0.0.1:${String(gatewayPort)} ${server}`;
  const bind = `bind 127.0.0.1:${String(port)}`;
  const tcp = ['defaults', 'mode tcp', 'timeout connect 2s', 'timeout client 60s', 'timeout server 60s'];
  const file =
    mode === 'tcp'
      ? [...tcp, 'listen public', bind, gateway, ''].join('\n')
      : (await deployFile('haproxy.cfg'))
          .replace('server a "${NODE_A}"', gateway)
          .replace('server b "${NODE_B}"', '')
          .replace('bind :8080', bind);
  return start('haproxy', [], { dir, port, file });
}

interface Files {
  readonly dir: string;
  readonly port: number;
  /** The text of its configuration. */
  readonly file: string;
}

async function start(
  command: 'nginx' | 'haproxy',
  args: readonly string[],
  { dir, port, file }: Files,
): Promise<Proxy> {
  const path = join(dir, 'proxy.conf');
  await writeFile(path, file);
  const child = spawn(command, [...args, command === 'nginx' ? '-c' : '-f', path], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const failed: { reason: string | null } = { reason: null };
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.on('error', (error) => (failed.reason = `${error.message}: install it (apt-get install ${command})`));
  const proxy = {
    port,
    url: `http://127.0.0.1:${String(port)}`,
    async stop() {
      if (failed.reason === null && child.exitCode === null) {
        child.kill('SIGTERM');
        await once(child, 'exit');
      }
      await rm(dir, { recursive: true, force: true });
    },
  };
  try {
    await eventually(async () => {
      if (failed.reason === null && child.exitCode === null)
        return (await accepts(port)) ? null : `no connection: ${output}`;
      failed.reason ??= `${command} ended with ${String(child.exitCode)}: ${output}`;
      return null;
    });
    if (failed.reason !== null) throw new Error(failed.reason);
    return proxy;
  } catch (error) {
    await proxy.stop();
    throw error;
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => {
      resolve(false);
    });
  });
}

function deployFile(name: string): Promise<string> {
  return readFile(fileURLToPath(new URL(`../../deploy/${name}`, import.meta.url)), 'utf8');
}
