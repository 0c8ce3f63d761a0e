import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Backend, pairOf, type RelaySessionAnswer } from '../support/backend.js';
import { STORES } from '../support/both-stores.js';
import { Client } from '../support/client.js';
import { startGateway, type RunningGateway } from '../support/gateway.js';

describe.each(STORES)('members, host and resume on $store', ({ redisUrl }) => {
  let running: RunningGateway;
  let backend: Backend;

  beforeAll(async () => {
    running = await startGateway({ redisUrl: redisUrl() });
    backend = new Backend(running.url);
  });

  afterAll(() => running.stop());

  async function room(
    users: number,
    more: Record<string, unknown> = {},
  ): Promise<{ session: RelaySessionAnswer; clients: [Client, Client, Client] }> {
    const session = await backend.createSession(users, more);
    const clients: Client[] = [];
    for (let n = 0; n < users; n += 1) clients.push(await Client.join(running.socketUrl, pairOf(session, n)));
    return { session, clients: clients as [Client, Client, Client] };
  }

  const membersOf = async (session: RelaySessionAnswer): Promise<Record<string, unknown>> =>
    (await backend.native('GET', `/v1/relays/sessions/${session.session_id}/members`)).body as Record<string, unknown>;

  it('MB1 a welcome names everybody who is there; the others hear member.joined', async () => {
    const { session, clients } = await room(3);
    const [a, b, c] = clients;
    expect(c.welcome.members.map(({ index, role, connected }) => ({ index, role, connected }))).toEqual([
      { index: 0, role: 'host', connected: true },
      { index: 1, role: 'client', connected: true },
      { index: 2, role: 'client', connected: true },
    ]);
    await a.expect('member.joined', 2);
    expect(a.of('member.joined').map(({ member }) => member.index)).toEqual([1, 2]);
    await b.settle();
    expect(b.of('member.joined')).toEqual([
      {
        type: 'member.joined',
        member: { index: 2, user_id: c.welcome.you.user_id, role: 'client', connected: true, state: null },
      },
    ]);
    const report = await membersOf(session);
    expect(report).toMatchObject({
      members: [
        { index: 0, user_id: a.welcome.you.user_id, role: 'host', connected: true },
        { index: 1, role: 'client' },
        { index: 2, role: 'client' },
      ],
      max_staleness_ms: 0,
    });
  });

  it('MB1 nothing in a welcome or a member shows a token or an address', async () => {
    const { session, clients } = await room(2);
    const shown = JSON.stringify(clients.flatMap((client) => client.controls));
    expect(shown).not.toContain(String(session.authorization_token));
    for (const user of session.session_users) expect(shown).not.toContain(String(user.authorization_token));
    expect(shown).not.toContain('127.0.0.1');
  });

  it('MB2 a lost socket keeps its seat: the others hear member.away, then member.back when it resumes', async () => {
    const { session, clients } = await room(2, { max_users: 2 });
    const [a, b] = clients;
    b.drop();
    expect(await a.expect('member.away')).toEqual({ type: 'member.away', index: 1 });
    expect(await membersOf(session)).toMatchObject({ members: [{ connected: true }, { index: 1, connected: false }] });
    const again = await Client.join(running.socketUrl, b.welcome.resume.token, { query: { seq: '0' } });
    expect(again.welcome.you).toEqual(b.welcome.you);
    expect(again.welcome.recovered).toBe(true);
    expect(await a.expect('member.back')).toEqual({ type: 'member.back', index: 1 });
    expect(a.of('member.joined')).toHaveLength(1);
  });

  it('MB3 when the resume window has passed the member has left, and its seat is free', async () => {
    const { session, clients } = await room(2, { max_users: 2, resume_window_ms: 200 });
    const [a, b] = clients;
    b.drop();
    expect(await a.expect('member.left')).toEqual({ type: 'member.left', index: 1, reason: 'timeout' });
    const refused = await Client.attempt(running.socketUrl, b.welcome.resume.token);
    expect(refused).toMatchObject({ status: 401, body: { code: 'credential_invalid' } });
    const again = await Client.join(running.socketUrl, pairOf(session, 1));
    expect(again.index).toBe(2);
  });

  it('MB4 who leaves is closed 1000, is gone for the others, and frees the seat at once', async () => {
    const { session, clients } = await room(2, { max_users: 2 });
    const [a, b] = clients;
    b.say({ type: 'leave' });
    expect(await b.expectClosed()).toEqual({ code: 1000, reason: 'left' });
    expect(await a.expect('member.left')).toEqual({ type: 'member.left', index: 1, reason: 'left' });
    await Client.join(running.socketUrl, await backend.mint(session.session_id, 'next'));
  });

  it('MB5 a presence state reaches the others and is in later welcomes', async () => {
    const { session, clients } = await room(2);
    const [a, b] = clients;
    a.say({ type: 'state', state: { ready: true, hp: [1, 2] } });
    expect(await b.expect('member.state')).toEqual({
      type: 'member.state',
      index: 0,
      state: { ready: true, hp: [1, 2] },
    });
    const c = await Client.join(running.socketUrl, await backend.mint(session.session_id, 'late'));
    expect(c.welcome.members[0]?.state).toEqual({ ready: true, hp: [1, 2] });
    await a.settle();
    expect(a.of('member.state')).toEqual([]);
  });

  it('MB6 a second socket of a member replaces the first, which is closed 4003', async () => {
    const { session, clients } = await room(2);
    const [a, b] = clients;
    const second = await Client.join(running.socketUrl, pairOf(session, 1));
    expect(second.welcome.you).toEqual(b.welcome.you);
    expect(await b.expectClosed()).toEqual({ code: 4003, reason: 'replaced' });
    a.relay({ deliveryClass: 0, payload: 'x' });
    await second.expectEntries(1);
    await a.settle();
    expect(a.of('member.away')).toEqual([]);
    expect(a.of('member.left')).toEqual([]);
  });

  it('RE1 a resume brings every reliable entry that was missed, once, in order, before anything live', async () => {
    const { clients } = await room(3);
    const [a, b, c] = clients;
    a.relay({ deliveryClass: 2, payload: '1' });
    await b.expectEntries(1);
    b.drop();
    await a.expect('member.away');
    a.relay({ deliveryClass: 2, payload: '2' });
    a.relay({ deliveryClass: 0, payload: 'volatile' });
    c.relay({ deliveryClass: 2, payload: '3' });
    a.relay({ deliveryClass: 2, targets: [b.index], payload: '4 for b' });
    a.relay({ deliveryClass: 2, targets: [c.index], payload: '5 for c' });
    await Promise.all([a.settle(), c.settle()]);
    const again = await Client.join(running.socketUrl, b.welcome.resume.token, { query: { seq: '1' } });
    expect(again.welcome).toMatchObject({ recovered: true, seq: 5, epoch: b.welcome.epoch });
    a.relay({ deliveryClass: 2, payload: '6 live' });
    await again.expectEntries(4);
    expect([...again.texts()].sort()).toEqual(['2', '3', '4 for b', '6 live']);
    expect(again.texts()[3]).toBe('6 live');
    // Which of two senders came first is the home's to say; the numbers rise all the same.
    const seqs = again.entries.map(({ seq }) => seq);
    expect(seqs).toEqual([...seqs].sort((x, y) => x - y));
    expect(again.of('gap')).toEqual([]);
  });

  it('RE5 nobody gets what was sent before it joined, whatever seq it asks from', async () => {
    const { session, clients } = await room(2);
    const [a, b] = clients;
    a.relay({ deliveryClass: 2, payload: 'before' });
    await b.expectEntries(1);
    const late = await Client.join(running.socketUrl, await backend.mint(session.session_id, 'late'));
    late.drop();
    await a.expect('member.away');
    a.relay({ deliveryClass: 2, payload: 'after' });
    await a.settle();
    const back = await Client.join(running.socketUrl, late.welcome.resume.token, { query: { seq: '0' } });
    await back.expectEntries(1);
    await back.settle();
    expect(back.texts()).toEqual(['after']);
    expect(back.welcome.recovered).toBe(true);
  });

  it('RE3 the resume token of a welcome that was lost does not lock its member out', async () => {
    const { clients } = await room(2);
    const [a, b] = clients;
    b.drop();
    await a.expect('member.away');
    const first = await Client.join(running.socketUrl, b.welcome.resume.token);
    first.drop();
    await a.expect('member.away', 2);
    // The client never saw the second welcome: it still has the first token.
    const second = await Client.join(running.socketUrl, b.welcome.resume.token);
    expect(second.index).toBe(b.index);
    second.drop();
    await a.expect('member.away', 3);
    const third = await Client.join(running.socketUrl, second.welcome.resume.token);
    expect(third.index).toBe(b.index);
    // Now that a newer one was used, the oldest is dead.
    expect(await Client.attempt(running.socketUrl, b.welcome.resume.token)).toMatchObject({ status: 401 });
  });

  it('RE6 no part of a resume token can be changed, its epoch included', async () => {
    const { clients } = await room(2);
    const [a, b] = clients;
    const { token } = b.welcome.resume;
    const parts = token.split('.');
    expect([parts.length, parts[2], parts[3]]).toEqual([5, '1', b.welcome.epoch]);
    b.drop();
    await a.expect('member.away');
    const changed = (at: number, part: string): string => parts.with(at, part).join('.');
    const [, session = '', index = '', epoch = '', secret = ''] = parts;
    const other = epoch.startsWith('A') ? `B${epoch.slice(1)}` : `A${epoch.slice(1)}`;
    for (const wrong of [
      ...['', 'x', epoch.slice(1), `${epoch}x`, other, epoch.toLowerCase(), epoch.toUpperCase(), '00000000'].map(
        (each) => changed(3, each),
      ),
      ...[`0${index}`, `00${index}`, `+${index}`, `-${index}`, `${index}.0`, '0', '00', ''].map((each) =>
        changed(2, each),
      ),
      ...[session.toUpperCase(), ` ${session}`].map((each) => changed(1, each)),
      ...[secret.slice(1), `${secret}A`, `${secret}=`].map((each) => changed(4, each)),
      `${token}.`,
      token.toUpperCase(),
    ].filter((each) => each !== token)) {
      expect([wrong, await Client.attempt(running.socketUrl, wrong)]).toMatchObject([wrong, { status: 401 }]);
    }
    // The control: unchanged it brings the member back, and says that nothing was missed.
    const back = await Client.join(running.socketUrl, token, { query: { seq: '0' } });
    expect([back.index, back.welcome.recovered, back.welcome.epoch]).toEqual([b.index, true, epoch]);
  });

  it('HO1 the first member is host in term 1; when it leaves the longest member follows in the next term', async () => {
    const { clients } = await room(3);
    const [a, b, c] = clients;
    expect(a.welcome).toMatchObject({ you: { role: 'host' }, host: { index: 0, term: 1 } });
    a.drop();
    await b.expect('member.away');
    await b.settle();
    expect(b.of('host')).toEqual([]);
    const back = await Client.join(running.socketUrl, a.welcome.resume.token);
    expect(back.welcome.you.role).toBe('host');
    back.say({ type: 'leave' });
    expect(await c.expect('host')).toEqual({ type: 'host', index: 1, term: 2 });
    expect(await b.expect('host')).toEqual({ type: 'host', index: 1, term: 2 });
  });

  it('HO2 a frame as host passes in the current term only', async () => {
    const { clients } = await room(2);
    const [a, b] = clients;
    a.relay({ deliveryClass: 0, term: 1, payload: 'good' });
    a.relay({ deliveryClass: 0, term: 2, ref: 5, payload: 'not yet' });
    b.relay({ deliveryClass: 0, term: 1, payload: 'not b' });
    await b.expectEntries(1);
    expect(await a.expect('error')).toMatchObject({ code: 'stale_host', ref: 5 });
    expect(await b.expect('error')).toMatchObject({ code: 'stale_host' });
    a.say({ type: 'host', index: 1 });
    await b.expect('host');
    a.relay({ deliveryClass: 0, term: 1, payload: 'stale' });
    b.relay({ deliveryClass: 0, term: 2, payload: 'new host' });
    await a.expectEntries(1);
    await a.expect('error', 2);
    expect(a.texts()).toEqual(['new host']);
    expect(b.texts()).toEqual(['good']);
  });

  it('HO3 WF10 the host hands over, kicks and locks; others are told not_host, with the ref of their frame', async () => {
    const { session, clients } = await room(3);
    const [a, b, c] = clients;
    for (const frame of [
      { type: 'host', index: 1 },
      { type: 'kick', index: 0, ref: 0 },
      { type: 'lock', locked: true, ref: 7 },
    ])
      b.say(frame);
    await b.expect('error', 3);
    expect(new Set(b.of('error').map(({ code }) => code))).toEqual(new Set(['not_host']));
    expect(new Set(b.of('error').map(({ ref }) => ref))).toEqual(new Set([undefined, 0, 7]));
    a.say({ type: 'lock', locked: true });
    expect(await c.expect('session.updated')).toMatchObject({ session: { id: session.session_id, locked: true } });
    const token = await backend.mint(session.session_id, 'late');
    expect(await Client.attempt(running.socketUrl, token)).toMatchObject({
      status: 403,
      body: { code: 'session_locked' },
    });
    c.drop();
    await a.expect('member.away');
    await Client.join(running.socketUrl, c.welcome.resume.token);
    a.say({ type: 'kick', index: 2, reason: 'afk' });
    expect(await b.expect('member.left')).toEqual({ type: 'member.left', index: 2, detail: 'afk', reason: 'kicked' });
    a.say({ type: 'kick', index: 9 });
    a.say({ type: 'kick', index: 0 });
    await a.expect('error', 2);
    expect(
      a
        .of('error')
        .map(({ code }) => code)
        .sort(),
    ).toEqual(['invalid_request', 'unknown_member']);
  });

  it('HO4 a credential minted as host takes the role when it joins', async () => {
    const { session, clients } = await room(1);
    const [a] = clients;
    const token = await backend.mint(session.session_id, 'server', { role: 'host' });
    const host = await Client.join(running.socketUrl, token);
    expect(host.welcome).toMatchObject({ you: { index: 1, role: 'host' }, host: { index: 1, term: 2 } });
    expect(await a.expect('host')).toEqual({ type: 'host', index: 1, term: 2 });
  });

  it('MB7 a change of settings reaches the members', async () => {
    const { session, clients } = await room(1);
    const answer = await backend.native('PATCH', `/v1/relays/sessions/${session.session_id}`, {
      metadata: { map: 'dust' },
      max_users: 5,
    });
    expect(answer.status).toBe(200);
    expect(await clients[0].expect('session.updated')).toMatchObject({
      session: { id: session.session_id, metadata: { map: 'dust' }, max_users: 5 },
    });
  });
});
