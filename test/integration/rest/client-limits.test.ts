/** Limits of sign-ins and what a client sees of them: sessions per user, single sessions, tries; on both stores. */
import { describe, expect, it } from 'vitest';
import { Backend } from '../../support/backend.js';
import { STORES } from '../../support/both-stores.js';
import { ClientApp, codeOf, PASSWORD } from '../../support/client-app.js';
import { expectStatus, freshName, newUser } from '../../support/directory.js';
import { eventually } from '../../support/eventually.js';
import { startGateway } from '../../support/gateway.js';

const ROUNDS = 20;
const AT_ONCE = 5;

describe.each(STORES)('limits of client sessions on $store', ({ redisUrl }) => {
  async function withGateway(
    env: Readonly<Record<string, string>>,
    run: (url: string, root: Backend) => Promise<void>,
  ): Promise<void> {
    const unlimited = { SALLYPORT_SIGN_IN_ATTEMPTS_PER_ADDRESS: '0', SALLYPORT_SIGN_IN_ATTEMPTS_PER_ACCOUNT: '0' };
    const running = await startGateway({ redisUrl: redisUrl(), env: { ...unlimited, ...env } });
    try {
      await run(running.url, new Backend(running.url));
    } finally {
      await running.stop();
    }
  }

  async function ticketFor(root: Backend, userId: string): Promise<string> {
    const answer = await root.native('POST', '/v1/sign_in_tokens', { user_id: userId });
    return (expectStatus(answer, 201).body as { token: string }).token;
  }

  const ofTwo = (whenFull: string) => ({
    SALLYPORT_MAX_SESSIONS_PER_USER: '2',
    SALLYPORT_SESSIONS_PER_USER_FULL: whenFull,
  });

  it('CS30 a session that made way for a newer one is listed as replaced; it is 400 to touch and 401 for tokens', () =>
    withGateway(ofTwo('replace_old'), async (url, root) => {
      const username = freshName();
      const userId = await newUser(root, { username, password: PASSWORD });
      const app = new ClientApp(url);
      const oldest = `/v1/client/sessions/${await app.signIn(username)}`;
      const elsewhere = Array.from({ length: 2 * AT_ONCE }, () => new ClientApp(url).signIn(username));
      await Promise.all(elsewhere);
      const seen = await app.get(oldest);
      expect([seen.body.response.status, seen.body.client.sessions[0].status]).toEqual(['replaced', 'replaced']);
      expect(seen.body.client.last_active_session_id).toBeNull();
      expect(codeOf(await app.post(`${oldest}/touch`))).toEqual([400, 'invalid_action_for_session']);
      expect(codeOf(await app.post(`${oldest}/end`))).toEqual([400, 'invalid_action_for_session']);
      expect(codeOf(await app.post(`${oldest}/tokens`))).toEqual([401, 'signed_out']);
      expect((await app.post(`${oldest}/remove`)).body.client.sessions).toEqual([]);
      const active = await root.native('GET', `/v1/sessions?user_id=${userId}&status=active`);
      expect(active.body.sessions).toHaveLength(2);
    }));

  it('CS30 with reject_new a sign-in too many is 409, however many come at once; one that ends makes room', () =>
    withGateway(ofTwo('reject_new'), async (url, root) => {
      const username = freshName();
      await newUser(root, { username, password: PASSWORD });
      const form = { strategy: 'password', identifier: username, password: PASSWORD };
      const apps = Array.from({ length: 2 * AT_ONCE }, () => new ClientApp(url));
      const answers = await Promise.all(apps.map((app) => app.post('/v1/client/sign_ins', form)));
      const refused = answers.filter(({ status }) => status !== 200);
      expect(refused.map(codeOf)).toEqual(Array(2 * AT_ONCE - 2).fill([409, 'too_many_sessions']));
      for (const { headers } of refused) expect(headers.get('set-cookie')).toBeNull();
      const holder = apps.find(({ token }) => token !== null);
      expect((await holder?.call('DELETE', '/v1/client/sessions'))?.status).toBe(200);
      expect((await new ClientApp(url).post('/v1/client/sign_ins', form)).status).toBe(200);
    }));

  it('CS27 of several single sign-ins that come to one client at once one has it, and its token is good', () =>
    withGateway({ SALLYPORT_SINGLE_SESSION: 'true' }, async (url, root) => {
      for (let round = 0; round < ROUNDS; round += 1) {
        const userId = await newUser(root);
        const app = new ClientApp(url);
        await app.post('/v1/client/sign_ins', { strategy: 'ticket', ticket: await ticketFor(root, userId) });
        const { client } = (await app.call('DELETE', '/v1/client/sessions')).body;
        const tickets = await Promise.all(Array.from({ length: AT_ONCE }, () => ticketFor(root, userId)));
        const pages = tickets.map((ticket) => {
          const page = new ClientApp(url);
          page.token = app.token;
          return { page, answer: page.post('/v1/client/sign_ins', { strategy: 'ticket', ticket }) };
        });
        const there: string[] = [];
        for (const { page, answer } of pages) {
          const { status, body } = await answer;
          if (status !== 200) expect(codeOf({ status, body, headers: new Headers() })).toEqual([400, 'session_exists']);
          // A request with an outdated token has no client any more, and gets one of its own.
          else if (body.client.id === client.id) there.push(body.response.created_session_id as string);
          if (status !== 200) continue;
          const seen = (await page.get('/v1/client')).body;
          expect(seen.response.last_active_session_id).toBe(body.response.created_session_id);
          expect(seen.response.sessions.map(({ id }: { id: string }) => id)).toEqual([
            body.response.created_session_id,
          ]);
        }
        expect(there).toHaveLength(1);
      }
    }));

  it('HT13 who was told to come again later is not told so again for its Idempotency-Key', () =>
    withGateway(
      { SALLYPORT_SIGN_IN_ATTEMPTS_PER_ACCOUNT: '1', SALLYPORT_SIGN_IN_ATTEMPTS_PERIOD_S: '2' },
      async (url, root) => {
        const username = freshName();
        await newUser(root, { username, password: PASSWORD });
        const form = { strategy: 'password', identifier: username, password: PASSWORD };
        const headers = { 'idempotency-key': freshName() };
        const app = new ClientApp(url);
        await app.post('/v1/client/sign_ins', { ...form, password: 'wrong' });
        expect(codeOf(await app.post('/v1/client/sign_ins', form, headers))).toEqual([429, 'too_many_requests']);
        await eventually(async () => {
          const { status } = await app.post('/v1/client/sign_ins', form, headers);
          return status === 200 ? null : String(status);
        });
      },
    ));
});
