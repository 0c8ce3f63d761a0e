/** Runs the receivers of docs/WEBHOOKS.md as programs, against what a gateway sends. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createWebhookSigner } from '../../src/adapters/standard-webhooks/signer.js';
import { systemCrypto } from '../../src/adapters/system/crypto.js';
import { parseProjectId } from '../../src/protocol/ids.js';
import { Backend } from '../support/backend.js';
import { Client } from '../support/client.js';
import { eventually } from '../support/eventually.js';
import { SECRET, startGateway, type RunningGateway } from '../support/gateway.js';
import { freePort } from '../support/redis-server.js';

const PROJECT = parseProjectId('default');
const signer = createWebhookSigner(SECRET);

describe('the receivers of docs/WEBHOOKS.md', () => {
  let folder = '';
  let snippets: readonly string[] = [];
  let gateway: RunningGateway;
  const children: ChildProcess[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sallyport-receivers-'));
    const page = await readFile(new URL('../../docs/WEBHOOKS.md', import.meta.url), 'utf8');
    snippets = [...page.matchAll(/```js\n([\s\S]*?)```/g)].map(([, code = '']) => code);
    gateway = await startGateway({ env: { SALLYPORT_ENV: 'development' } });
  });

  afterAll(async () => {
    for (const child of children) child.kill();
    await gateway.stop();
    await rm(folder, { recursive: true });
  });

  /** Starts the n-th program of the page. Returns its URL, and what it has printed. */
  async function start(n: number, secret: string): Promise<{ readonly url: string; readonly printed: () => string }> {
    const built = new URL('../../dist/src/client/webhooks.js', import.meta.url).href;
    const file = join(folder, `receiver-${String(n)}.mjs`);
    await writeFile(file, (snippets[n] ?? '').replace('sallyport-client/webhooks', built));
    const port = await freePort();
    const env = { PATH: '', PORT: String(port), WEBHOOK_SECRET: secret };
    const child = spawn(process.execPath, [file], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(child);
    let printed = '';
    child.stdout.on('data', (text: Buffer) => (printed += text.toString('utf8')));
    const url = `http://127.0.0.1:${String(port)}/`;
    await eventually(async () => {
      const answer = await fetch(url, { method: 'POST' }).catch(() => null);
      return answer?.status === 400 ? null : 'the receiver does not listen yet';
    });
    return { url, printed: () => printed };
  }

  it('WR8 the receiver of events takes what the gateway signs, and refuses what somebody else sends', async () => {
    const secret = signer.newSecret(systemCrypto());
    const { url, printed } = await start(0, secret);
    const body = JSON.stringify({
      id: 'evt_1',
      type: 'user.banned',
      sequence: 1,
      created_at: 1,
      data: { user_id: 'ada' },
    });
    const headers = signer.sign({ id: 'msg_1', sentAtMs: new Date().getTime(), body }, [secret]);
    expect((await fetch(url, { method: 'POST', headers, body })).status).toBe(204);
    await eventually(() => (printed().includes('user.banned') ? null : `it printed ${printed()}`));
    expect((await fetch(url, { method: 'POST', headers, body: body.replace('ada', 'eve') })).status).toBe(400);
  });

  it('WR8 the receiver of questions decides who joins', async () => {
    if (PROJECT === null) throw new Error('no project');
    const { url } = await start(1, signer.secretOf(PROJECT));
    const backend = new Backend(gateway.url);
    const { session_id: id } = await backend.createSession(1, { join_url: url });
    (await Client.join(gateway.socketUrl, await backend.mint(id, 'ada'))).drop();
    const eve = await Client.attempt(gateway.socketUrl, await backend.mint(id, 'eve'));
    expect(eve).toMatchObject({ status: 403, body: { code: 'join_refused', message: 'Not today.' } });
  });
});
