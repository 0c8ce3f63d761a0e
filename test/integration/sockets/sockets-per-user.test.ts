import { describe, expect, it } from 'vitest';
import { STORES } from '../../support/both-stores.js';
import { Client, type Refused } from '../../support/client.js';
import { eventually } from '../../support/eventually.js';
import { SignInDesk } from '../../support/signed-in.js';

const CONNECTS = 1000;
const MAX = 5;

interface Policy {
  readonly whenFull: 'reject_new' | 'replace_old';
  readonly max?: number;
}

describe.each(STORES)('sockets per user on $store', ({ redisUrl }) => {
  async function withDesk(policy: Policy, run: (desk: SignInDesk) => Promise<void>): Promise<void> {
    const { whenFull, max = MAX } = policy;
    const desk = await SignInDesk.open({
      redisUrl: redisUrl(),
      env: { SALLYPORT_MAX_SOCKETS_PER_USER: String(max), SALLYPORT_SOCKETS_PER_USER_FULL: whenFull },
    });
    try {
      await run(desk);
    } finally {
      await desk.stop();
    }
  }

  const open = (clients: readonly Client[]): Client[] => clients.filter(({ closed }) => closed === null);

  it(`UP12 of ${String(CONNECTS)} connects at once exactly ${String(MAX)} are let in with reject_new`, () =>
    withDesk({ whenFull: 'reject_new' }, async (desk) => {
      const { userId, jwt } = await desk.signIn();
      const outcomes = await Promise.all(
        Array.from({ length: CONNECTS }, () => Client.attempt(desk.running.socketUrl, jwt)),
      );
      const admitted = outcomes.filter((outcome) => outcome instanceof Client);
      const refused = outcomes.filter((outcome): outcome is Refused => !(outcome instanceof Client));
      expect(admitted).toHaveLength(MAX);
      expect(new Set(refused.map(({ status, body }) => `${String(status)} ${String(body.code)}`))).toEqual(
        new Set(['409 too_many_sockets']),
      );
      for (const client of admitted) await client.settle();
      // Another user is not concerned; a place is free when its socket is gone.
      const other = await Client.join(desk.running.socketUrl, (await desk.signIn()).jwt);
      admitted[0]?.drop();
      await eventually(async () => {
        const outcome = await Client.attempt(desk.running.socketUrl, jwt);
        if (outcome instanceof Client) return null;
        return `${String(outcome.status)} for ${userId}`;
      });
      expect(await Client.attempt(desk.running.socketUrl, jwt)).toMatchObject({ status: 409 });
      expect(other.closed).toBeNull();
    }));

  it(`UP12 of ${String(CONNECTS)} connects at once the newest ${String(MAX)} stay with replace_old, the others are closed 4003`, () =>
    withDesk({ whenFull: 'replace_old' }, async (desk) => {
      const { jwt } = await desk.signIn();
      const outcomes = await Promise.all(
        Array.from({ length: CONNECTS }, () => Client.attempt(desk.running.socketUrl, jwt)),
      );
      const clients = outcomes.filter((outcome) => outcome instanceof Client);
      expect(clients).toHaveLength(CONNECTS);
      await eventually(() =>
        open(clients).length === MAX ? null : `${String(open(clients).length)} of ${String(CONNECTS)} are open`,
      );
      const closes = clients.flatMap(({ closed }) =>
        closed === null ? [] : [`${String(closed.code)} ${closed.reason}`],
      );
      expect(new Set(closes)).toEqual(new Set(['4003 replaced']));
      const before = open(clients);
      for (const client of before) await client.settle();
      const last = await Client.join(desk.running.socketUrl, jwt);
      await eventually(() => (open(before).length === MAX - 1 ? null : `${String(open(before).length)} stay`));
      await last.settle();
    }));

  it('UP12 control connections and relay sockets of a directory user count together; other user ids do not count', () =>
    withDesk({ whenFull: 'reject_new', max: 2 }, async (desk) => {
      const { session_id: relayId } = await desk.backend.createSession(1);
      const { userId, jwt } = await desk.signIn();
      const relayJwt = await desk.backend.mint(relayId, userId);
      const control = await Client.join(desk.running.socketUrl, jwt);
      const member = await Client.join(desk.running.socketUrl, relayJwt);
      const full = { status: 409, body: { code: 'too_many_sockets' } };
      expect(await Client.attempt(desk.running.socketUrl, jwt)).toMatchObject(full);
      const { session_id: elsewhere } = await desk.backend.createSession(1);
      const elsewhereJwt = await desk.backend.mint(elsewhere, userId);
      expect(await Client.attempt(desk.running.socketUrl, elsewhereJwt)).toMatchObject(full);
      // The refused join left nothing behind.
      await eventually(async () => {
        const { body } = await desk.backend.native('GET', `/v1/relays/sessions/${elsewhere}/members`);
        return body.members.length === 0 ? null : 'a member is there';
      });
      const many = await Promise.all(
        Array.from({ length: 4 }, async (_, n) => desk.backend.mint(relayId, `guest${String(n)}`)),
      );
      for (const credential of many) (await Client.join(desk.running.socketUrl, credential)).drop();
      await control.leave();
      await eventually(async () => {
        const outcome = await Client.attempt(desk.running.socketUrl, elsewhereJwt);
        return outcome instanceof Client ? null : String(outcome.status);
      });
      expect(member.closed).toBeNull();
    }));

  it('UP13 a socket that takes over its own seat needs no place more: a resume is let in while the old socket counts', () =>
    withDesk({ whenFull: 'reject_new', max: 1 }, async (desk) => {
      const { session_id: relayId } = await desk.backend.createSession(1);
      const { userId, jwt } = await desk.signIn();
      let member = await Client.join(desk.running.socketUrl, await desk.backend.mint(relayId, userId));
      for (let times = 0; times < 5; times += 1) {
        // The old socket is still there: as after a change of networks that the gateway has not noticed.
        const next = await Client.join(desk.running.socketUrl, member.welcome.resume.token);
        expect(await member.expectClosed()).toEqual({ code: 4003, reason: 'replaced' });
        expect(next.index).toBe(member.index);
        member = next;
      }
      expect(await Client.attempt(desk.running.socketUrl, jwt)).toMatchObject({ status: 409 });
      member.drop();
      await eventually(async () => {
        const outcome = await Client.attempt(desk.running.socketUrl, jwt);
        return outcome instanceof Client ? null : String(outcome.status);
      });
    }));
});
