/** The commands that call a gateway over REST, against one that runs. */
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Backend, pairOf } from '../support/backend.js';
import { Client } from '../support/client.js';
import { ROOT_KEY } from '../support/gateway.js';
import { startGatewayProcess, type GatewayProcess } from '../support/gateway-process.js';
import { runHere, startCli, type Ended } from '../support/run-cli.js';

let gateway: GatewayProcess;
let backend: Backend;

beforeAll(async () => {
  gateway = await startGatewayProcess();
  backend = new Backend(gateway.url);
});

afterAll(() => gateway.stop('SIGKILL'));

function cli(...args: readonly string[]): Promise<Ended> {
  return runHere(args, { SALLYPORT_URL: gateway.url, SALLYPORT_KEY: ROOT_KEY });
}

async function json(...args: readonly string[]): Promise<unknown> {
  const { code, out, err } = await cli(...args, '--json');
  expect([code, err]).toEqual([0, '']);
  return JSON.parse(out);
}

describe('sessions', () => {
  it('CM5, CM6 create makes a session with the given settings, whose credentials open sockets', async () => {
    const text = await cli('sessions', 'create', '--user-ip', '127.0.0.1', '--user-ip', '::1', '--max-users', '3');
    expect([text.code, text.err]).toEqual([0, '']);
    expect(text.out).toMatch(/^session: +[0-9a-f]{12}-S\nstatus: +Linked\nconnect to: +ws:\/\/127/);
    const pairs = [...text.out.matchAll(/^user at \S+: +(\S+)$/gm)].map(([, pair = '']) => pair);
    expect(pairs).toHaveLength(2);
    const client = await Client.join(gateway.socketUrl, pairs[1] ?? '');
    expect(client.welcome.session.max_users).toBe(3);
    client.drop();
    const metadata = '{"map":"dust","id":76561198012345679}';
    const settings = ['--metadata', metadata, '--expires-in-s', '60', '--resume-window-ms', '0', '--flush-ms', 'auto'];
    const made = await json('sessions', 'create', '--enforce-ip', '--durability', 'memory', ...settings);
    expect(made).toMatchObject({ status: 'Linked', session_users: [{ ip_address: '127.0.0.1' }] });
  });

  it('CM4 create says so when no node has the label', async () => {
    const { code, out } = await cli('sessions', 'create', '--label', 'region=moon');
    expect([code, out]).toEqual([1, expect.stringMatching(/status: +Error \(/)]);
  });

  it('CM5, CM6 list, show and members show what the gateway answers', async () => {
    const session = await backend.createSession(1);
    const id = session.session_id;
    const client = await Client.join(gateway.socketUrl, await backend.mint(id, 'ada'));
    const list = await cli('sessions', 'list', '--limit', '1');
    expect(list.out).toMatch(new RegExp(`^SESSION +STATUS +USERS +CONNECT TO\n${id} +Linked +1 +ws:.*\n$`));
    expect(list.err).toMatch(/^\d+ in all\.\nMore follow: --cursor \S+\n$/);
    const [, cursor = ''] = /--cursor (\S+)/.exec(list.err) ?? [];
    const rest = (await json('sessions', 'list', `--cursor=${cursor}`)) as {
      sessions: readonly { session_id: string }[];
    };
    expect(rest.sessions.map(({ session_id }) => session_id)).not.toContain(id);
    expect(await cli('sessions', 'show', '../../../healthz')).toMatchObject({ code: 1, out: '' });
    expect((await cli('sessions', 'show', id)).out).toContain(pairOf(session));
    const answer = await backend.relays('GET', `/v1/relays/sessions/${id}`);
    expect(await json('sessions', 'show', id)).toEqual(answer.body);
    const members = await cli('sessions', 'members', id);
    expect(members.out).toMatch(/^INDEX +USER +ROLE +CONNECTED +JOINED +STATE\n0 +ada +host +yes +\d{4}-\S+Z +-\n$/);
    expect(await json('sessions', 'members', id)).toMatchObject({ members: [{ user_id: 'ada' }] });
    client.drop();
  });

  it('CM4, CM6 end closes the sockets; a session that is unknown or over is exit code 5', async () => {
    const [one, two] = [await backend.createSession(1), await backend.createSession(1)];
    const client = await Client.join(gateway.socketUrl, pairOf(one));
    expect(await cli('sessions', 'end', one.session_id)).toEqual({
      code: 0,
      out: `Ended ${one.session_id}.\n`,
      err: '',
    });
    expect(await client.expectClosed()).toMatchObject({ code: 4000 });
    expect(await json('sessions', 'end', two.session_id)).toEqual({ session_id: two.session_id, ended: true });
    const calls = [['end'], ['show'], ['members']].map((words) => cli('sessions', ...words, one.session_id));
    for (const { code, out, err } of await Promise.all(calls)) {
      expect([code, out]).toEqual([5, '']);
      expect(err).toMatch(/^sallyport: There is no such relay session\.( \(session_not_found\))?\n$/);
    }
  });
});

describe('kick and mint', () => {
  it('CM6 mint prints a credential and nothing else, which joins with the role it was given', async () => {
    const { session_id: id } = await backend.createSession(1);
    const { code, out, err } = await cli('mint', id, 'ada', '--role', 'host', '--ttl-s', '60');
    expect([code, err]).toEqual([0, expect.stringMatching(/^Valid until \d{4}-.*Z\.\n$/)]);
    const client = await Client.join(gateway.socketUrl, out.trimEnd());
    expect(client.welcome.host.index).toBe(client.index);
    expect(await json('mint', id, 'bob')).toEqual({ token: expect.any(String), expires_at: expect.any(Number) });
    client.drop();
  });

  it('CM6 kick closes the sockets of the user who is named by id, index or token', async () => {
    const session = await backend.createSession(1);
    const id = session.session_id;
    const join = (credential: string) => Client.join(gateway.socketUrl, credential);
    const [ada, bob, eve] = [
      await join(await backend.mint(id, 'ada')),
      await join(await backend.mint(id, 'bob')),
      await join(pairOf(session)),
    ];
    const done = { code: 0, out: 'Kicked 1 user; closed 1 socket.\n', err: '' };
    expect(await cli('kick', id, '--user-id', 'ada', '--ban', '--reason', 'spam')).toEqual(done);
    expect(await cli('kick', id, '--index', String(bob.index))).toEqual(done);
    const token = String(session.session_users[0]?.authorization_token);
    expect(await json('kick', id, '--authorization-token', token)).toMatchObject({ matched: 1, closed: 1 });
    for (const client of [ada, bob, eve]) expect(await client.expectClosed()).toMatchObject({ code: 4001 });
    expect((await cli('kick', id, '--user-id', 'zoe')).out).toBe('No such user holds a seat.\n');
    expect(await cli('mint', id, 'ada')).toMatchObject({ code: 4, err: expect.stringContaining('(banned)') });
    expect((await cli('kick', '0123456789ab-S', '--index', '0')).code).toBe(5);
    expect((await cli('mint', '0123456789ab-S', 'ada')).code).toBe(5);
  });
});

describe('keys and nodes', () => {
  it('CM6 keys are created, listed and deleted', async () => {
    const made = await cli(
      'keys',
      'create',
      'ci \u001b[31m',
      '--scope',
      'relays',
      '--scope',
      'admin',
      '--project-id',
      'p1',
    );
    expect(made.out).toMatch(
      /^id: +key_\w+\nname: +ci \\u001b\[31m\nscopes: +relays, admin\nproject: +p1\nsecret: +sp_/,
    );
    const [, id = '', secret = ''] = /id: +(\S+)[^]*secret: +(\S+)/.exec(made.out) ?? [];
    const asKey = (...args: readonly string[]) => runHere(args, { SALLYPORT_URL: gateway.url, SALLYPORT_KEY: secret });
    expect((await asKey('sessions', 'list')).code).toBe(0);
    const list = await cli('keys', 'list');
    expect(list.out).toMatch(new RegExp(`^ID +NAME +SCOPES[^]*${id} +ci \\\\u001b\\[31m +relays,admin +p1 `));
    expect(list.out).not.toContain(secret);
    expect(await json('keys', 'create', 'other', '--scope', 'auth')).toMatchObject({ name: 'other', scopes: ['auth'] });
    expect(await json('keys', 'list', '--limit', '1')).toMatchObject({
      keys: [{ id }],
      next_cursor: expect.any(String),
    });
    expect(await cli('keys', 'delete', id)).toEqual({ code: 0, out: `Deleted ${id}.\n`, err: '' });
    expect(await cli('keys', 'delete', id)).toMatchObject({ code: 5, err: expect.stringContaining('(key_not_found)') });
    expect((await asKey('sessions', 'list')).code).toBe(4);
    expect((await cli('keys', 'create', 'x', '--scope', 'king')).code).toBe(2);
  });

  it('CM4 a key without the scope is exit code 4', async () => {
    const { secret } = (await json('keys', 'create', 'auth-only', '--scope', 'auth')) as { secret: string };
    const { code, err } = await cli('nodes', 'list', '--key', secret);
    expect([code, err]).toEqual([4, expect.stringContaining('(scope_missing)')]);
  });

  it('CM6 nodes are listed and drained', async () => {
    const alone = await startGatewayProcess();
    const at = (...args: readonly string[]) => cli(...args, '--url', `${alone.url}/`);
    const list = await at('nodes', 'list');
    expect(list.out).toMatch(/^NODE +STATE +SESSIONS +SOCKETS +VERSION +URL\nnode_\w+ +ready +0 +0 +\S+ +http:.*\n$/);
    const [id = ''] = /node_\w+/.exec(list.out) ?? [];
    const drained = await at('nodes', 'drain', id);
    expect(drained).toEqual({ code: 0, out: 'Drained; closed 0 sockets.\n', err: '' });
    expect(JSON.parse((await at('nodes', 'list', '--json')).out)).toMatchObject({ nodes: [{ id, state: 'draining' }] });
    expect(await at('sessions', 'create')).toMatchObject({ code: 3, err: expect.stringContaining('sallyport: ') });
    expect((await at('nodes', 'drain', 'nobody')).code).toBe(5);
    await alone.stop('SIGKILL');
  });
});

describe('what can go wrong with every call', () => {
  const WRONG = 'sp_live_0123456789abcdef_0123456789abcdef0123456789abcdef0123456789a_abcdef';

  it.each([
    ...[
      ['sessions', 'list'],
      ['sessions', 'show', 'x'],
      ['sessions', 'members', 'x'],
      ['sessions', 'create'],
    ],
    ...[
      ['sessions', 'end', 'x'],
      ['kick', 'x', '--index', '1'],
      ['mint', 'x', 'a'],
      ['connect', 'x', '--user-id', 'a'],
    ],
    ...[
      ['keys', 'list'],
      ['keys', 'create', 'a', '--scope', 'auth'],
      ['keys', 'delete', 'x'],
    ],
    ...[
      ['nodes', 'list'],
      ['nodes', 'drain', 'x'],
    ],
  ])('CM3, CM4, CM5 a wrong key is exit code 4, and is not repeated; a gateway away is 3: %s %s', async (...args) => {
    const [refused, away] = await Promise.all([
      cli(...args, '--key', WRONG),
      cli(...args, '--key', WRONG, '--json', '--url', 'http://127.0.0.1:9'),
    ]);
    expect([refused.code, refused.out]).toEqual([4, '']);
    expect(refused.err).toMatch(/^sallyport: This call needs a valid API key\.( \(unauthorized\))?\n$/);
    expect([away.code, away.out]).toEqual([3, '']);
    expect(JSON.parse(away.err)).toMatchObject({ error: { exit_code: 3, code: null } });
    for (const { err } of [refused, away]) expect(err).not.toContain(WRONG.slice(8, 40));
  });

  it('CM4 says why a gateway cannot be reached, and what is wrong with a URL that leads elsewhere', async () => {
    const elsewhere = await startElsewhere();
    const at = (url: string, ...more: readonly string[]) => cli('nodes', 'list', '--url', url, ...more);
    const url = `http://127.0.0.1:${String((elsewhere.address() as AddressInfo).port)}`;
    const unused = await unusedPort();
    const [closed, unknown, html, moved, silent, broken, path] = await Promise.all([
      at(`http://127.0.0.1:${String(unused)}`),
      at('http://nobody.invalid'),
      at(`${url}/html`),
      at(`${url}/moved`),
      at(`${url}/silent`, '--timeout-s', '1'),
      at(`${url}/json`),
      at(`${gateway.url}/prefix`),
    ]);
    elsewhere.closeAllConnections();
    elsewhere.close();
    expect([closed.code, closed.err]).toEqual([3, expect.stringContaining('nothing listens there (ECONNREFUSED)')]);
    expect([unknown.code, unknown.err]).toEqual([3, expect.stringMatching(/host name|EAI_AGAIN|ENOTFOUND/)]);
    expect([html.code, html.err]).toEqual([1, expect.stringContaining('answers 404 and not like a gateway')]);
    expect([moved.code, moved.err]).toEqual([1, expect.stringContaining('answers 302 and not like a gateway')]);
    expect([silent.code, silent.err]).toEqual([3, expect.stringContaining('no answer in time')]);
    expect([broken.code, broken.err]).toEqual([1, expect.stringContaining('unknown form')]);
    expect([path.code, path.err]).toEqual([1, expect.stringContaining('Is the URL right? (unknown_path)')]);
  });

  it('CM4 a value that the gateway finds invalid is exit code 2, with its reason', async () => {
    const { session_id: id } = await backend.createSession(1);
    const [users, cursor, user, empty] = await Promise.all([
      cli('sessions', 'create', '--user-ip', 'nowhere'),
      cli('sessions', 'list', '--cursor', 'x'),
      cli('mint', id, 'a b'),
      cli('sessions', 'create', '--max-users', '0'),
    ]);
    expect([users.code, users.err]).toEqual([2, expect.stringContaining('not an IPv4 or IPv6 address')]);
    expect(cursor.code).toBe(2);
    expect([user.code, user.err]).toEqual([2, expect.stringContaining('user_id: 1 to 128 visible ASCII')]);
    expect([empty.code, empty.err]).toEqual([2, expect.stringContaining('max_users: ')]);
  });
});

/** A server that is no gateway. */
async function startElsewhere(): Promise<Server> {
  const server = createServer((request, response) => {
    if (request.url?.startsWith('/silent') === true) return;
    if (request.url?.startsWith('/json') === true) response.end('{"nodes":7}');
    else if (request.url?.startsWith('/moved') === true) response.writeHead(302, { Location: gateway.url }).end();
    else response.writeHead(404).end('<html>not here</html>');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

async function unusedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

describe('events', () => {
  it('EL16 shows the events of a session a page at a time, for people and as lines of JSON', async () => {
    const metadata = '{"id":76561198012345679}';
    const { out: made } = await cli('sessions', 'create', '--metadata', metadata, '--json');
    const { session_id } = JSON.parse(made) as { session_id: string };
    const shown = await cli('events', '--session', session_id, '--limit', '1');
    expect(shown.out).toMatch(new RegExp(`^\\d{4}-\\S+Z  session\\.ready +${session_id}  \\{`));
    expect([shown.code, shown.err]).toEqual([0, 'Read on: --after 1\n']);
    const lines = await cli('events', '--session', session_id, '--types', 'session.*', '--json');
    expect(lines.out.split('\n')[0]).toContain(metadata);
    expect(await cli('events', '--session', '000000000000-S')).toMatchObject({ code: 5, out: '' });
    expect(await cli('events', '--types', 'nobody.*')).toMatchObject({ code: 2, out: '' });
    expect(await cli('events', '--session', session_id, '--after', '99')).toMatchObject({ code: 1, out: '' });
  });

  it('EL16 --follow shows what comes, once, and ends with Ctrl-C', async () => {
    const { session_id } = await backend.createSession(1);
    const env = { SALLYPORT_URL: gateway.url, SALLYPORT_KEY: ROOT_KEY };
    const following = startCli(['events', '--follow', '--types', 'session.updated', '--json', '--after', '0'], env);
    for (const max_users of [4, 5, 6]) {
      await backend.native('PATCH', `/v1/relays/sessions/${session_id}`, { max_users });
      await following.shows(`"max_users":${String(max_users)}`);
    }
    following.child.kill('SIGINT');
    const { code, out } = await following.ended;
    expect(code).toBe(0);
    const seen = [...out.matchAll(/"max_users":(\d)/g)].map(([, users]) => users);
    expect(seen.slice(-3)).toEqual(['4', '5', '6']);
    expect(new Set(out.trim().split('\n')).size).toBe(seen.length);
  });
});
