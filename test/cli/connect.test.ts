/** `sallyport connect` against a gateway that runs. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Backend, pairOf } from '../support/backend.js';
import { Client } from '../support/client.js';
import { ROOT_KEY } from '../support/gateway.js';
import { startGatewayProcess, type GatewayProcess } from '../support/gateway-process.js';
import { runCli, startCli } from '../support/run-cli.js';

let gateway: GatewayProcess;
let backend: Backend;

beforeAll(async () => {
  gateway = await startGatewayProcess();
  backend = new Backend(gateway.url);
});

afterAll(() => gateway.stop('SIGKILL'));

const env = () => ({ SALLYPORT_URL: gateway.url, SALLYPORT_KEY: ROOT_KEY });
const start = (...args: readonly string[]) => startCli(['connect', ...args], env());

it('CM7 each line becomes a reliable frame; frames and events of the others are shown; the end of the input leaves', async () => {
  const { session_id: id } = await backend.createSession(1);
  const ada = start(id, '--user-id', 'ada', '--state', '{"ready":true}');
  await ada.shows(`joined ${id} as member 0, host`);
  const bob = await runCli(['connect', id, '--user-id', 'bob'], env(), 'hello\nworld\n');
  expect(bob).toEqual({ code: 0, out: '', err: expect.stringMatching(/^\* joined \S+ as member 1, client; 0 ada\n$/) });
  await ada.shows('1 bob left: left');
  expect(ada.out()).toBe('1 bob: hello\n1 bob: world\n');
  expect(ada.err()).toContain('* 1 bob joined\n');
  const members = await backend.native('GET', `/v1/relays/sessions/${id}/members`);
  expect(members.body).toMatchObject({ members: [{ user_id: 'ada', state: { ready: true } }] });
  ada.child.stdin.end();
  expect(await ada.ended).toMatchObject({ code: 0 });
});

it('CM5, CM7 with --json each event is a line of JSON; --to and --class are obeyed', async () => {
  const session = await backend.createSession(1);
  const id = session.session_id;
  const ada = startCli(['connect', '--json'], { SALLYPORT_URL: gateway.url, SALLYPORT_CREDENTIAL: pairOf(session) });
  await ada.shows('"event":"open"');
  const eve = await Client.join(gateway.socketUrl, await backend.mint(id, 'eve'));
  await runCli(['connect', id, '--user-id', 'bob', '--to', '0', '--class', 'volatile'], env(), 'psst\n');
  await ada.shows('"text":"psst"');
  const message = { class: 'volatile', targets: [0], payload_base64: '/w==' };
  await backend.native('POST', `/v1/relays/sessions/${id}/messages`, message);
  await ada.shows('"payload_base64":"/w=="');
  ada.child.kill('SIGINT');
  const { code, out, err } = await ada.ended;
  expect([code, err]).toEqual([0, '']);
  const events = out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { event: string });
  expect(events[0]).toMatchObject({ event: 'open', session: { id }, me: { index: 0 }, members: [{ index: 0 }] });
  expect(events.find(({ event }) => event === 'message')).toEqual({
    ...{ event: 'message', sender: 2, fromBackend: false, class: 'volatile', key: null, seq: null, targeted: true },
    text: 'psst',
  });
  expect(events.at(-1)).toEqual({ event: 'closed', code: 1000, reason: 'left', advice: 'done' });
  expect(eve.entries).toEqual([]);
  eve.drop();
});

it('CM8 what others write cannot rewrite the screen', async () => {
  const { session_id: id } = await backend.createSession(1);
  const ada = start(id, '--user-id', 'ada');
  await ada.shows('joined');
  await runCli(['connect', id, '--user-id', 'bob'], env(), '\u001b[2J\u202eevil\u009b\n');
  await ada.shows('evil');
  expect(ada.out()).toBe('1 bob: \\u001b[2J\\u202eevil\\u009b\n');
  ada.child.stdin.end();
  await ada.ended;
});

it('CM4, CM7 the exit code says how it ended: kicked 4, session ended 1, a line that is too big 1', async () => {
  const session = await backend.createSession(1);
  const id = session.session_id;
  const [kicked, over] = [start(id, '--user-id', 'ada'), start(id, '--user-id', 'bob')];
  await Promise.all([kicked.shows('joined'), over.shows('joined')]);
  const big = await runCli(['connect', id, '--user-id', 'eve'], env(), `${'x'.repeat(20_000)}\nsmall\n`);
  expect(big).toMatchObject({ code: 1, err: expect.stringContaining('* a line was not relayed (message_too_big)') });
  await over.shows('eve: small');
  await backend.native('POST', `/v1/relays/sessions/${id}/kick`, { user_id: 'ada' });
  expect(await kicked.ended).toMatchObject({ code: 4, err: expect.stringContaining('kicked this member. (kicked)') });
  await backend.relays('DELETE', `/v1/relays/sessions/${id}`);
  expect(await over.ended).toMatchObject({ code: 1, err: expect.stringContaining('has ended. (session_ended)') });
});

it('CM3, CM4 a credential that is refused is exit code 4 and not repeated; a session over is 5; nothing there is 3', async () => {
  const session = await backend.createSession(1);
  const { session_id: id, authorization_token: token } = session;
  const connect = (SALLYPORT_CREDENTIAL: string, ...args: readonly string[]) =>
    runCli(['connect', ...args], { SALLYPORT_URL: gateway.url, SALLYPORT_CREDENTIAL });
  const wrong = `${id}.${String(token)}.1234567`;
  const [refused, unknown, away] = await Promise.all([
    connect(wrong),
    connect('0123456789ab-S.1.1'),
    connect(wrong, '--url', 'http://127.0.0.1:9', '--timeout-s', '1'),
  ]);
  expect([refused.code, unknown.code, away.code]).toEqual([4, 5, 3]);
  expect(away.err).toContain('(unreachable)');
  for (const { out, err } of [refused, unknown, away]) expect(out + err).not.toContain('.1234567');
});

it('CM7 with --listen the end of the input does not leave; Ctrl-C does', async () => {
  const { session_id: id } = await backend.createSession(1);
  const ada = start(id, '--user-id', 'ada', '--listen');
  ada.child.stdin.end();
  await ada.shows('joined');
  await runCli(['connect', id, '--user-id', 'bob'], env(), 'still there?\n');
  await ada.shows('still there?');
  ada.child.kill('SIGTERM');
  expect(await ada.ended).toMatchObject({ code: 0 });
  const members = await backend.native('GET', `/v1/relays/sessions/${id}/members`);
  expect(members.body).toMatchObject({ members: [] });
});

it('CM7 it leaves when nobody reads its output any more', async () => {
  const { session_id: id } = await backend.createSession(1);
  const ada = start(id, '--user-id', 'ada');
  await ada.shows(`joined ${id}`);
  ada.child.stdout.destroy();
  await runCli(['connect', id, '--user-id', 'bob'], env(), 'hello\n');
  expect(await ada.ended).toMatchObject({ code: 0 });
  const members = await backend.native('GET', `/v1/relays/sessions/${id}/members`);
  expect(members.body).toMatchObject({ members: [] });
});
