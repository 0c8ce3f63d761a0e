/** Group sessions on the wire, on both stores: their members are members like others, and what REST decides reaches them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Failure } from '../../../src/protocol/failure.js';
import { Backend, pairOf, type Answer, type RelaySessionAnswer } from '../../support/backend.js';
import { STORES } from '../../support/both-stores.js';
import { Client } from '../../support/client.js';
import { eventually } from '../../support/eventually.js';
import { startGateway, type RunningGateway } from '../../support/gateway.js';
import { Player, Seated, type EnteredAnswer, type GroupUserAnswer } from '../../support/groups.js';
import { wrapStore } from '../../support/wrap-store.js';

/** From the issue that asked for it: what REST decides is on the socket this soon after the answer. */
const CLOSE_WITHIN_MS = 50;

describe.each(STORES)('group sessions on the wire on $store', ({ redisUrl }) => {
  let running: RunningGateway;
  let backend: Backend;
  /** Whether the store's calls about groups fail. */
  let isUnavailable = false;
  /** Whether replies about wallets that were taken in are lost. */
  let losesReplies = false;

  beforeAll(async () => {
    const unlessAway = async <T>(call: () => Promise<T>): Promise<T> => {
      if (isUnavailable) throw new Failure('store_unavailable');
      return call();
    };
    running = await startGateway({
      redisUrl: redisUrl(),
      wrapStore: wrapStore({
        relay: (real) => ({
          create: (...call) => unlessAway(() => real.create(...call)),
          get: (...call) => unlessAway(() => real.get(...call)),
          enrol: async (...call) => {
            const result = await real.enrol(...call);
            if (losesReplies) throw new Failure('store_unavailable');
            return result;
          },
          kick: (...call) => unlessAway(() => real.kick(...call)),
        }),
      }),
    });
    backend = new Backend(running.url);
  });

  afterAll(() => running.stop());

  const connect = ({ credentials }: EnteredAnswer) => Client.join(running.socketUrl, credentials.token);
  const attempt = (credential: string) => Client.attempt(running.socketUrl, credential);
  const as = ({ credentials }: EnteredAnswer) => new Seated(backend, credentials.token);
  const usersOf = async (entered: EnteredAnswer): Promise<readonly GroupUserAnswer[]> =>
    ((await as(entered).current()).body as { users: readonly GroupUserAnswer[] }).users;

  async function group(guests = 1): Promise<{ host: EnteredAnswer; players: Player[]; entered: EnteredAnswer[] }> {
    const host = await (await Player.at(backend)).created();
    const players = await Promise.all(Array.from({ length: guests }, () => Player.at(backend)));
    const entered = [];
    for (const player of players) entered.push(await player.joined(host.sessionId));
    return { host, players, entered };
  }

  function one<T>(list: readonly T[]): T {
    const [first] = list;
    if (first === undefined) throw new Error('nobody');
    return first;
  }

  it('GS30 the token opens the seat, and its member relays with one that the relay surface let in', async () => {
    const { host, entered } = await group();
    const answer = await backend.relays('POST', '/v1/relays/sessions:authorize-user', {
      session_id: host.sessionId,
      user_ip: '127.0.0.1',
    });
    const { session_user, ...session } = answer.body as RelaySessionAnswer & {
      session_user: RelaySessionAnswer['session_users'][number];
    };
    const creator = await connect(host);
    const guest = await connect(one(entered));
    const listed = await Client.join(running.socketUrl, pairOf({ ...session, session_users: [session_user] }));
    expect(listed.welcome.members.map(({ user_id }) => user_id).slice(0, 2)).toEqual([
      host.credentials.id,
      one(entered).credentials.id,
    ]);
    for (const sender of [creator, guest, listed]) {
      sender.relay({ deliveryClass: 2, payload: `from ${String(sender.index)}` });
    }
    for (const receiver of [creator, guest, listed]) {
      await receiver.expectEntries(2);
      const others = [0, 1, 2].filter((index) => index !== receiver.index).map((index) => `from ${String(index)}`);
      expect(receiver.texts().filter((text) => text !== `from ${String(receiver.index)}`)).toEqual(others);
    }
    expect(await usersOf(host)).toMatchObject([{ role: 'Host' }, { role: 'Client' }, { name: null, address: null }]);
    await Promise.all([creator, guest, listed].map((client) => client.leave()));
  });

  it('GS31 the creator is host on the wire, although another connected first', async () => {
    const { host, entered } = await group();
    const guest = await connect(one(entered));
    expect(guest.welcome).toMatchObject({ host: { index: null, term: 0 }, you: { role: 'client' } });
    guest.say({ type: 'lock', locked: true });
    expect(await guest.expect('error')).toMatchObject({ code: 'not_host' });
    const creator = await connect(host);
    expect(creator.welcome.you.role).toBe('host');
    expect(await guest.expect('host')).toEqual({ type: 'host', index: creator.index, term: 1 });
    await Promise.all([creator.leave(), guest.leave()]);
  });

  it('GS31 a creator that leaves over REST before it connected leaves the role to who is there', async () => {
    const { host, entered } = await group(2);
    const clients = await Promise.all(entered.map(connect));
    expect((await as(host).disconnect()).status).toBe(200);
    for (const client of clients) {
      expect(await client.expect('host')).toEqual({ type: 'host', index: 0, term: 1 });
    }
    const first = entered.find((_, n) => clients[n]?.index === 0);
    expect(first === undefined ? null : (await usersOf(first)).find(({ role }) => role === 'Host')?.id).toBe(
      first?.credentials.id,
    );
    await Promise.all(clients.map((client) => client.leave()));
  });

  it('GS31 a role that moved on the wire has moved for REST', async () => {
    const { host, entered } = await group();
    const [creator, guest] = [await connect(host), await connect(one(entered))];
    creator.say({ type: 'host', index: guest.index });
    await guest.expect('host');
    expect(await as(host).end()).toMatchObject({ status: 403, body: { code: 'not_host' } });
    expect((await as(one(entered)).kick({ userId: host.credentials.id })).status).toBe(200);
    expect(await creator.expectClosed()).toEqual({ code: 4001, reason: 'kicked' });
    expect((await as(one(entered)).end()).status).toBe(200);
  });

  it('GS31 when the host leaves on the wire the longest member follows, over REST as well', async () => {
    const { host, entered } = await group(2);
    const creator = await connect(host);
    const [first, second] = [await connect(one(entered)), await connect(one(entered.slice(1)))];
    creator.say({ type: 'leave' });
    for (const client of [first, second]) {
      expect(await client.expect('host')).toEqual({ type: 'host', index: first.index, term: 2 });
    }
    expect(await usersOf(one(entered))).toMatchObject([
      { id: one(entered).credentials.id, role: 'Host' },
      { role: 'Client' },
    ]);
    const nobodyElse = { status: 403, body: { code: 'not_host' } };
    expect(await as(host).end()).toMatchObject(nobodyElse);
    expect(await as(one(entered.slice(1))).end()).toMatchObject(nobodyElse);
    expect((await as(one(entered)).end()).status).toBe(200);
    expect(await second.expectClosed()).toEqual({ code: 4000, reason: 'session_ended' });
  });

  it('GS32 a kick over REST closes the socket with 4001, tells the others, and kills token and resume token', async () => {
    const { host, players, entered } = await group();
    const [creator, guest] = [await connect(host), await connect(one(entered))];
    const { token, id } = one(entered).credentials;
    const closed = guest.expectClosed().then(() => performance.now());
    expect((await as(host).kick({ userId: id })).status).toBe(200);
    const answeredMs = performance.now();
    expect((await closed) - answeredMs).toBeLessThan(CLOSE_WITHIN_MS);
    expect(guest.closed).toEqual({ code: 4001, reason: 'kicked' });
    expect(await creator.expect('member.left')).toEqual({ type: 'member.left', index: guest.index, reason: 'kicked' });
    expect(await attempt(token)).toMatchObject({ status: 403, body: { code: 'credential_revoked' } });
    expect(await attempt(guest.welcome.resume.token)).toMatchObject({ status: 401 });
    const back = await connect(await one(players).joined(host.sessionId));
    expect(back.welcome.you.user_id).not.toBe(id);
    await Promise.all([creator.leave(), back.leave()]);
  });

  it('GS33 disconnect closes the socket with 1000, tells the others, and kills token and resume token', async () => {
    const { host, entered } = await group();
    const [creator, guest] = [await connect(host), await connect(one(entered))];
    const { token } = one(entered).credentials;
    const closed = guest.expectClosed().then(() => performance.now());
    expect((await as(one(entered)).disconnect()).status).toBe(200);
    const answeredMs = performance.now();
    expect((await closed) - answeredMs).toBeLessThan(CLOSE_WITHIN_MS);
    expect(guest.closed).toEqual({ code: 1000, reason: 'left' });
    expect(await creator.expect('member.left')).toEqual({ type: 'member.left', index: guest.index, reason: 'left' });
    expect(await attempt(token)).toMatchObject({ status: 403, body: { code: 'credential_revoked' } });
    expect(await attempt(guest.welcome.resume.token)).toMatchObject({ status: 401 });
    expect(await usersOf(host)).toHaveLength(1);
    await creator.leave();
  });

  it('GS34 delete closes every socket with 4000', async () => {
    const { host, entered } = await group(3);
    const clients = [await connect(host), ...(await Promise.all(entered.map(connect)))];
    const closed = Promise.all(clients.map((client) => client.expectClosed())).then(() => performance.now());
    expect((await as(host).end()).status).toBe(200);
    const answeredMs = performance.now();
    expect((await closed) - answeredMs).toBeLessThan(CLOSE_WITHIN_MS);
    for (const client of clients) expect(client.closed).toEqual({ code: 4000, reason: 'session_ended' });
    expect(await attempt(host.credentials.token)).toMatchObject({ status: 404, body: { code: 'session_not_found' } });
  });

  it('GS35 who leaves on the wire gives the seat back, and may take one again by its token, or join anew', async () => {
    const { host, players, entered } = await group();
    const creator = await connect(host);
    for (const again of ['token', 'join'] as const) {
      const guest = await connect(one(entered));
      guest.say({ type: 'leave' });
      expect(await guest.expectClosed()).toEqual({ code: 1000, reason: 'left' });
      await creator.expect('member.left', again === 'token' ? 1 : 2);
      expect(await usersOf(host)).toHaveLength(1);
      if (again === 'token') continue;
      const anew = await one(players).joined(host.sessionId);
      expect(await attempt(one(entered).credentials.token)).toMatchObject({ status: 403 });
      expect(anew.users).toHaveLength(2);
    }
    await creator.leave();
  });

  it('GS36 a kick by the native call reports the socket of a group member; with a ban its wallet is refused', async () => {
    const { host, players, entered } = await group();
    const guest = await connect(one(entered));
    const selector = { user_id: one(entered).credentials.id, ban: true };
    const report = await backend.native('POST', `/v1/relays/sessions/${host.sessionId}/kick`, selector);
    expect(report.body).toMatchObject({ matched: 1, closed: 1, nodes_acked: 1, nodes_timed_out: 0 });
    expect(await guest.expectClosed()).toEqual({ code: 4001, reason: 'kicked' });
    expect((await as(one(entered)).current()).status).toBe(401);
    const again = await one(players).join({ sessionId: host.sessionId });
    expect(again).toMatchObject({ status: 401, body: { code: 'banned' } });
  });

  it('GS38 a join whose outcome was lost is 503, and its wallet may try again', async () => {
    const { host } = await group();
    const player = await Player.at(backend);
    losesReplies = true;
    try {
      expect(await player.join({ sessionId: host.sessionId })).toMatchObject({ status: 503 });
    } finally {
      losesReplies = false;
    }
    await eventually(async () => {
      const { status, body } = await player.join({ sessionId: host.sessionId });
      return status === 200 ? null : JSON.stringify(body);
    });
    expect(await usersOf(host)).toHaveLength(3);
  });

  it('GS37 with the store away every call is 503 with Retry-After and nothing is changed; who leaves loses its socket at once', async () => {
    const { host, players, entered } = await group();
    const [creator, guest] = [await connect(host), await connect(one(entered))];
    isUnavailable = true;
    try {
      const answers: Answer[] = [
        await one(players).create(),
        await one(players).join({ sessionId: host.sessionId }),
        await as(host).current(),
        await as(host).kick({ userId: one(entered).credentials.id }),
        await as(one(entered)).disconnect(),
        await as(host).end(),
      ];
      for (const { status, headers, body } of answers) {
        expect([status, (body as { code: string }).code]).toEqual([503, 'store_unavailable']);
        expect(headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
      }
    } finally {
      isUnavailable = false;
    }
    expect(await guest.expectClosed()).toEqual({ code: 1000, reason: 'left' });
    await creator.settle();
    expect(creator.of('member.left')).toEqual([]);
    expect(await usersOf(host)).toHaveLength(2);
    expect((await as(one(entered)).disconnect()).status).toBe(200);
    expect(await creator.expect('member.left')).toMatchObject({ index: guest.index, reason: 'left' });
    await creator.leave();
  });
});
