import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { STORES } from '../../support/both-stores.js';
import { Client, type Refused } from '../../support/client.js';
import { eventually } from '../../support/eventually.js';
import { SignInDesk, type SignedIn } from '../../support/signed-in.js';
import { wrapStore } from '../../support/wrap-store.js';

/** From the issue that asked for it: the socket is closed this soon after the REST answer. */
const CLOSE_WITHIN_MS = 50;

describe.each(STORES)('relay sockets bound to a user session on $store', ({ redisUrl }) => {
  let desk: SignInDesk;

  beforeAll(async () => {
    desk = await SignInDesk.open({ redisUrl: redisUrl() });
  });

  afterAll(() => desk.stop());

  const join = (credential: string): Promise<Client> => Client.join(desk.running.socketUrl, credential);
  const attempt = (credential: string): Promise<Client | Refused> => Client.attempt(desk.running.socketUrl, credential);
  const mint = (relayId: string, { userId, sessionId }: SignedIn): Promise<string> =>
    desk.backend.mint(relayId, userId, { user_session_id: sessionId });

  /** A relay session with a bystander in it, and a member bound to a user session. */
  async function party() {
    const { session_id: relayId } = await desk.backend.createSession(1);
    const user = await desk.signIn();
    const credential = await mint(relayId, user);
    const bystander = await join(await desk.backend.mint(relayId, 'bystander'));
    const bound = await join(credential);
    return { relayId, user, credential, bystander, bound };
  }

  it('UP8 a credential is bound only to an active session of its own user', async () => {
    const { session_id: relayId } = await desk.backend.createSession(1);
    const [one, other, over] = [await desk.signIn(), await desk.signIn(), await desk.signIn()];
    await desk.revoke(over.sessionId);
    const tokens = `/v1/relays/sessions/${relayId}/tokens`;
    const ask = (userId: string, sessionId: string) =>
      desk.backend.native('POST', tokens, { user_id: userId, user_session_id: sessionId });
    const notFound = { status: 404, body: { code: 'user_session_not_found' } };
    expect(await ask(one.userId, other.sessionId)).toMatchObject(notFound);
    expect(await ask(one.userId, `sess_${'0'.repeat(27)}`)).toMatchObject(notFound);
    expect(await ask(one.userId, 'sess_x')).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    expect(await ask(over.userId, over.sessionId)).toMatchObject({
      status: 403,
      body: { code: 'user_session_over' },
    });
    expect(await ask(one.userId, one.sessionId)).toMatchObject({ status: 200 });
  });

  it('UP6, UP9 a revocation reaches a bound socket within 50 ms of the answer; its seat is given up', async () => {
    const { relayId, user, credential, bystander, bound } = await party();
    const closed = bound.expectClosed().then(() => performance.now());
    const answer = await desk.revoke(user.sessionId);
    const answeredMs = performance.now();
    expect(answer).toMatchObject({ status: 200, body: { closed: 1 } });
    expect((await closed) - answeredMs).toBeLessThan(CLOSE_WITHIN_MS);
    expect(bound.closed).toEqual({ code: 4002, reason: 'revoked' });
    expect(bound.controls.at(-1)).toMatchObject({
      type: 'user_session.revoked',
      session: { id: user.sessionId, user_id: user.userId, status: 'revoked' },
    });
    expect(await bystander.expect('member.left')).toEqual({
      type: 'member.left',
      index: bound.index,
      reason: 'revoked',
    });
    expect(bystander.of('user_session.revoked')).toEqual([]);
    const { body } = await desk.backend.native('GET', `/v1/relays/sessions/${relayId}/members`);
    expect(body.members).toHaveLength(1);
    expect(await attempt(credential)).toMatchObject({ status: 403, body: { code: 'credential_revoked' } });
    expect(await attempt(bound.welcome.resume.token)).toMatchObject({ status: 401 });
  });

  it.each(['end', 'remove', 'sign out of all'] as const)(
    'UP6, UP9 %s reaches bound sockets and control connections with its push, then 4007, within 50 ms of the answer',
    async (what) => {
      const user = await desk.signInAsClient();
      const { session_id: relayId } = await desk.backend.createSession(1);
      const bystander = await join(await desk.backend.mint(relayId, 'bystander'));
      const clients = [await join(user.jwt), await join(await mint(relayId, user))];
      const closed = Promise.all(clients.map((client) => client.expectClosed())).then(() => performance.now());
      expect(await (what === 'sign out of all' ? user.signOut() : user.act(what))).toMatchObject({ status: 200 });
      const answeredMs = performance.now();
      expect((await closed) - answeredMs).toBeLessThan(CLOSE_WITHIN_MS);
      const status = what === 'end' ? 'ended' : 'removed';
      for (const client of clients) {
        expect(client.closed).toEqual({ code: 4007, reason: 'user_session_ended' });
        expect(client.controls.at(-1)).toMatchObject({
          type: `user_session.${status}`,
          session: { id: user.sessionId, user_id: user.userId, status },
        });
      }
      expect(await bystander.expect('member.left')).toMatchObject({ reason: 'ended' });
      expect(await attempt(user.jwt)).toMatchObject({ status: 403, body: { code: 'user_session_over' } });
      bystander.drop();
    },
  );

  it('UP6 a touch is pushed to bound sockets and control connections within 50 ms of the answer, and they live on', async () => {
    const user = await desk.signInAsClient();
    const { session_id: relayId } = await desk.backend.createSession(1);
    const clients = [await join(user.jwt), await join(await mint(relayId, user))];
    const pushed = Promise.all(clients.map((client) => client.expect('user_session.touched')));
    const heard = pushed.then(() => performance.now());
    expect(await user.act('touch')).toMatchObject({ status: 200 });
    const answeredMs = performance.now();
    expect((await heard) - answeredMs).toBeLessThan(CLOSE_WITHIN_MS);
    for (const push of await pushed) {
      expect(push.session).toMatchObject({ id: user.sessionId, user_id: user.userId, status: 'active' });
      expect(push.session.abandon_at).toBeGreaterThan(push.session.last_active_at);
    }
    for (const client of clients) {
      await client.settle();
      expect(client.closed).toBeNull();
      client.drop();
    }
  });

  it('UP9 a member that is away when its user session is over is gone as well', async () => {
    const { user, bystander, bound } = await party();
    bound.drop();
    await bystander.expect('member.away');
    expect(await desk.revoke(user.sessionId)).toMatchObject({ body: { closed: 0 } });
    expect(await bystander.expect('member.left')).toMatchObject({ index: bound.index, reason: 'revoked' });
    expect(await attempt(bound.welcome.resume.token)).toMatchObject({ status: 401 });
  });

  it('UP10 a resumed member is bound as before; one that comes with an unbound credential is not any more', async () => {
    const { relayId, user, bystander, bound } = await party();
    bound.drop();
    await bystander.expect('member.away');
    const resumed = await join(bound.welcome.resume.token);
    expect(resumed.index).toBe(bound.index);
    await desk.revoke(user.sessionId);
    expect(await resumed.expectClosed()).toEqual({ code: 4002, reason: 'revoked' });

    const again = await desk.signIn(user.userId);
    const rebound = await join(await mint(relayId, again));
    const free = await join(await desk.backend.mint(relayId, user.userId));
    expect(await rebound.expectClosed()).toMatchObject({ code: 4003 });
    await desk.revoke(again.sessionId);
    await free.settle();
    expect(free.closed).toBeNull();
    for (const client of [bystander, free]) client.drop();
  });

  it('UP9 without an upgrade a bound credential says that its user session is over', async () => {
    const { session_id: relayId } = await desk.backend.createSession(1);
    const user = await desk.signIn();
    const credential = await mint(relayId, user);
    const ask = () => desk.backend.call('GET', '/v1/connect', undefined, { authorization: `Bearer ${credential}` });
    expect(await ask()).toMatchObject({ status: 426 });
    await desk.revoke(user.sessionId);
    expect(await ask()).toMatchObject({ status: 403, body: { code: 'credential_revoked' } });
  });

  it('UP11 revocations that race with joins and resumes leave no socket and no seat behind', async () => {
    const { session_id: relayId } = await desk.backend.createSession(1);
    for (let round = 0; round < 25; round += 1) {
      const user = await desk.signIn();
      const credential = await mint(relayId, user);
      const [outcome] = await Promise.all([attempt(credential), desk.revoke(user.sessionId)]);
      if (outcome instanceof Client) expect(await outcome.expectClosed()).toMatchObject({ code: 4002 });
      else expect(outcome).toMatchObject({ status: 403, body: { code: 'credential_revoked' } });
    }
    for (let round = 0; round < 25; round += 1) {
      const user = await desk.signIn();
      const bound = await join(await mint(relayId, user));
      bound.drop();
      const [outcome] = await Promise.all([attempt(bound.welcome.resume.token), desk.revoke(user.sessionId)]);
      if (outcome instanceof Client) expect(await outcome.expectClosed()).toMatchObject({ code: 4002 });
      else expect([401, 403]).toContain(outcome.status);
    }
    await eventually(async () => {
      const { body } = await desk.backend.native('GET', `/v1/relays/sessions/${relayId}/members`);
      return body.members.length === 0 ? null : JSON.stringify(body.members);
    });
  });
});

describe.each(STORES)('a seat whose user session ended unheard on $store', ({ redisUrl }) => {
  it('UP10 is not resumed: the binding is in the store, and is asked for', async () => {
    const over = new Set<string>();
    const desk = await SignInDesk.open({
      redisUrl: redisUrl(),
      wrapStore: wrapStore({
        // As if it had been revoked while nobody of this node heard of it: before a restart, or on another node.
        userSessions: (real) => ({
          get: async (id) => {
            const session = await real.get(id);
            return session !== null && over.has(id) ? { ...session, status: 'revoked' } : session;
          },
        }),
      }),
    });
    try {
      const { session_id: relayId } = await desk.backend.createSession(1);
      const user = await desk.signIn();
      const watcher = await Client.join(desk.running.socketUrl, await desk.backend.mint(relayId, 'watcher'));
      const credential = await desk.backend.mint(relayId, user.userId, { user_session_id: user.sessionId });
      const bound = await Client.join(desk.running.socketUrl, credential);
      bound.drop();
      await watcher.expect('member.away');
      over.add(user.sessionId);
      const { token } = bound.welcome.resume;
      for (let times = 0; times < 2; times += 1) {
        expect(await Client.attempt(desk.running.socketUrl, token)).toMatchObject({
          status: 403,
          body: { code: 'credential_revoked' },
        });
      }
      expect(
        await desk.backend.call('GET', '/v1/connect', undefined, { authorization: `Bearer ${token}` }),
      ).toMatchObject({ status: 403, body: { code: 'credential_revoked' } });
      over.clear();
      // The refusals took nothing from it: its token still counts.
      const back = await Client.join(desk.running.socketUrl, token);
      expect(back.index).toBe(bound.index);
      expect(watcher.of('member.left')).toEqual([]);
    } finally {
      await desk.stop();
    }
  });
});

describe('bound seats after a restart on redis', () => {
  it('UP10, UP9 members that come back to the next process are bound as before, and so are those that do not', async () => {
    const options = {
      redisUrl: inject('redisUrl'),
      env: { SALLYPORT_REDIS_PREFIX: `bound-${randomBytes(6).toString('hex')}:`, SALLYPORT_DRAIN_TIMEOUT_MS: '0' },
    };
    const before = await SignInDesk.open(options);
    const { session_id: relayId } = await before.backend.createSession(1);
    const [coming, missing] = [await before.signIn(), await before.signIn()];
    const joinBefore = async ({ userId, sessionId }: SignedIn): Promise<Client> =>
      Client.join(before.running.socketUrl, await before.backend.mint(relayId, userId, { user_session_id: sessionId }));
    const [back, away] = [await joinBefore(coming), await joinBefore(missing)];
    await before.stop();

    const after = await SignInDesk.open(options);
    try {
      let resumed: Client | null = null;
      // The old process's lease has to run out first.
      await eventually(async () => {
        const outcome = await Client.attempt(after.running.socketUrl, back.welcome.resume.token);
        if (outcome instanceof Client) resumed = outcome;
        return outcome instanceof Client ? null : `${String(outcome.status)} ${String(outcome.body.code)}`;
      }, 15_000);
      const client = resumed as Client | null;
      if (client === null) throw new Error('unreachable');
      await client.expect('welcome');
      await after.revoke(missing.sessionId);
      expect(await client.expect('member.left')).toMatchObject({ index: away.index, reason: 'revoked' });
      expect(await Client.attempt(after.running.socketUrl, away.welcome.resume.token)).toMatchObject({ status: 401 });
      await after.revoke(coming.sessionId);
      expect(await client.expectClosed()).toEqual({ code: 4002, reason: 'revoked' });
    } finally {
      await after.stop();
    }
  });
});
