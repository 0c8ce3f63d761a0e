/** Decisions of the directory about a user reach that user's sockets, on both stores. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Answer } from '../../support/backend.js';
import { STORES } from '../../support/both-stores.js';
import { Client } from '../../support/client.js';
import { SignInDesk } from '../../support/signed-in.js';

interface Act {
  readonly act: string;
  readonly method: string;
  readonly path: string;
  readonly body?: object;
}

const ACTS: readonly Act[] = [
  { act: 'a ban', method: 'POST', path: '/ban' },
  { act: 'another password', method: 'PATCH', path: '', body: { password: 'another password' } },
  { act: 'a removal', method: 'DELETE', path: '' },
  { act: 'a revocation of all', method: 'POST', path: '/sessions/revoke' },
];

describe.each(STORES)('sockets of directory users on $store', ({ redisUrl }) => {
  let desk: SignInDesk;

  beforeAll(async () => {
    desk = await SignInDesk.open({ redisUrl: redisUrl() });
  });

  afterAll(() => desk.stop());

  const reportOf = ({ body }: Answer): unknown => (body as { report?: unknown }).report ?? body;

  it.each(ACTS)('DI6 $act closes all sockets of the user with 4002, says so, and kills its tokens', async (row) => {
    const { method, path, body } = row;
    const user = await desk.newUser();
    const signedIn = [await desk.signIn(user), await desk.signIn(user)];
    const bystander = await desk.signIn();
    const sockets = await Promise.all(signedIn.map(({ jwt }) => Client.join(desk.running.socketUrl, jwt)));
    const other = await Client.join(desk.running.socketUrl, bystander.jwt);
    const answer = await desk.backend.native(method, `/v1/users/${user}${path}`, body);
    expect(answer.status).toBe(200);
    expect(reportOf(answer)).toEqual({
      matched: 2,
      closed: 2,
      nodes_acked: 1,
      nodes_timed_out: 0,
      took_ms: expect.any(Number) as number,
    });
    for (const socket of sockets) {
      expect(await socket.expectClosed()).toEqual({ code: 4002, reason: 'revoked' });
      expect(socket.of('user_session.revoked')).toHaveLength(1);
    }
    for (const { jwt } of signedIn) {
      const refused = await Client.attempt(desk.running.socketUrl, jwt);
      expect(refused).toMatchObject({ status: 403 });
    }
    await other.settle();
    expect(other.of('user_session.revoked')).toEqual([]);
    other.drop();
  });
});
