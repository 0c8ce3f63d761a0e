/** `sallyport webhooks` against a gateway that runs. */
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Backend } from '../support/backend.js';
import { eventually } from '../support/eventually.js';
import { ROOT_KEY } from '../support/gateway.js';
import { startGatewayProcess, type GatewayProcess } from '../support/gateway-process.js';
import { runHere, startCli, type Ended, type RunningCli } from '../support/run-cli.js';
import { startTarget, status, verify, type WebhookTarget } from '../support/webhook-target.js';

let gateway: GatewayProcess;
let backend: Backend;
let target: WebhookTarget;

beforeAll(async () => {
  gateway = await startGatewayProcess({ SALLYPORT_ENV: 'development' });
  backend = new Backend(gateway.url);
  target = await startTarget(Date.now);
});

afterAll(async () => {
  await Promise.all([gateway.stop('SIGKILL'), target.stop()]);
});

const env = (): Readonly<Record<string, string>> => ({ SALLYPORT_URL: gateway.url, SALLYPORT_KEY: ROOT_KEY });

function webhooks(...args: readonly string[]): Promise<Ended> {
  return runHere(['webhooks', ...args], env());
}

async function json(...args: readonly string[]): Promise<unknown> {
  const { code, out, err } = await webhooks(...args, '--json');
  expect([code, err]).toEqual([0, '']);
  return JSON.parse(out);
}

async function created(...args: readonly string[]): Promise<{ readonly id: string; readonly secret: string }> {
  return (await json('create', ...args)) as { id: string; secret: string };
}

async function idsOfEndpoints(): Promise<readonly string[]> {
  const { webhooks: endpoints } = (await json('list')) as { webhooks: readonly { id: string }[] };
  return endpoints.map(({ id }) => id);
}

/** Waits for its endpoint. */
async function listening(
  ...args: readonly string[]
): Promise<RunningCli & { readonly id: string; readonly at: string }> {
  const cli = startCli(['webhooks', 'listen', ...args], env());
  await cli.shows('Ctrl-C deletes it.');
  const [, id = '', at = ''] = /(wh_\w+) gets events at (\S+)\./.exec(cli.err()) ?? [];
  return { ...cli, id, at };
}

describe('endpoints', () => {
  it('WC1 are created with a secret, listed without it, rotated, paused, resumed and deleted', async () => {
    const made = await webhooks('create', `${target.url}/a`, '--types', 'session.*, member.left');
    expect([made.code, made.err]).toEqual([0, '']);
    expect(made.out).toMatch(
      /^id: +wh_\w+\nurl: +http.*\/a\ntypes: +session\.\*,member\.left\nstate: +active\nsecret: +whsec_/,
    );
    const [, id = '', secret = ''] = /id: +(\S+)[^]*secret: +(\S+)/.exec(made.out) ?? [];
    const shown = async (state: string) => {
      const { out } = await webhooks('list');
      expect(out).toMatch(/^ID +STATE +TYPES +PROJECT +CREATED +URL\n/);
      expect(out).toMatch(new RegExp(`\n${id} +${state} +session\\.\\*,member\\.left +all +\\d{4}-\\S+Z +http.*/a\n`));
      expect(out).not.toContain(secret);
    };
    await shown('active');
    expect((await webhooks('rotate', id)).out).toMatch(/\nsecret: +whsec_/);
    expect((await webhooks('rotate', id)).out).not.toContain(secret);
    expect(await webhooks('pause', id)).toEqual({ code: 0, out: `Paused ${id}.\n`, err: '' });
    await shown('paused');
    expect(await json('resume', id)).toMatchObject({ id, paused: false });
    await shown('active');
    expect(await webhooks('delete', id)).toEqual({ code: 0, out: `Deleted ${id}.\n`, err: '' });
    for (const word of ['delete', 'rotate', 'pause', 'resume', 'test']) {
      const { code, out, err } = await webhooks(word, id);
      expect([code, out]).toEqual([5, '']);
      expect(err).toContain('(webhook_not_found)');
    }
    expect(await webhooks('create', target.url, '--types', 'nobody.*')).toMatchObject({ code: 2, out: '' });
  });

  it('WC2 test says whether the test event arrived, and why not', async () => {
    const { id, secret } = await created(`${target.url}/t`, '--types', 'node.*');
    expect(await webhooks('test', id)).toEqual({
      code: 0,
      out: expect.stringMatching(/^Delivered in \d+ ms\.\n$/),
      err: '',
    });
    const [call] = target.received.filter(({ path }) => path === '/t');
    if (call === undefined) throw new Error('no call');
    expect(verify(secret, call, Date.now())).toMatchObject({ type: 'webhook.test', data: { webhook_id: id } });
    target.answer = status(503);
    expect(await webhooks('test', id)).toEqual({ code: 1, out: 'Not delivered: status 503\n', err: '' });
    expect(JSON.parse((await webhooks('test', id, '--json')).out)).toMatchObject({ delivered: false });
    target.answer = status(204);
    await json('delete', id);
  });

  it('WC3 dead letters are listed and sent again; the secret of the project is printed', async () => {
    const { id } = await created(`${target.url}/d`, '--types', 'session.ready');
    target.answer = status(410);
    await backend.createSession(1);
    const listed = async (): Promise<string> => (await webhooks('dead-letters', '--endpoint', id)).out;
    let letters = '';
    await eventually(async () => ((letters = await listed()).includes('status 410') ? null : 'no dead letter'));
    expect(letters).toMatch(
      new RegExp(
        `^ID +GIVEN UP +TYPE +TARGET +ATTEMPTS +REASON\ndl_\\S+ +\\d{4}-\\S+Z +session\\.ready +${id} +1 +status 410\n$`,
      ),
    );
    expect((await webhooks('list')).out).toMatch(new RegExp(`${id} +paused \\(410\\)`));
    const [letter = ''] = /dl_\S+/.exec(letters) ?? [];
    expect(await json('dead-letters', '--limit', '1')).toMatchObject({ dead_letters: [{ id: letter }] });
    target.answer = status(204);
    await json('resume', id);
    const before = target.received.length;
    expect(await webhooks('resend', letter)).toEqual({ code: 0, out: `${letter} is sent again.\n`, err: '' });
    await eventually(() => (target.received.length > before ? null : 'not sent again'));
    expect(target.received.at(-1)?.id).toBe(target.received.at(-2)?.id);
    await eventually(async () => ((await listed()).includes('dl_') ? 'still a dead letter' : null));
    expect(await webhooks('resend', letter)).toMatchObject({
      code: 5,
      err: expect.stringContaining('dead_letter_not_found'),
    });
    expect((await webhooks('dead-letters', '--endpoint', 'wh_nobody')).code).toBe(5);
    const { body } = await backend.native('GET', '/v1/webhooks/signing_secret');
    expect(await webhooks('signing-secret')).toEqual({
      code: 0,
      out: `${(body as { secret: string }).secret}\n`,
      err: '',
    });
    await json('delete', id);
  });

  const ALL = [
    ...[['list'], ['create', 'http://127.0.0.1:9'], ['rotate', 'x'], ['pause', 'x'], ['resume', 'x'], ['delete', 'x']],
    ...[['test', 'x'], ['dead-letters'], ['resend', 'x'], ['signing-secret'], ['listen']],
  ];
  it('CM3, CM4 a wrong key is exit code 4, and a gateway away is 3, for every command', async () => {
    const wrong = 'sp_live_0123456789abcdef_0123456789abcdef0123456789abcdef0123456789a_abcdef';
    for (const args of ALL) {
      const refused = await webhooks(...args, '--key', wrong);
      const away = await webhooks(...args, '--url', 'http://127.0.0.1:9');
      expect([args, refused.code, refused.out, away.code, away.out]).toEqual([args, 4, '', 3, '']);
      expect(refused.err).not.toContain(wrong.slice(8, 40));
    }
  });
});

describe('listen', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)(
    'WC4 prints each delivery for people, and deletes its endpoint on %s',
    async (signal) => {
      const cli = await listening('--types', 'session.ready');
      const { session_id } = await backend.createSession(1);
      await cli.shows(session_id);
      expect(cli.out()).toMatch(new RegExp(`^\\d{4}-\\S+Z  session\\.ready +${session_id}  \\{.*\\}\n$`));
      expect(await idsOfEndpoints()).toContain(cli.id);
      cli.child.kill(signal);
      expect(await cli.ended).toMatchObject({ code: 0, err: expect.stringContaining(`Deleted ${cli.id}.\n`) });
      expect(await idsOfEndpoints()).not.toContain(cli.id);
    },
  );

  it('WC4 deletes its endpoint when nobody reads its output any more', async () => {
    const cli = await listening('--types', 'session.ready');
    cli.child.stdout.destroy();
    await backend.createSession(1);
    expect(await cli.ended).toMatchObject({ code: 0, err: expect.stringContaining(`Deleted ${cli.id}.\n`) });
    expect(await idsOfEndpoints()).not.toContain(cli.id);
  });

  it('WC4, WC5 prints lines of JSON with all digits, and nothing that the gateway did not sign', async () => {
    const cli = await listening('--types', 'session.ready,session.ended', '--json');
    const metadata = '{"id":76561198012345679}';
    const made = await runHere(['sessions', 'create', '--metadata', metadata, '--json'], env());
    await cli.shows(metadata);
    const forged = JSON.stringify({ id: 'evt_1', type: 'session.ended', sequence: 1, created_at: 1, data: {} });
    const headers = { 'webhook-id': 'evt_1', 'webhook-timestamp': String(Math.floor(Date.now() / 1000)) };
    const proof = { ...headers, 'webhook-signature': `v1,${'A'.repeat(43)}=` };
    const post = (sent: Readonly<Record<string, string>>, body = forged) =>
      fetch(cli.at, { method: 'POST', headers: sent, body }).then((answer) => answer.status);
    expect([await post({}), await post(proof), await post(proof, 'x'.repeat(2 ** 21)).catch(() => 413)]).toEqual([
      400, 400, 413,
    ]);
    expect((await fetch(cli.at)).status).toBe(405);
    await cli.shows('(header_missing)');
    await cli.shows('(signature_wrong)');
    // The control: what the gateway signed is printed.
    const { session_id } = JSON.parse(made.out) as { session_id: string };
    await runHere(['sessions', 'end', session_id], env());
    await cli.shows('"type":"session.ended"');
    cli.child.kill('SIGINT');
    const { code, out } = await cli.ended;
    expect(code).toBe(0);
    const events = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string; session_id: string });
    const types = events.filter((event) => event.session_id === session_id).map(({ type }) => type);
    expect(types).toEqual(['session.ready', 'session.ended']);
  });

  it('WC6 --forward passes a delivery on with its proof, and its status back', async () => {
    const cli = await listening('--types', 'session.ready', '--forward', `${target.url}/f`);
    const [, secret = ''] = /Its secret is (\S+)\./.exec(cli.err()) ?? [];
    target.answer = status(202);
    const { session_id } = await backend.createSession(1);
    await cli.shows(session_id);
    const got = () => target.received.filter(({ path }) => path === '/f');
    await eventually(() => (got().length > 0 ? null : 'nothing was passed on'));
    const [call] = got();
    if (call === undefined) throw new Error('no call');
    expect(verify(secret, call, Date.now())).toMatchObject({ type: 'session.ready', session_id });
    target.answer = status(500);
    expect(await webhooks('test', cli.id)).toMatchObject({ code: 1, out: 'Not delivered: status 500\n' });
    await cli.shows('The target of --forward answered 500.');
    target.answer = (response) => response.destroy();
    expect(await webhooks('test', cli.id)).toMatchObject({ code: 1, out: 'Not delivered: status 502\n' });
    await cli.shows('The target of --forward did not answer');
    target.answer = status(204);
    cli.child.kill('SIGINT');
    expect(await cli.ended).toMatchObject({ code: 0 });
  });

  it('WC7 fails where the gateway may not call loopback, and leaves no endpoint', async () => {
    const strict = await startGatewayProcess();
    const at = (...args: readonly string[]) => webhooks(...args, '--url', strict.url);
    const { code, out, err } = await at('listen');
    expect([code, out]).toEqual([1, '']);
    expect(err).toMatch(
      /may not call http:\/\/127.*SALLYPORT_ENV=development.*SALLYPORT_OUTBOUND_ALLOW.*\(webhook_url_refused\)\n$/,
    );
    expect(JSON.parse((await at('list', '--json')).out)).toMatchObject({ webhooks: [] });
    await strict.stop('SIGKILL');
  });

  it('WC7 fails when its port is taken, and when the gateway calls something else', async () => {
    const port = new URL(target.url).port;
    expect(await webhooks('listen', '--port', port)).toMatchObject({
      code: 1,
      err: expect.stringContaining('EADDRINUSE'),
    });
    const elsewhere = await startImitation({ reaches: false });
    const { code, err } = await webhooks('listen', '--url', elsewhere.url);
    expect([code, err]).toEqual([1, expect.stringContaining('does not reach this command (something else answers')]);
    expect(elsewhere.calls.at(-1)).toBe('DELETE /v1/webhooks/wh_1');
    elsewhere.stop();
  });

  it('WC7 a second Ctrl-C ends the wait for a gateway that does not answer', async () => {
    const silent = await startImitation({ reaches: true });
    const cli = startCli(['webhooks', 'listen'], { ...env(), SALLYPORT_URL: silent.url });
    await cli.shows('Ctrl-C deletes it.');
    cli.child.kill('SIGINT');
    await eventually(() => (silent.calls.at(-1)?.startsWith('DELETE') === true ? null : 'no call to delete'));
    cli.child.kill('SIGINT');
    expect(await cli.ended).toMatchObject({ code: 1, err: expect.stringContaining('Could not delete wh_1: ') });
    silent.stop();
  });

  it('WC7 names an endpoint that it cannot delete', async () => {
    const mortal = await startGatewayProcess({ SALLYPORT_ENV: 'development' });
    const cli = startCli(['webhooks', 'listen'], { ...env(), SALLYPORT_URL: mortal.url });
    await cli.shows('Ctrl-C deletes it.');
    await mortal.stop('SIGKILL');
    cli.child.kill('SIGINT');
    const { code, err } = await cli.ended;
    expect(code).toBe(1);
    expect(err).toMatch(/Could not delete (wh_\w+): .*ECONNREFUSED.*sallyport webhooks delete \1\n$/);
  });
});

interface Imitation {
  readonly url: string;
  readonly calls: readonly string[];
  stop(): void;
}

/** Answers like a gateway. One that reaches the command never answers a DELETE; the other one calls something else. */
async function startImitation({ reaches }: { readonly reaches: boolean }): Promise<Imitation> {
  const calls: string[] = [];
  const secret = `whsec_${'A'.repeat(32)}`;
  let url = '';
  const answerTo = async (call: string, body: string): Promise<object | null> => {
    if (call === 'POST /v1/webhooks') {
      ({ url } = JSON.parse(body) as { url: string });
      return { id: 'wh_1', url, types: null, paused: false, paused_reason: null, secret };
    }
    if (call.startsWith('DELETE')) return null;
    if (reaches) await sendTest(url, secret);
    return { delivered: true, reason: null, took_ms: 1 };
  };
  const server = createServer((request, response) => {
    text(request)
      .then((body) => {
        calls.push(`${String(request.method)} ${String(request.url)}`);
        return answerTo(calls.at(-1) ?? '', body);
      })
      .then(
        (answer) => {
          if (answer !== null) response.end(JSON.stringify(answer));
          else if (!reaches) response.writeHead(204).end();
        },
        () => response.destroy(),
      );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    calls,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function sendTest(url: string, secret: string): Promise<void> {
  const body = JSON.stringify({ id: 'evt_1', type: 'webhook.test', sequence: null, created_at: 1, data: {} });
  const at = new Date();
  const headers = {
    'webhook-id': 'evt_1',
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': new Webhook(secret).sign('evt_1', at, body),
  };
  await fetch(url, { method: 'POST', headers, body });
}
