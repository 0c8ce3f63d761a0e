/** Floods of made-up tokens, ends of sessions by every way, and guesses of ids, at the doors of identity; on both stores. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Backend, type Answer } from '../../support/backend.js';
import { STORES } from '../../support/both-stores.js';
import { Client } from '../../support/client.js';
import { ClientApp, codeOf } from '../../support/client-app.js';
import { expectStatus, withKey } from '../../support/directory.js';
import { startGateway, type RunningGateway } from '../../support/gateway.js';
import { Player, Seated } from '../../support/groups.js';
import { inParallel } from '../../support/in-parallel.js';
import { LoginApi, type TestUser } from '../../support/login.js';
import { wrapStore } from '../../support/wrap-store.js';

const FLOOD = 5000;
const GUESSES = 2500;
const WIDTH = 32;
const LETTERS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** Calls that end a user's sessions. `own`: the LSID of the user's login session; `boss`: an admin's. */
interface End {
  readonly way: string;
  end(api: LoginApi, user: TestUser, own: string, boss: string): Promise<Answer>;
}

const ENDS: readonly End[] = [
  { way: 'logout', end: (api, _user, own) => api.call('DELETE', `/session/${own}`) },
  { way: 'logout of all', end: (api, _user, own) => api.call('DELETE', `/session/${own}`, { json: true }) },
  {
    way: 'logout by an admin',
    end: (api, { id }, _own, boss) => api.call('DELETE', `/session/user;lsid=${boss}/${id}`),
  },
  {
    way: 'a block',
    end: (api, { username }, _own, boss) =>
      api.call('POST', `/authenticate/block;lsid=${boss}/${username}`, { json: {} }),
  },
  {
    way: 'another password',
    async end(api, user) {
      const json = { oldPasswordHash: user.password, newPasswordHash: 'another password' };
      return api.call('PUT', `/password;lsid=${await api.logIn(user)}/${user.id}`, { json });
    },
  },
  { way: 'a ban', end: (api, { id }) => api.root.native('POST', `/v1/users/${id}/ban`) },
];

describe.each(STORES)('attacks on identity on $store', ({ redisUrl }) => {
  let running: RunningGateway;
  let root: Backend;
  let api: LoginApi;
  let keyReads = 0;

  beforeAll(async () => {
    running = await startGateway({
      redisUrl: redisUrl(),
      env: { SALLYPORT_SIGN_IN_ATTEMPTS_PER_ADDRESS: '0' },
      wrapStore: wrapStore({
        signingKeys: (real) => ({
          list: () => {
            keyReads += 1;
            return real.list();
          },
        }),
      }),
    });
    root = new Backend(running.url);
    api = new LoginApi(running.url);
  });

  afterAll(() => running.stop());

  async function clientOf({ username, password }: TestUser) {
    const app = new ClientApp(running.url, 'native');
    return { app, sessionId: await app.signIn(username, password) };
  }

  const ask = (credential: string): Promise<Answer> =>
    root.call('GET', '/v1/connect', undefined, { authorization: `Bearer ${credential}` });

  it('AT1 a flood of unknown keys, and one of reads of the key set, has the store asked no more than time does', async () => {
    const { app, sessionId } = await clientOf(await api.newUser());
    const good = await app.jwt(sessionId);
    const [, payload = '', signature = ''] = good.split('.');
    // The control: the count does count.
    expect(keyReads).toBeGreaterThan(0);
    const [before, startedMs] = [keyReads, performance.now()];
    const refused = new Set<number>();
    await inParallel([...Array(FLOOD).keys()], WIDTH, async (n) => {
      const header = Buffer.from(JSON.stringify({ alg: 'RS256', typ: 'JWT', kid: `unknown-${String(n)}` }));
      refused.add((await ask(`${header.toString('base64url')}.${payload}.${signature}`)).status);
      if (n % 5 === 0) expectStatus(await root.call('GET', '/.well-known/jwks.json'), 200);
    });
    expect([...refused]).toEqual([401]);
    expect((await ask(good)).status).toBe(426);
    // Twice in each half minute: the node's own reading, and one look for an unknown key.
    const halfMinutes = Math.ceil((performance.now() - startedMs) / 30_000);
    expect(keyReads - before).toBeLessThanOrEqual(2 * halfMinutes);
  });

  it.each(ENDS)(
    'AT2 $way closes control connections and bound sockets; nothing of theirs is taken later',
    async (row) => {
      const [user, boss] = [await api.newUser(), await api.logIn(await api.newUser({ admin: true }))];
      const own = await api.logIn(user);
      const token = expectStatus(await api.call('POST', `/session/${own}/token`), 200).body as { token: string };
      const { session_id: relayId } = await root.createSession(1);
      const bound = { user_session_id: `sess_${own.split('_')[1] ?? ''}` };
      const credential = await root.mint(relayId, user.id, bound);
      const [peer, control, seat] = [
        await Client.join(running.socketUrl, await root.mint(relayId, 'peer')),
        await Client.join(running.socketUrl, token.token),
        await Client.join(running.socketUrl, credential),
      ];
      seat.relay({ deliveryClass: 2, payload: 'before' });
      await peer.expectEntries(1);
      expect((await row.end(api, user, own, boss)).status).toBe(200);
      // Sent while the close is on its way, or after it.
      if (seat.closed === null) seat.relay({ deliveryClass: 2, payload: 'after' });
      for (const socket of [control, seat]) {
        expect([4002, 4007]).toContain((await socket.expectClosed()).code);
      }
      expect(await peer.expect('member.left')).toMatchObject({ index: seat.index });
      for (const dead of [token.token, credential, seat.welcome.resume.token]) {
        expect([401, 403]).toContain((await ask(dead)).status);
      }
      await peer.settle();
      expect(peer.entries).toHaveLength(1);
      peer.drop();
    },
  );

  it('AT2 signing out of a client closes the sockets of all its sessions', async () => {
    const { app, sessionId } = await clientOf(await api.newUser());
    const control = await Client.join(running.socketUrl, await app.jwt(sessionId));
    expectStatus(await app.call('DELETE', '/v1/client/sessions'), 200);
    expect(await control.expectClosed()).toMatchObject({ code: 4007 });
  });

  it('AT3 none of ten thousand guessed ids and secrets opens anything', async () => {
    const victim = await api.newUser();
    const { sessionId } = await clientOf(victim);
    const lsid = await api.logIn(victim);
    const thief = (await clientOf(await api.newUser())).app;
    const group = await (await Player.at(root)).created();
    const [header = '', payload = '', signature = ''] = group.credentials.token.split('.');
    const opened: string[] = [];
    await inParallel([...Array(GUESSES).keys()], WIDTH, async (n) => {
      const answers = [
        [404, await thief.get(`/v1/client/sessions/${guess(sessionId, n)}`)],
        [404, await root.call('GET', `/session/${guess(lsid, n)}`)],
        [401, await ask(`${header}.${payload}.${guess(signature, n)}`)],
        [401, await new Seated(root, `${header}.${payload}.${guess(signature, n)}`).current()],
      ] as const;
      for (const [status, answer] of answers) {
        if (answer.status !== status) opened.push(`${String(n)}: ${String(answer.status)}`);
      }
    });
    expect(opened).toEqual([]);
    // The control: what was guessed at is there.
    expect(await api.isAlive(lsid)).toBe(true);
    expect((await new Seated(root, group.credentials.token).current()).status).toBe(200);
  });

  it('AT4 ids of others are not there: for another client, another login session, another project, another group', async () => {
    const [victim, other] = [await api.newUser(), await api.newUser()];
    const { app, sessionId } = await clientOf(victim);
    const thief = (await clientOf(other)).app;
    const at = `/v1/client/sessions/${sessionId}`;
    expect(codeOf(await thief.get(at))).toEqual([404, 'resource_not_found']);
    for (const [path, code] of [
      ['touch', 'action_for_session_not_authorized'],
      ...['end', 'remove', 'tokens', 'tokens/x'].map((tail) => [tail, 'resource_not_found'] as const),
    ] as const) {
      expect([path, codeOf(await thief.post(`${at}/${path}`))[1]]).toEqual([path, code]);
    }
    expect((await app.get(at)).body.response.status).toBe('active');
    const [lsid, foreign] = [await api.logIn(victim), await api.logIn(other)];
    for (const path of [`/session/${lsid};lsid=${foreign}`, `/session/${lsid};lsid=${foreign}/token`]) {
      expect((await api.call(path.endsWith('token') ? 'POST' : 'GET', path)).status).toBe(404);
    }
    expect((await api.call('DELETE', `/session/user;lsid=${foreign}/${victim.id}`)).status).toBe(403);
    const [mine, theirs] = [await withKey(root, ['relays']), await withKey(root, ['relays'])];
    const { session_id: relayId } = await mine.createSession(1);
    for (const [method, tail] of [
      ['GET', ''],
      ['DELETE', ''],
    ] as const) {
      expect((await theirs.relays(method, `/v1/relays/sessions/${relayId}${tail}`)).status).toBe(404);
    }
    for (const [path, body] of [
      ['tokens', { user_id: victim.id }],
      ['kick', { user_id: 'x' }],
      ['messages', { class: 'volatile', payload_base64: 'AA==' }],
    ] as const) {
      expect((await theirs.native('POST', `/v1/relays/sessions/${relayId}/${path}`, body)).status).toBe(404);
    }
    expect((await mine.relays('GET', `/v1/relays/sessions/${relayId}`)).status).toBe(200);
    const groups = [await (await Player.at(root)).created(), await (await Player.at(root)).created()] as const;
    const kick = await new Seated(root, groups[0].credentials.token).kick({ userId: groups[1].credentials.id });
    expect(kick.status).toBe(404);
  });
});

/** Close to it: another letter at one place or two. */
function guess(secret: string, n: number): string {
  const letters = Array.from(secret);
  const places = [...letters.keys()].filter((place) => place >= 5 && /[0-9A-Za-z]/.test(letters[place] ?? ''));
  for (const step of [n, Math.floor(n / places.length)]) {
    const place = places[step % places.length] ?? 5;
    const shift = 1 + (n % (LETTERS.length - 2));
    letters[place] = LETTERS.charAt((LETTERS.indexOf(letters[place] ?? '') + shift) % LETTERS.length);
  }
  const guessed = letters.join('');
  return guessed === secret ? `${guessed.slice(0, -1)}0` : guessed;
}
