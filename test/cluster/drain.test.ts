/** A node that drains: its sessions go on at another node, and no client loses anything. */
import { afterEach, describe, expect, it } from 'vitest';
import { connect } from 'node:net';
import { CLASS } from '../../src/protocol/wire.js';
import { pairOf } from '../support/backend.js';
import { Client } from '../support/client.js';
import { eventually } from '../support/eventually.js';
import { ROOT_KEY } from '../support/gateway.js';
import { Nodes } from '../support/nodes.js';
import { openRaw } from '../support/raw-tcp.js';
import { mostClosesInASecond, Traffic, type TrafficReport } from '../support/traffic.js';

const CLEAN = { lost: 0, duplicates: 0, disordered: 0, strays: 0, gaps: 0, unrecovered: 0 };

/** A message of the backend whose last bytes come later: the call runs while the node drains. */
async function halfOfAMessage(port: number, sessionId: string, text: string) {
  const body = JSON.stringify({ class: 'reliable', payload_base64: Buffer.from(text).toString('base64') });
  const head = [
    ...[`POST /v1/relays/sessions/${sessionId}/messages HTTP/1.1`, 'Host: x', 'Content-Type: application/json'],
    ...[`Authorization: Bearer ${ROOT_KEY}`, `Content-Length: ${String(body.length)}`],
  ];
  const raw = await openRaw(port, `${head.join('\r\n')}\r\n\r\n${body.slice(0, 3)}`);
  return { raw, finish: () => raw.write(body.slice(3)) };
}

function isRefused(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(false);
    });
    socket.on('error', () => resolve(true));
  });
}

describe('a node that drains', () => {
  let nodes: Nodes | null = null;
  let traffic: Traffic | null = null;

  afterEach(async () => {
    await Promise.all((traffic?.clients ?? []).map(({ sdk }) => sdk.stop()));
    await nodes?.stop();
    nodes = null;
    traffic = null;
  });

  const join = (at: Nodes, node: number, credential: string): Promise<Client> =>
    Client.join(at.process(node).socketUrl, credential);
  const resume = (at: Nodes, node: number, before: Client, seq: number): Promise<Client> =>
    Client.join(at.process(node).socketUrl, before.welcome.resume.token, { query: { seq: String(seq) } });
  const idsOf = async (at: Nodes): Promise<readonly string[]> => {
    const { body } = await at.at(0).native('GET', '/v1/nodes');
    const found = (body as { nodes: { id: string; public_url: string }[] }).nodes;
    return at.processes.map(({ url }) => found.find(({ public_url }) => public_url === url)?.id ?? '');
  };

  /** Two nodes; all clients are on the first. They come back through the second, unless they are told another URL. */
  async function twoNodes(sizes: readonly number[]): Promise<{ nodes: Nodes; traffic: Traffic }> {
    const started = await Nodes.start(1);
    nodes = started;
    let entry = 0;
    const began = new Traffic({ url: () => started.process(entry).socketUrl, pauseMs: 20 });
    traffic = began;
    for (const size of sizes) await began.join(await started.at(0).createSession(size));
    await started.add();
    entry = 1;
    began.begin();
    await eventually(() => (began.clients.every(({ acked }) => acked.length > 3) ? null : 'not all send yet'));
    return { nodes: started, traffic: began };
  }

  const until = (began: Traffic, ms: number): Promise<TrafficReport> =>
    new Promise((resolve) => setTimeout(resolve, ms)).then(() => began.end());

  it('DR1, DR2, DR3, DR6 after SIGTERM sessions go on at another node, and no client loses a frame', async () => {
    const sizes = [...Array.from({ length: 40 }, () => 2), ...Array.from({ length: 10 }, () => 4), 40];
    const { nodes, traffic } = await twoNodes(sizes);
    const port = Number(new URL(nodes.process(0).url).port);
    const halves = await Promise.all(
      traffic.sessionIds.slice(0, 20).map((id) => halfOfAMessage(port, id, `${id}/backend:1`)),
    );
    const stopped = nodes.process(0).stop();
    const sinceMs = performance.now();
    await eventually(async () => ((await isRefused(port)) ? null : 'it still listens'), 5_000, 2);
    const deafAfterMs = performance.now() - sinceMs;
    for (const { finish } of halves) {
      finish();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await eventually(() => (halves.every(({ raw }) => raw.isClosed) ? null : 'requests are not answered'));
    expect(halves.map(({ raw }) => raw.received.toString('latin1', 0, 12))).toEqual(halves.map(() => 'HTTP/1.1 200'));
    expect(deafAfterMs).toBeLessThan(1000);
    expect(await stopped).toBe(0);
    const report = await until(traffic, 500);
    expect(report).toMatchObject({ ...CLEAN, reconnects: 160, codes: { 4200: 160 } });
    // A machine without a free core delays answers and leases beyond their deadlines: then senders are told.
    expect(report.unknown + report.refused).toBeLessThan(report.acked / 20);
    expect(traffic.clients.map(({ goaways }) => goaways)).toEqual(traffic.clients.map(() => 1));
    expect(mostClosesInASecond(traffic.clients)).toBeLessThanOrEqual(160);
    expect(nodes.process(0).errors()).toBe('');
  });

  it('DR1 control: after a kill the same clients lose their place', async () => {
    const { nodes, traffic } = await twoNodes([2, 2, 2, 2]);
    await nodes.process(0).stop('SIGKILL');
    await eventually(() => (traffic.clients.every(({ opens }) => opens.length > 1) ? null : 'not all are back'));
    const report = await until(traffic, 0);
    expect(report.codes).toEqual({ 1006: 8 });
    expect(report.unrecovered).toBe(8);
    expect(report.gaps).toBe(8);
  });

  it('DR2, DR3, DR4, DR9 a drain by REST at another node moves everything that a session has, and the node stays up', async () => {
    const started = await Nodes.start(1);
    nodes = started;
    const session = await started.at(0).createSession(3, { resume_window_ms: 60_000 });
    const ann = await join(started, 0, pairOf(session, 0));
    const ben = await join(started, 0, pairOf(session, 1));
    const col = await join(started, 0, pairOf(session, 2));
    ann.say({ type: 'state', state: { hat: 'red' } });
    await ben.expect('member.state');
    col.socket.terminate();
    await ben.expect('member.away');
    // More than the bus takes in one envelope.
    for (let n = 0; n < 60; n += 1) {
      ann.relay({ deliveryClass: CLASS.reliable, payload: Buffer.alloc(12_000, n), ref: n });
    }
    await ann.expect('ack', 60);
    await started.add();

    const id = (await idsOf(started))[0] ?? '';
    const answer = await started.at(1).native('POST', `/v1/nodes/${id}/drain`);
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      matched: 1,
      closed: 2,
      nodes_acked: 1,
      nodes_timed_out: 0,
      took_ms: expect.any(Number),
    });
    const link = started.process(1).socketUrl;
    for (const client of [ann, ben]) {
      expect(await client.expectClosed()).toEqual({ code: 4200, reason: 'going_away' });
      expect(client.of('goaway')).toMatchObject([{ reason: 'shutdown', url: `${link}/v1/connect` }]);
    }
    const backAnn = await resume(started, 1, ann, 0);
    const backCol = await resume(started, 1, col, 0);
    expect(backCol.welcome).toMatchObject({
      recovered: true,
      epoch: ann.welcome.epoch,
      seq: 60,
      you: { index: col.index },
      host: ann.welcome.host,
    });
    expect(backCol.welcome.members.find(({ index }) => index === ann.index)).toMatchObject({ state: { hat: 'red' } });
    const replayed = await backCol.expectEntries(60);
    expect(replayed.map(({ payload }) => payload[0])).toEqual(Array.from({ length: 60 }, (_, n) => n));
    expect(backAnn.entries).toEqual([]);
    backAnn.relay({ deliveryClass: CLASS.reliable, payload: 'on', ref: 1, term: ann.welcome.host.term });
    expect(await backAnn.expect('ack')).toMatchObject({ seq: 61 });

    const ready = await started.at(0).call('GET', '/readyz');
    expect(ready).toMatchObject({ status: 503, body: { code: 'draining' } });
    const refused = await Client.attempt(started.process(0).socketUrl, pairOf(session, 1));
    expect(refused).toMatchObject({ status: 503, body: { code: 'draining', url: `${link}/v1/connect` } });
    expect((await started.at(0).native('POST', `/v1/nodes/${id}/drain`)).body).toMatchObject({ matched: 1 });
    const seen = await started.at(0).relays('GET', `/v1/relays/sessions/${session.session_id}`);
    expect(JSON.stringify(seen.body)).toContain(`${link}/v1/connect`);
    expect((await started.at(1).native('POST', '/v1/nodes/node_0000000000000000/drain')).status).toBe(404);
    const stoppedAt = performance.now();
    const stopped = started.process(0).stop();
    const port = Number(new URL(started.process(0).url).port);
    await eventually(async () => ((await isRefused(port)) ? null : 'it still listens'), 5_000, 1);
    expect(performance.now() - stoppedAt).toBeLessThan(100);
    expect(await stopped).toBe(0);
    expect(performance.now() - stoppedAt).toBeLessThan(3_000);
  });

  it('DR5 a session that fits no other node goes to the node where its clients come back, at once', async () => {
    const started = await Nodes.start(2, { SALLYPORT_DRAIN_TIMEOUT_MS: '20000' });
    nodes = started;
    const session = await started.sessionAt(0, 2);
    const idle = await started.sessionAt(0, 1);
    const ann = await join(started, 0, pairOf(session, 0));
    const ben = await join(started, 0, pairOf(session, 1));
    ann.relay({ deliveryClass: CLASS.reliable, payload: 'kept', ref: 1 });
    await ben.expectEntries(1);
    const [id = ''] = await idsOf(started);
    await started.at(0).native('POST', `/v1/nodes/${id}/drain`);
    await Promise.all([ann.expectClosed(), ben.expectClosed()]);
    expect(ann.of('goaway')).toEqual([{ type: 'goaway', reason: 'shutdown', after_ms: expect.any(Number) }]);
    await eventually(async () => {
      const { body } = await started.at(1).native('GET', '/v1/nodes');
      return JSON.stringify(body).includes('draining') ? null : 'the other node does not know yet';
    });
    const back = await resume(started, 1, ben, 0);
    expect(back.welcome).toMatchObject({ recovered: true, epoch: ben.welcome.epoch, seq: 1 });
    const text = Buffer.from('x').toString('base64');
    const path = (at: string): string => `/v1/relays/sessions/${at}/messages`;
    const sent = await started
      .at(0)
      .native('POST', path(session.session_id), { class: 'reliable', payload_base64: text });
    expect(sent).toMatchObject({ status: 200, body: { seq: 2 } });
    // A session without a room has nothing to hand over: whoever needs it claims it.
    expect(await join(started, 1, pairOf(idle))).toMatchObject({ closed: null });
  });

  it('DR7 every frame that a client sends before its socket closes is answered, and what was acked arrives', async () => {
    const started = await Nodes.start(1);
    nodes = started;
    const session = await started.at(0).createSession(2);
    const ann = await join(started, 0, pairOf(session, 0));
    const ben = await join(started, 0, pairOf(session, 1));
    await started.add();
    let sent = 0;
    const sending = setInterval(() => {
      if (ann.closed !== null || ann.of('goaway').length > 0) return;
      for (let n = 0; n < 5; n += 1, sent += 1) {
        ann.relay({ deliveryClass: CLASS.reliable, payload: `n${String(sent)}`, ref: sent });
      }
    }, 1);
    await eventually(() => (sent > 100 ? null : 'it has not begun'));
    const [id = ''] = await idsOf(started);
    await started.at(0).native('POST', `/v1/nodes/${id}/drain`);
    await Promise.all([ann.expectClosed(), ben.expectClosed()]);
    clearInterval(sending);
    expect(ann.of('error')).toEqual([]);
    expect(ann.of('ack').map(({ ref }) => ref)).toEqual(Array.from({ length: sent }, (_, n) => n));
    const back = await resume(started, 1, ben, ben.entries.at(-1)?.seq ?? 0);
    const got = await eventually(() => {
      const all = ben.entries.length + back.entries.length;
      return all === sent ? null : `${String(all)} of ${String(sent)}`;
    }).then(() => [...ben.entries, ...back.entries]);
    expect(got.map(({ payload }) => Buffer.from(payload).toString())).toEqual(
      Array.from({ length: sent }, (_, n) => `n${String(n)}`),
    );
  });

  it('DR4, DR8 while the only other node is frozen, a drain leaves one home, and no frame is acked in vain', async () => {
    const started = await Nodes.start(1);
    nodes = started;
    const session = await started.at(0).createSession(2);
    const ann = await join(started, 0, pairOf(session, 0));
    const ben = await join(started, 0, pairOf(session, 1));
    ann.relay({ deliveryClass: CLASS.reliable, payload: 'before', ref: 1 });
    await ben.expectEntries(1);
    await started.add();
    const [id = '', frozen = ''] = await idsOf(started);
    started.process(1).child.kill('SIGSTOP');
    const drained = started.at(0).native('POST', `/v1/nodes/${id}/drain`);
    await eventually(async () => {
      ann.relay({ deliveryClass: CLASS.reliable, payload: 'late', ref: 2 });
      await new Promise((resolve) => setTimeout(resolve, 20));
      return ann.of('error').length > 0 || ann.closed !== null ? null : 'not refused yet';
    });
    expect(ann.of('error').map(({ code }) => code)).toContain('home_elsewhere');
    expect((await drained).body).toMatchObject({ closed: 2 });
    for (const client of [ann, ben]) {
      expect(await client.expectClosed()).toEqual({ code: 4200, reason: 'going_away' });
      expect(client.of('goaway')).toMatchObject([{ reason: 'shutdown' }]);
      expect(client.of('goaway')[0]).not.toHaveProperty('url');
    }
    started.process(1).child.kill('SIGCONT');
    const back = await eventually(async () => {
      const outcome = await Client.attempt(started.process(1).socketUrl, ben.welcome.resume.token, {
        query: { seq: '0' },
      });
      if (!(outcome instanceof Client)) return JSON.stringify(outcome.body);
      outcome.socket.terminate();
      return null;
    }).then(() => join(started, 1, pairOf(session, 1)));
    await back.expect('welcome');
    // Acked entries are there when the frozen node took the session as it woke; or a new epoch says that they are lost.
    const acked = ann.of('ack').map(({ ref }) => ref);
    if (back.welcome.epoch === ann.welcome.epoch) expect(back.welcome.seq).toBe(acked.length);
    await eventually(async () => {
      const { status } = await started.at(0).native('POST', `/v1/relays/sessions/${session.session_id}/messages`, {
        class: 'reliable',
        payload_base64: Buffer.from('x').toString('base64'),
      });
      return status === 200 ? null : 'the bus of the node that was frozen is not back';
    });
    await eventually(() => (back.entries.length > 0 ? null : 'the message is on its way'));
    started.process(1).child.kill('SIGSTOP');
    expect(await started.at(0).native('POST', `/v1/nodes/${frozen}/drain`)).toMatchObject({
      status: 200,
      body: { nodes_acked: 0, nodes_timed_out: 1 },
    });
  });
});
