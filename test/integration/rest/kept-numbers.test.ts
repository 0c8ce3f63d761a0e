/** Numbers in JSON that the gateway keeps for a caller come back as they were sent, on every way out. */
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { Backend, pairOf, type RelaySessionAnswer } from '../../support/backend.js';
import { STORES } from '../../support/both-stores.js';
import { Client } from '../../support/client.js';
import { ClientApp, PASSWORD } from '../../support/client-app.js';
import { freshName } from '../../support/directory.js';
import { ROOT_KEY, startGateway, type RunningGateway } from '../../support/gateway.js';
import { httpCall } from '../../support/http-call.js';

/** JavaScript would write every number of it otherwise. */
const KEPT = '{"steam":76561198012345679,"big":1e400,"zero":-0,"long":[0.12345678901234567890,{"one":1.0}]}';

describe.each(STORES)('kept numbers on $store', ({ redisUrl }) => {
  let running: RunningGateway;

  beforeAll(async () => {
    running = await startGateway({ redisUrl: redisUrl() });
  });
  afterAll(() => running.stop());

  /** Bodies and answers as text, because parsing would change them. */
  async function call(method: string, path: string, body?: string, authorization = `Bearer ${ROOT_KEY}`) {
    const headers = { authorization, 'content-type': 'application/json' };
    const { status, text } = await httpCall(running.url + path, { method, headers, body });
    expect([method, path, status >= 200 && status < 300 ? 'done' : text]).toEqual([method, path, 'done']);
    return text;
  }

  const relays = (method: string, path: string, body?: string) => call(method, path, body, `token ${ROOT_KEY}`);
  const idOf = (text: string): string => (JSON.parse(text) as { readonly id: string }).id;

  function textsOf(client: Client): string[] {
    const texts: string[] = [];
    client.socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (!isBinary) texts.push(data.toString('utf8'));
    });
    return texts;
  }

  /** The first frame of a member, as text. */
  async function welcomeOf(session: RelaySessionAnswer): Promise<string> {
    const socket = new WebSocket(`${running.socketUrl}/v1/connect?access_token=${pairOf(session)}`, 'sallyport.v1');
    const [data] = (await once(socket, 'message')) as [Buffer];
    socket.terminate();
    return data.toString('utf8');
  }

  it('NT4 metadata of a relay session: in the welcome, after PATCH, and in session.updated', async () => {
    const made = await relays('POST', '/v1/relays/sessions', `{"users":[{"ip":"127.0.0.1"}],"metadata":${KEPT}}`);
    const session = JSON.parse(made) as RelaySessionAnswer;
    expect(await welcomeOf(session)).toContain(`"metadata":${KEPT}`);
    const path = `/v1/relays/sessions/${session.session_id}`;
    expect(await call('PATCH', path, '{"locked":false}')).toContain(`"metadata":${KEPT}`);

    const client = await Client.join(running.socketUrl, pairOf(session));
    const texts = textsOf(client);
    const changed = KEPT.replace('steam', 'changed');
    expect(await call('PATCH', path, `{"metadata":${changed}}`)).toContain(`"metadata":${changed}`);
    await client.expect('session.updated');
    expect(texts.find((text) => text.includes('session.updated'))).toContain(`"metadata":${changed}`);
    client.socket.terminate();
  });

  it('NT4 presence states and the t of a ping', async () => {
    const made = await relays('POST', '/v1/relays/sessions', '{"users":[{"ip":"127.0.0.1"},{"ip":"127.0.0.1"}]}');
    const session = JSON.parse(made) as RelaySessionAnswer;
    const [one, two] = [
      await Client.join(running.socketUrl, pairOf(session)),
      await Client.join(running.socketUrl, pairOf(session, 1)),
    ];
    const [ones, twos] = [textsOf(one), textsOf(two)];
    one.socket.send(`{"type":"state","state":${KEPT}}`);
    await two.expect('member.state');
    expect(twos).toContain(`{"type":"member.state","index":${String(one.index)},"state":${KEPT}}`);
    const listed = await call('GET', `/v1/relays/sessions/${session.session_id}/members`);
    expect(listed).toContain(`"state":${KEPT}`);
    const sent = ['76561198012345679', '1e400', '-0', '1.0', '"1\\u002e0"', 'null', '0.12345678901234567890'];
    for (const t of sent) one.socket.send(`{"type":"ping","t":${t}}`);
    one.socket.send('{"type":"ping"}');
    await one.expect('pong', sent.length + 1);
    const pongs = ones.filter((text) => text.includes('pong'));
    expect(pongs).toEqual([...sent, 'null'].map((t) => `{"type":"pong","t":${t}}`));
    for (const client of [one, two]) client.socket.terminate();
  });

  it('NT4 metadata of users and organizations: made, read, listed, changed, and shown to the user', async () => {
    const username = freshName();
    const metadata = `"public_metadata":${KEPT},"private_metadata":${KEPT},"unsafe_metadata":${KEPT}`;
    const made = await call('POST', '/v1/users', `{"username":"${username}","password":"${PASSWORD}",${metadata}}`);
    const id = idOf(made);
    const answers = [made, await call('GET', `/v1/users/${id}`), await call('GET', '/v1/users?limit=1')];
    for (const text of answers) expect(text).toContain(metadata);
    // Redis compares with the record before.
    expect(await call('PATCH', `/v1/users/${id}`, '{"first_name":"F"}')).toContain(metadata);
    expect(await call('PATCH', `/v1/users/${id}`, '{"first_name":"G"}')).toContain(metadata);
    const organization = await call('POST', '/v1/organizations', `{"name":"${username}","public_metadata":${KEPT}}`);
    expect(organization).toContain(`"public_metadata":${KEPT}`);
    expect(await call('GET', `/v1/organizations/${idOf(organization)}`)).toContain(`"public_metadata":${KEPT}`);
    await call('POST', `/v1/organizations/${idOf(organization)}/memberships`, `{"user_id":"${id}","role":"admin"}`);
    const app = new ClientApp(running.url);
    await app.signIn(username);
    const own = await httpCall(`${running.url}/v1/client`, {
      method: 'GET',
      headers: { cookie: `__client=${app.token ?? ''}` },
    });
    expect(own.text.split(`"public_metadata":${KEPT}`).length).toBeGreaterThan(2);
    expect(own.text).toContain(`"unsafe_metadata":${KEPT}`);
  });

  it('NT4 claims of a template, and the token made by it', async () => {
    const username = freshName();
    const body = `{"username":"${username}","password":"${PASSWORD}","public_metadata":${KEPT}}`;
    await call('POST', '/v1/users', body);
    const steam = '{{user.public_metadata.steam}}';
    const claims = `{"own":76561198012345679,"theirs":"${steam}","text":"is ${steam}","all":"{{user.public_metadata}}"}`;
    const made = await call('POST', '/v1/jwt_templates', `{"name":"${username}","claims":${claims}}`);
    expect(made).toContain(`"claims":${claims}`);
    expect(await call('GET', `/v1/jwt_templates/${username}`)).toContain(`"claims":${claims}`);
    const app = new ClientApp(running.url);
    const sessionId = await app.signIn(username);
    const { body: answer } = await app.post(`/v1/client/sessions/${sessionId}/tokens/${username}`);
    const payload = Buffer.from((answer as { jwt: string }).jwt.split('.')[1] ?? '', 'base64url').toString('utf8');
    const filled = '"own":76561198012345679,"theirs":76561198012345679,"text":"is 76561198012345679"';
    expect(payload).toContain(`${filled},"all":${KEPT}`);
  });

  it('NT4 a number in place of a kept object is refused, and metadata is counted with its numbers as sent', async () => {
    const backend = new Backend(running.url);
    const path = '/v1/relays/sessions';
    const users = '"users":[{"ip":"127.0.0.1"}]';
    for (const metadata of ['1e400', '1.0', '[1.0]', `{"n":${'9'.repeat(4096)}}`]) {
      const answer = await backend.relays('POST', path, `{${users},"metadata":${metadata}}`);
      expect([answer.status, String(answer.body.message).split(':')[0]]).toEqual([400, 'metadata']);
    }
    expect((await backend.relays('POST', path, `{${users},"max_users":2.0}`)).status).toBe(200);
    expect((await backend.relays('POST', path, `{${users},"max_users":1e400}`)).status).toBe(400);
  });
});
