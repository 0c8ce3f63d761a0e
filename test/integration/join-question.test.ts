/** The question before a join, asked of a real HTTP server: who is let in, who is refused, and what it costs others. */
import { randomBytes } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { createWebhookSigner } from '../../src/adapters/standard-webhooks/signer.js';
import { RelayClient } from '../../src/client/client.js';
import { createGateway } from '../../src/gateway.js';
import { parseProjectId } from '../../src/protocol/ids.js';
import { Backend, pairOf, type RelaySessionAnswer } from '../support/backend.js';
import { STORES } from '../support/both-stores.js';
import { Client, type Refused } from '../support/client.js';
import { eventually } from '../support/eventually.js';
import { SECRET, startGateway, type RunningGateway } from '../support/gateway.js';
import { JoinTarget, says, saysNothing, type Answering } from '../support/join-target.js';

const DEADLINE_MS = 400;
const ENV = { SALLYPORT_ENV: 'development', SALLYPORT_JOIN_URL_TIMEOUT_MS: String(DEADLINE_MS) };
const PROJECT = parseProjectId('default');

async function refusal(
  socketUrl: string,
  credential: string,
): Promise<readonly [status: number, code: string | undefined, message: string | undefined]> {
  const outcome = await Client.attempt(socketUrl, credential);
  if (outcome instanceof Client) throw new Error('the client was let in');
  const { status, body }: Refused = outcome;
  return [status, body.code, body.message];
}

async function tally(backend: Backend, outcome: string): Promise<number> {
  const { body } = await backend.call('GET', '/metrics');
  return Number(
    new RegExp(`^sallyport_join_questions_total\\{outcome="${outcome}"\\} (\\d+)$`, 'm').exec(String(body))?.[1],
  );
}

describe.each(STORES)('the question before a join on $store', ({ redisUrl }) => {
  let target: JoinTarget;
  let gateway: RunningGateway;
  let backend: Backend;

  beforeAll(async () => {
    target = await JoinTarget.start();
    gateway = await startGateway({ redisUrl: redisUrl(), env: ENV });
    backend = new Backend(gateway.url);
  });

  afterAll(async () => {
    target.stop();
    await gateway.stop();
  });

  beforeEach(() => {
    target.asked.length = 0;
    target.answering = says({ allow: true });
  });

  const questioned = (users: number, more: Record<string, unknown> = {}): Promise<RelaySessionAnswer> =>
    backend.createSession(users, { join_url: target.url, ...more });

  it('JQ1 asks once before a user joins, says who it is, and proves the gateway', async () => {
    const session = await questioned(1, { metadata: { map: 'dust' } });
    const first = await Client.join(gateway.socketUrl, pairOf(session));
    const second = await Client.join(gateway.socketUrl, await backend.mint(session.session_id, 'ada'));
    const about = { session_id: session.session_id, ip: '127.0.0.1', metadata: { map: 'dust' } };
    expect(target.bodies).toEqual([
      { ...about, user_id: first.welcome.you.user_id, credential_kind: 'relay_pair' },
      { ...about, user_id: 'ada', credential_kind: 'relay_credential' },
    ]);
    if (PROJECT === null) throw new Error('no project');
    const webhook = new Webhook(createWebhookSigner(SECRET).secretOf(PROJECT));
    const [asked] = target.asked;
    if (asked === undefined) throw new Error('nobody asked');
    const headers = Object.fromEntries(Object.entries(asked.headers).map(([name, value]) => [name, String(value)]));
    expect(webhook.verify(asked.text, headers)).toMatchObject({ user_id: first.welcome.you.user_id });
    // The control: another body has another signature.
    expect(() => webhook.verify(asked.text.replace('dust', 'lust'), headers)).toThrow();
    first.drop();
    second.drop();
  });

  it('JQ2 refuses the user with the reason of the answer, in one line, before a seat is taken', async () => {
    target.answering = says({ allow: false, reason: ` Your rank is\u0000 too\nlow \u202eyas.${'x'.repeat(500)}` });
    const session = await questioned(1, { max_users: 1 });
    const [status, code, message] = await refusal(gateway.socketUrl, pairOf(session));
    expect([status, code]).toEqual([403, 'join_refused']);
    expect(message).toMatch(/^Your rank is too low yas\.x+$/);
    expect(message).toHaveLength(256);
    const { body } = await backend.native('GET', `/v1/relays/sessions/${session.session_id}/members`);
    expect(body).toMatchObject({ members: [] });
    // Without a reason the client gets the sentence of the catalogue.
    target.answering = says({ allow: false });
    expect(await refusal(gateway.socketUrl, pairOf(session))).toEqual([
      ...[403, 'join_refused', 'The backend of the relay session refuses this user.'],
    ]);
    // The control: the same user is let in when the answer is yes.
    target.answering = says({ allow: true });
    (await Client.join(gateway.socketUrl, pairOf(session))).drop();
  });

  it('JQ2 the SDK gives the reason to the application, and the question is asked once', async () => {
    target.answering = says({ allow: false, reason: 'The match has begun.' });
    const session = await questioned(1);
    const client = new RelayClient({ url: gateway.socketUrl, credential: pairOf(session) });
    const closed = new Promise((resolve) => client.on('closed', resolve));
    await expect(client.connect()).rejects.toMatchObject({ code: 'join_refused', message: 'The match has begun.' });
    expect(await closed).toMatchObject({ reason: 'join_refused', cause: 'The match has begun.', advice: 'never' });
    expect(target.asked).toHaveLength(1);
  });

  it('JQ3 a resume is never asked about; a fresh join of the same member is', async () => {
    const session = await questioned(1);
    const member = await Client.join(gateway.socketUrl, pairOf(session));
    member.drop();
    target.answering = says({ allow: false });
    const resumed = await Client.join(gateway.socketUrl, member.welcome.resume.token, { query: { seq: '0' } });
    expect(resumed.index).toBe(member.index);
    expect(target.asked).toHaveLength(1);
    // The control.
    expect((await refusal(gateway.socketUrl, pairOf(session))).slice(0, 2)).toEqual([403, 'join_refused']);
    expect(target.asked).toHaveLength(2);
    await resumed.settle();
    resumed.drop();
  });

  it('JQ4 nobody asks about a credential that opens no seat, or without an upgrade', async () => {
    const session = await questioned(1);
    const pair = pairOf(session);
    expect((await refusal(gateway.socketUrl, `${pair}1`))[0]).toBeGreaterThanOrEqual(401);
    await backend.native('PATCH', `/v1/relays/sessions/${session.session_id}`, { locked: true });
    expect((await refusal(gateway.socketUrl, pair)).slice(0, 2)).toEqual([403, 'session_locked']);
    await backend.native('PATCH', `/v1/relays/sessions/${session.session_id}`, { locked: false });
    const examined = await backend.call('GET', '/v1/connect', undefined, { authorization: `Bearer ${pair}` });
    expect(examined.status).toBe(426);
    expect(target.asked).toHaveLength(0);
  });

  it('JQ5 the metadata of the answer is shown with the member to backends', async () => {
    const session = await questioned(2);
    const metadata = { team: 'red', rank: [1, { of: 'é' }] };
    target.answering = says({ allow: true, metadata });
    const ada = await Client.join(gateway.socketUrl, pairOf(session));
    target.answering = says({ allow: true });
    const ben = await Client.join(gateway.socketUrl, pairOf(session, 1));
    const { body } = await backend.native('GET', `/v1/relays/sessions/${session.session_id}/members`);
    expect(body).toMatchObject({ members: [{ metadata }, { metadata: null }] });
    ada.drop();
    ben.drop();
  });

  it.each<readonly [string, Answering]>([
    ['no JSON', (response) => response.end('yes')],
    ['another status', (response) => response.writeHead(201).end('{"allow":true}')],
    ['a redirect', (response) => response.writeHead(307, { location: target.url }).end('{"allow":true}')],
    ['no verdict', says({ allow: 'true' })],
    ['a list', says([{ allow: true }])],
    ['too much', says({ allow: true, more: 'x'.repeat(9000) })],
    ['too deep', (response) => response.end(`{"allow":true,"more":${'['.repeat(70)}${']'.repeat(70)}}`)],
    ['metadata that is no object', says({ allow: true, metadata: 'red' })],
    ['too much metadata', says({ allow: true, metadata: { x: 'x'.repeat(4096) } })],
    ['a cut connection', (response) => response.destroy()],
  ])('JQ6 an answer with %s is none: the join is refused, and the client may try again', async (_what, answering) => {
    target.answering = answering;
    const session = await questioned(1);
    const before = await tally(backend, 'failed');
    expect((await refusal(gateway.socketUrl, pairOf(session))).slice(0, 2)).toEqual([503, 'join_unanswered']);
    expect(await tally(backend, 'failed')).toBe(before + 1);
    expect(target.asked).toHaveLength(1);
  });

  it('JQ6 an answer that comes too late is none, and slows no join of another session', async () => {
    target.answering = saysNothing;
    const [session, other] = [await questioned(1), await backend.createSession(1)];
    const startedMs = performance.now();
    const waiting = refusal(gateway.socketUrl, pairOf(session));
    await eventually(() => (target.asked.length === 1 ? null : 'not asked yet'));
    (await Client.join(gateway.socketUrl, pairOf(other))).drop();
    expect(performance.now() - startedMs).toBeLessThan(DEADLINE_MS);
    expect((await waiting).slice(0, 2)).toEqual([503, 'join_unanswered']);
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(DEADLINE_MS - 10);
  });

  it('JQ7 a client that gives up ends its question, and several handshakes of one user share one', async () => {
    target.answering = saysNothing;
    const session = await questioned(1);
    const gone = target.gone;
    const client = new RelayClient({ url: gateway.socketUrl, credential: pairOf(session) });
    client.connect().catch(() => undefined);
    const second = refusal(gateway.socketUrl, pairOf(session));
    await eventually(() => (target.asked.length > 0 ? null : 'not asked yet'));
    await client.stop();
    await second;
    expect(target.asked).toHaveLength(1);
    const third = new RelayClient({ url: gateway.socketUrl, credential: pairOf(session) });
    third.connect().catch(() => undefined);
    await eventually(() => (target.asked.length === 2 ? null : 'not asked yet'));
    const startedMs = performance.now();
    await third.stop();
    await eventually(() => (target.gone === gone + 2 ? null : 'the question still waits'));
    expect(performance.now() - startedMs).toBeLessThan(DEADLINE_MS);
    expect(await tally(backend, 'abandoned')).toBe(1);
  });

  it('JQ8 a session without an address asks nobody, and PATCH gives and takes it', async () => {
    const session = await backend.createSession(1);
    const at = `/v1/relays/sessions/${session.session_id}`;
    target.answering = says({ allow: false });
    (await Client.join(gateway.socketUrl, pairOf(session))).drop();
    expect((await backend.native('PATCH', at, { join_url: target.url })).body).toMatchObject({ join_url: target.url });
    expect((await refusal(gateway.socketUrl, pairOf(session)))[1]).toBe('join_refused');
    expect((await backend.native('PATCH', at, { join_url: null })).body).toMatchObject({ join_url: null });
    (await Client.join(gateway.socketUrl, pairOf(session))).drop();
    expect(target.asked).toHaveLength(1);
  });
});

describe('the question before a join of the settings', () => {
  let target: JoinTarget;

  beforeAll(async () => {
    target = await JoinTarget.start();
  });

  afterAll(() => {
    target.stop();
  });

  it('JQ8 JQ6 asks for every session without an address of its own, and lets users in without an answer when it is open', async () => {
    const env = { ...ENV, SALLYPORT_JOIN_URL: target.url, SALLYPORT_JOIN_URL_ON_FAILURE: 'open' };
    const gateway = await startGateway({ env });
    const backend = new Backend(gateway.url);
    const other = await JoinTarget.start();
    const join = async (more: Record<string, unknown> = {}): Promise<void> => {
      (await Client.join(gateway.socketUrl, pairOf(await backend.createSession(1, more)))).drop();
    };
    await join();
    expect([target.asked.length, other.asked.length]).toEqual([1, 0]);
    await join({ join_url: other.url });
    expect([target.asked.length, other.asked.length]).toEqual([1, 1]);
    for (const answering of [saysNothing, says('nonsense')]) {
      target.answering = answering;
      await join();
    }
    expect([await tally(backend, 'timeout'), await tally(backend, 'failed')]).toEqual([1, 1]);
    target.answering = says({ allow: false });
    expect((await refusal(gateway.socketUrl, pairOf(await backend.createSession(1))))[1]).toBe('join_refused');
    other.stop();
    await gateway.stop();
  });

  it('JQ9 an address that the gateway may not call stops the start, and is 400 in a session', async () => {
    const settings = { SALLYPORT_PORT: '0', SALLYPORT_LOG_LEVEL: 'silent', SALLYPORT_JOIN_URL: target.url };
    await expect(createGateway(settings)).rejects.toThrow('SALLYPORT_JOIN_URL: refused: ');
    const gateway = await startGateway();
    const backend = new Backend(gateway.url);
    const body = { users: [{ ip: '127.0.0.1' }], join_url: target.url };
    const answer = await backend.relays('POST', '/v1/relays/sessions', body);
    expect([answer.status, String(answer.body.message)]).toEqual([400, expect.stringMatching(/^join_url: refused: /)]);
    await gateway.stop();
  });

  it('JQ10 a join by way of another node is asked about once, by the home, however long the answer takes', async () => {
    const prefix = `sallyport-test-${randomBytes(6).toString('hex')}:`;
    const start = (zone: string): Promise<RunningGateway> =>
      startGateway({
        redisUrl: inject('redisUrl'),
        env: {
          ...ENV,
          SALLYPORT_JOIN_URL_TIMEOUT_MS: '5000',
          SALLYPORT_REDIS_PREFIX: prefix,
          SALLYPORT_NODE_LABELS: `zone=${zone}`,
        },
      });
    const [home, other] = [await start('first'), await start('second')];
    const [atHome, atOther] = [new Backend(home.url), new Backend(other.url)];
    for (const backend of [atHome, atOther]) {
      await eventually(async () => {
        const text = JSON.stringify((await backend.native('GET', '/v1/nodes')).body);
        return text.includes('first') && text.includes('second') ? null : 'a node has not heard of the other';
      });
    }
    const filters = [{ field: 'zone', values: ['first'], filter_type: 'any' }];
    const session = await atHome.createSession(2, { filters, join_url: target.url });
    target.asked.length = 0;
    // Longer than a node waits for another one's answer.
    target.answering = (response) => {
      setTimeout(() => response.end('{"allow":true,"metadata":{"team":"red"}}'), 1_300);
    };
    const member = await Client.join(other.socketUrl, pairOf(session));
    expect(target.asked).toHaveLength(1);
    const { body } = await atOther.native('GET', `/v1/relays/sessions/${session.session_id}/members`);
    expect(body).toMatchObject({ members: [{ metadata: { team: 'red' } }] });
    target.answering = says({ allow: false, reason: 'No.' });
    const client = new RelayClient({ url: other.socketUrl, credential: pairOf(session, 1) });
    await expect(client.connect()).rejects.toMatchObject({ code: 'join_refused', message: 'No.' });
    expect(target.asked).toHaveLength(2);
    expect([await tally(atHome, 'allowed'), await tally(atHome, 'refused')]).toEqual([1, 1]);
    member.drop();
    await Promise.all([home.stop(), other.stop()]);
  });
});
