import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseEndpointId, parseProjectId } from '../../../src/protocol/ids.js';
import { composeOutbound } from '../../../src/compose/outbound.js';
import { composeWebhooks } from '../../../src/compose/webhooks.js';
import { systemCrypto } from '../../../src/adapters/system/crypto.js';
import { parseConfig } from '../../../src/config/parse.js';
import { emptyTallies } from '../../../src/ports/metrics.js';
import type { RestDeps } from '../../../src/rest/rest.js';
import { silentLog } from '../../support/silent-log.js';
import { startTarget, status, verify, type WebhookTarget } from '../../support/webhook-target.js';
import * as f from '../../contract/suites/fixtures.js';
import { startRest, type Harness } from './harness.js';

const NODE = f.HERE;
const LEASE_MS = 1e9;

/** In development, where targets on loopback may be called. */
function development(): { readonly harness: Harness; readonly webhooks: ReturnType<typeof composeWebhooks> } {
  const config = parseConfig({ SALLYPORT_ENV: 'development' });
  if (!config.ok) throw new Error(config.problems.join());
  const base = startRest();
  const { clock, store } = base;
  const webhooks = composeWebhooks({
    clock,
    store,
    crypto: systemCrypto(),
    metrics: { tallies: emptyTallies(), gauge: () => undefined },
    log: silentLog,
    outbound: composeOutbound(config.config),
    secret: 'the secret of the deployment',
    nodes: { find: () => null },
  });
  const overrides: Partial<RestDeps> = { webhooks };
  return { harness: Object.assign(base, { rest: startRest(overrides, () => store).rest }), webhooks };
}

describe('webhooks over REST', () => {
  let target: WebhookTarget;
  let harness: Harness;
  let webhooks: ReturnType<typeof composeWebhooks>;
  beforeEach(async () => {
    target = await startTarget(() => harness.clock.nowMs());
    ({ harness, webhooks } = development());
  });
  afterEach(() => target.stop());

  const create = async (body: object = {}) =>
    (await harness.native('POST /v1/webhooks', { url: `${target.url}/hook`, ...body })).json;

  it('WH18 an endpoint is registered, listed, changed and removed; only the create and a rotation show a secret', async () => {
    const created = await create({ types: ['member.*', 'session.ended'] });
    expect(created).toMatchObject({ url: `${target.url}/hook`, types: ['member.*', 'session.ended'], paused: false });
    expect(created.secret).toMatch(/^whsec_/);
    const at = `/v1/webhooks/${created.id}`;
    const { secret, ...shown } = created;
    expect((await harness.native(`GET ${at}`)).json).toEqual(shown);
    expect((await harness.native('GET /v1/webhooks')).json).toEqual({ webhooks: [shown], next_cursor: null });
    const changed = await harness.native(`PATCH ${at}`, { paused: true, types: null });
    expect(changed.json).toEqual({ ...shown, types: null, paused: true, paused_reason: 'asked' });
    const rotated = await harness.native(`POST ${at}/rotate`);
    expect(rotated.json.secret).toMatch(/^whsec_/);
    expect(rotated.json.secret).not.toBe(secret);
    expect((await harness.native(`DELETE ${at}`)).status).toBe(204);
    for (const line of [
      `GET ${at}`,
      `DELETE ${at}`,
      `POST ${at}/rotate`,
      `POST ${at}/test`,
      `GET ${at}/dead_letters`,
    ]) {
      expect([line, (await harness.native(line)).json.code]).toEqual([line, 'webhook_not_found']);
    }
  });

  it('WH18 a target that may not be called is 400, and so is an unknown type', async () => {
    const strict = startRest();
    for (const [url, code] of [
      ['http://backend.example/hook', 'webhook_url_refused'],
      ['https://127.0.0.1/hook', 'webhook_url_refused'],
      ['https://169.254.169.254/latest', 'webhook_url_refused'],
      ['ftp://backend.example/', 'invalid_request'],
    ]) {
      const answer = await strict.native('POST /v1/webhooks', { url });
      expect([url, answer.status, answer.json.code]).toEqual([url, 400, code]);
    }
    const { id } = (await strict.native('POST /v1/webhooks', { url: 'https://backend.example/hook' })).json;
    const moved = await strict.native(`PATCH /v1/webhooks/${id}`, { url: 'https://10.0.0.1/' });
    expect(moved.json.code).toBe('webhook_url_refused');
    const odd = await harness.native('POST /v1/webhooks', { url: `${target.url}/`, types: ['member.exploded'] });
    expect(odd.json.code).toBe('invalid_request');
  });

  it('WH18 a project has twenty endpoints at most, and sees only its own', async () => {
    for (let count = 0; count < 20; count += 1) await create();
    expect((await harness.native('POST /v1/webhooks', { url: target.url })).json.code).toBe('too_many_webhooks');
    const { secret } = (await harness.native('POST /v1/keys', { name: 'k', scopes: ['admin'] })).json;
    const authorization = `Bearer ${secret}`;
    expect((await harness.send('GET /v1/webhooks', { authorization })).json).toMatchObject({ webhooks: [] });
    const own = await harness.send('POST /v1/webhooks', { authorization, body: { url: target.url } });
    expect(own.status).toBe(201);
    const [first] = await webhooks.endpoints.all('all');
    const foreign = await harness.send(`GET /v1/webhooks/${f.sure(first).id}`, { authorization });
    expect([foreign.status, foreign.json.code]).toEqual([404, 'webhook_not_found']);
  });

  it('WH31 a project that asks only for types that it never gets is told why; the root key may, and so may a mix', async () => {
    const { secret } = (await harness.native('POST /v1/keys', { name: 'k', scopes: ['admin'] })).json;
    const authorization = `Bearer ${secret}`;
    const own = (types: unknown, line = 'POST /v1/webhooks', more: object = { url: target.url }) =>
      harness.send(line, { authorization, body: { ...more, types } });
    for (const types of [['user_session.*'], ['node.lost', 'user_session.created']]) {
      const { status: code, json } = await own(types);
      expect([code, json.code, json.message]).toEqual([400, 'invalid_request', expect.stringContaining('root key')]);
    }
    const mixed = await own(['node.*', 'member.*']);
    expect(mixed.status).toBe(201);
    expect((await own(['node.*'], `PATCH /v1/webhooks/${mixed.json.id}`, {})).status).toBe(400);
    expect((await create({ types: ['node.*'] })).id).toMatch(/^wh_/);
  });

  it('WH19 a test event is sent now, signed, and its outcome is told', async () => {
    const { id, secret } = await create();
    const good = await harness.native(`POST /v1/webhooks/${id}/test`);
    expect(good.json).toMatchObject({ delivered: true, reason: null });
    const call = f.sure(target.received[0]);
    expect(verify(secret, call, call.atMs)).toMatchObject({ id: good.json.id, type: 'webhook.test' });
    target.answer = status(404);
    const bad = await harness.native(`POST /v1/webhooks/${id}/test`);
    expect(bad.json).toMatchObject({ delivered: false, reason: 'status 404' });
  });

  it('WH26 a test has as long as an attempt, ends when its caller is gone, and two of an endpoint run at once', async () => {
    const { endpoint } = await webhooks.endpoints.create(f.ACME, `${target.url}/hook`, null);
    target.answer = () => undefined;
    const extended: number[] = [];
    const leaving: (() => void)[] = [];
    const patience = { extend: (ms: number) => extended.push(ms), onOver: (run: () => void) => leaving.push(run) };
    const test = () => webhooks.webhooks.test(endpoint.id, f.ACME, patience);
    const two = [test(), test()];
    await expect.poll(() => target.received.length).toBe(2);
    expect(extended).toEqual([15_000, 15_000]);
    const third = await harness.native(`POST /v1/webhooks/${endpoint.id}/test`);
    expect([third.status, third.json.code]).toEqual([429, 'too_many_webhook_tests']);
    for (const leave of leaving) leave();
    expect(await Promise.all(two)).toMatchObject([{ delivered: false }, { delivered: false }]);
    target.answer = status(204);
    expect((await harness.native(`POST /v1/webhooks/${endpoint.id}/test`)).json).toMatchObject({ delivered: true });
  });

  it('WH30 a test sends nothing unsigned: it says that the secret cannot be opened', async () => {
    const id = f.sure(parseEndpointId(`wh_${'z'.repeat(24)}`));
    const secrets = [{ sealed: 'sealed elsewhere', validUntilMs: null }];
    const rest = { types: null, secrets, paused: null, createdAtMs: 1, version: 1 };
    await harness.store.endpoints.put({ id, owner: f.ACME, url: `${target.url}/hook`, ...rest }, 20);
    const { json } = await harness.native(`POST /v1/webhooks/${id}/test`);
    expect(json).toMatchObject({ delivered: false, reason: 'the secret was sealed with another SALLYPORT_SECRET' });
    expect(target.received).toEqual([]);
  });

  it("WH20 a session's webhook_url is signed with the secret of its project, which an admin can read", async () => {
    const { secret } = (await harness.native('GET /v1/webhooks/signing_secret')).json;
    const session = { ...f.newSession({ webhookUrl: `${target.url}/session` }) };
    const stored = await harness.store.relay.create({ ...session, projectId: f.sure(parseProjectId('default')) }, []);
    const facts = { type: 'session.ended', why: 'ended', session: stored } as const;
    const event = { id: 'evt_1', sequence: 1, createdAtMs: harness.clock.nowMs(), sessionId: session.id, facts };
    const hold = f.sure(await harness.store.feed.claim(0, NODE, LEASE_MS));
    const planned = await webhooks.planner.plan([{ ...event, projectId: f.sure(parseProjectId('default')) }]);
    await webhooks.deliveries.plan(hold, '0', planned);
    webhooks.sender.own(hold);
    await expect.poll(() => target.received.length).toBe(1);
    const call = f.sure(target.received[0]);
    expect(verify(secret, call, call.atMs)).toMatchObject({ session_id: session.id, ready: false, relay: null });
    await webhooks.sender.stop();
  });

  it('WH21, WH29 dead letters are listed and sent again over REST, each under its own endpoint', async () => {
    const { id } = await create();
    target.answer = status(410);
    const createdAtMs = harness.clock.nowMs();
    const event = { id: 'evt_1', sequence: null, createdAtMs, projectId: null, sessionId: null } as const;
    const hold = f.sure(await harness.store.feed.claim(0, NODE, LEASE_MS));
    const planned = await webhooks.planner.plan([{ ...event, facts: { type: 'node.joined', nodeId: NODE } }]);
    await webhooks.deliveries.plan(hold, '0', planned);
    webhooks.sender.own(hold);
    const list = async (path: string) => (await harness.native(`GET ${path}`)).json['dead_letters'];
    await expect.poll(() => list('/v1/webhooks/dead_letters')).toHaveLength(1);
    const letter = { event_id: 'evt_1', type: 'node.joined', webhook_id: id, attempts: 1, reason: 'status 410' };
    expect(await list(`/v1/webhooks/${id}/dead_letters`)).toMatchObject([letter]);
    const letterId = `dl_0_evt_1.${id}`;
    target.answer = status(204);
    const { endpoint: other } = await webhooks.endpoints.create('all', target.url, null);
    const wrong = await harness.native(`POST /v1/webhooks/${other.id}/dead_letters/${letterId}/resend`);
    expect([wrong.status, wrong.json.code]).toEqual([404, 'dead_letter_not_found']);
    await harness.native(`PATCH /v1/webhooks/${id}`, { paused: false });
    expect((await harness.native(`POST /v1/webhooks/dead_letters/${letterId}/resend`)).status).toBe(202);
    await expect.poll(() => target.received.length).toBe(2);
    expect(await list('/v1/webhooks/dead_letters')).toEqual([]);
    const again = await harness.native(`POST /v1/webhooks/dead_letters/${letterId}/resend`);
    expect(again.json.code).toBe('dead_letter_not_found');
    await webhooks.sender.stop();
  });
});
