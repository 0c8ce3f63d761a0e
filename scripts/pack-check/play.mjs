/** Runs the installed program, and joins a session with the installed client. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';

const KEY = 'the-root-key-of-the-pack-check-0123456789';
const DEADLINE_MS = 20_000;

export function versionOf(folder) {
  return run('npx', ['--no-install', 'sallyport', '--version'], folder).trim();
}

/** A gateway with the embedded store on a free port. */
export async function startGateway(folder) {
  const env = { PATH: process.env.PATH, SALLYPORT_PORT: '0', SALLYPORT_ROOT_KEY: KEY };
  const gateway = spawn('node_modules/.bin/sallyport', [], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [gateway.stdout, gateway.stderr])
    stream.setEncoding('utf8').on('data', (text) => (output += text));
  const deadlineMs = performance.now() + DEADLINE_MS;
  let line;
  while ((line = /^\{.*"event":"listening".*\}$/m.exec(output)?.[0]) === undefined) {
    if (gateway.exitCode !== null || performance.now() > deadlineMs) {
      gateway.kill('SIGKILL');
      throw new Error(`the gateway does not start:\n${output}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const { url, engine } = JSON.parse(line);
  return {
    url,
    engine,
    async stop() {
      const exited = once(gateway, 'exit');
      if (gateway.exitCode !== null) return;
      gateway.kill();
      await exited;
    },
  };
}

/** The program makes a session, and two clients in one process talk. */
export async function playBetween({ url }, gatewayFolder, clientFolder) {
  const users = ['--user-ip', '127.0.0.1', '--user-ip', '127.0.0.1'];
  const create = ['--no-install', 'sallyport', 'sessions', 'create', ...users, '--json', '--url', url];
  const session = JSON.parse(run('npx', create, gatewayFolder, { SALLYPORT_KEY: KEY }));
  const [ada, bob] = session.session_users.map((user) =>
    [session.session_id, session.authorization_token, user.authorization_token].join('.'),
  );
  writeFileSync(
    `${clientFolder}/play.mjs`,
    `import { connect } from 'sallyport-client';
import { verifyWebhook } from 'sallyport-client/webhooks';
const url = ${JSON.stringify(session.relay.ports.client.link)};
const ada = await connect({ url, credential: ${JSON.stringify(ada)} });
const bob = await connect({ url, credential: ${JSON.stringify(bob)} });
const heard = new Promise((resolve) => bob.on('message', ({ text }) => resolve(text())));
await ada.send('hello', { class: 'reliable', ack: true });
try {
  verifyWebhook('{}', {}, 'whsec_' + 'a'.repeat(32));
} catch ({ code }) {
  if (code !== 'header_missing') throw new Error(code);
}
console.log(await heard);
await Promise.all([ada.leave(), bob.leave()]);
`,
  );
  // Node 20 has a WebSocket behind a flag.
  const flags = typeof WebSocket === 'undefined' ? ['--experimental-websocket', '--no-warnings'] : [];
  const heard = run(process.execPath, [...flags, 'play.mjs'], clientFolder).trim();
  if (heard !== 'hello') throw new Error(`the clients heard "${heard}"`);
}

function run(command, args, cwd, env = {}) {
  const options = { cwd, encoding: 'utf8', env: { ...process.env, ...env }, timeout: DEADLINE_MS };
  const { status, stdout, stderr } = spawnSync(command, args, options);
  if (status !== 0) throw new Error(`${[command, ...args].join(' ')} ends with ${status}:\n${stdout}${stderr}`);
  return stdout;
}
