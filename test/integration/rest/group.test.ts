/** Every row of the group surface over real HTTP, with every status that can be provoked, on both stores. */
import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Backend, type Answer } from '../../support/backend.js';
import { STORES } from '../../support/both-stores.js';
import { Client } from '../../support/client.js';
import { eventually } from '../../support/eventually.js';
import { ROOT_KEY, startGateway, type RunningGateway } from '../../support/gateway.js';
import { Player, Seated, type EnteredAnswer } from '../../support/groups.js';
import { newWallet } from '../../support/wallets.js';

const NOBODY = '000000000000-S';
/** Separators, quotes and characters of several Unicode planes. */
const NAME = `A|d"a\\' 🎲|\u0000{}`;
const asRoot = { authorization: `Bearer ${ROOT_KEY}` };
const text = expect.any(String) as string;
const number = expect.any(Number) as number;
const failure = (code: string) => ({ code, message: text });
const told = ({ status, body }: Answer): [number, unknown] => [status, (body as { code?: unknown }).code];

describe.each(STORES)('the group surface on $store', ({ redisUrl }) => {
  let running: RunningGateway;
  let root: Backend;
  let backend: Backend;

  beforeAll(async () => {
    running = await startGateway({ redisUrl: redisUrl() });
    root = new Backend(running.url);
    backend = await withKey(['relays']);
  });

  afterAll(() => running.stop());

  async function withKey(scopes: readonly string[]): Promise<Backend> {
    const { body } = await root.native('POST', '/v1/keys', { name: 'k', scopes });
    return new Backend(running.url, (body as { secret: string }).secret);
  }

  const player = () => Player.at(backend);
  const as = ({ credentials }: EnteredAnswer) => new Seated(backend, credentials.token);

  describe.each(['/session', '/v1/session'])('at %s', (base) => {
    it('GS10 create answers the session, its rules and the credentials of its host', async () => {
      const creator = await Player.at(backend, base);
      const listed = newWallet().address;
      const startedS = Math.floor(Date.now() / 1000);
      const { status, body } = await creator.create({
        identity: { name: NAME, chainAddress: listed.toLowerCase() },
        rules: { userCapacity: 3, expiryDurationInSeconds: 600, password: 'open', whiteListAddresses: [listed] },
      });
      expect(status).toBe(200);
      expect(body).toEqual({
        sessionId: expect.stringMatching(/^[0-9a-f]{12}-S$/) as string,
        expiresIn: number,
        credentials: {
          token: text,
          id: text,
          pseudonym: expect.stringMatching(/^guest-\w{6}$/) as string,
          role: 'Host',
        },
        rules: {
          expiry: number,
          maxFiles: number,
          maxUsers: 3,
          maxTotalMegaBytes: number,
          passwordProtected: true,
          whiteListAddresses: [listed],
        },
      });
      const entered = body as EnteredAnswer;
      expect(entered.expiresIn).toBeGreaterThan(595);
      expect(entered.expiresIn).toBeLessThanOrEqual(600);
      expect(entered.rules.expiry).toBeGreaterThanOrEqual(startedS + 595);
      const current = await new Seated(backend, entered.credentials.token, base).current();
      expect(current.body).toMatchObject({ users: [{ name: NAME, address: listed, role: 'Host' }] });
    });

    it('GS10 create without a body is create with an empty one', async () => {
      const creator = await Player.at(backend, base);
      const headers = { 'x-api-key': backend.key, authorization: `Bearer ${creator.bearer}` };
      for (const answer of [await backend.call('POST', base, undefined, headers), await creator.create({})]) {
        expect(answer).toMatchObject({
          status: 200,
          body: {
            credentials: { role: 'Host' },
            rules: { maxUsers: 1000, passwordProtected: false, whiteListAddresses: [] },
          },
        });
      }
    });

    it('GS11 join answers the same and the users; current answers the session', async () => {
      const [creator, guest] = [await Player.at(backend, base), await Player.at(backend, base)];
      const created = await creator.created();
      const joined = await guest.joined(created.sessionId);
      const users = [
        {
          id: created.credentials.id,
          role: 'Host',
          name: created.credentials.pseudonym,
          address: creator.wallet.address,
        },
        {
          id: joined.credentials.id,
          role: 'Client',
          name: joined.credentials.pseudonym,
          address: guest.wallet.address,
        },
      ];
      expect(joined).toEqual({
        ...created,
        expiresIn: number,
        credentials: { token: text, id: text, pseudonym: text, role: 'Client' },
        users,
      });
      const { expiry, maxUsers, ...others } = created.rules;
      for (const token of [created.credentials.token, joined.credentials.token]) {
        const answer = await new Seated(backend, token, base).current();
        expect(answer.status).toBe(200);
        expect(answer.body).toEqual({
          id: created.sessionId,
          creatorId: created.credentials.id,
          expiry,
          maxUsers,
          ...others,
          users,
        });
      }
    });

    it('GS12 kick, disconnect and delete answer 200 with nothing', async () => {
      const [creator, one, two] = [await Player.at(backend, base), await player(), await player()];
      const { sessionId, credentials } = await creator.created();
      const kicked = await one.joined(sessionId);
      const leaving = await two.joined(sessionId);
      const host = new Seated(backend, credentials.token, base);
      for (const answer of [
        await host.kick({ userId: kicked.credentials.id }),
        await new Seated(backend, leaving.credentials.token, base).disconnect(),
        await host.end(),
      ]) {
        expect(answer).toMatchObject({ status: 200, body: '' });
      }
    });
  });

  it('GS13 create needs an API key of scope relays and a wallet bearer, both', async () => {
    const creator = await player();
    const other = await withKey(['auth', 'sessions', 'admin']);
    const seated = await creator.created();
    const wallet = `Bearer ${creator.bearer}`;
    const calls: [headers: Record<string, string>, status: number, code: string][] = [
      [{ authorization: wallet }, 401, 'unauthorized'],
      [{ 'x-api-key': `${backend.key}x`, authorization: wallet }, 401, 'unauthorized'],
      [{ authorization: `Bearer ${backend.key}` }, 401, 'unauthorized'],
      [{ 'x-api-key': other.key, authorization: wallet }, 403, 'scope_missing'],
      [{ 'x-api-key': backend.key }, 401, 'credential_missing'],
      [{ 'x-api-key': backend.key, authorization: creator.bearer }, 401, 'credential_invalid'],
      [{ 'x-api-key': backend.key, authorization: `Bearer ${backend.key}` }, 401, 'credential_invalid'],
      [{ 'x-api-key': backend.key, authorization: `Bearer ${seated.credentials.token}` }, 401, 'credential_invalid'],
    ];
    for (const [headers, status, code] of calls) {
      const answer = await backend.call('POST', '/v1/session', {}, headers);
      expect([answer.status, answer.body]).toEqual([status, failure(code)]);
    }
    const rootsOwn = await creator.create({}, { 'x-api-key': root.key });
    expect(rootsOwn.status).toBe(200);
  });

  it('GS13 a bearer that is not exactly one of ours, of the right kind, is refused alike', async () => {
    const creator = await player();
    const { credentials } = await creator.created();
    for (const bearer of [...forgeries(creator.bearer), ...forgeries(credentials.token), backend.key, '', 'null']) {
      const headers = { authorization: `Bearer ${bearer}` };
      const answers = [
        await backend.call('POST', '/v1/session/join', { sessionId: NOBODY }, headers),
        await backend.call('GET', '/v1/session/current', undefined, headers),
        await backend.call('POST', '/v1/session/current/kick', { userId: 'x' }, headers),
        await backend.call('POST', '/v1/session/disconnect', undefined, headers),
        await backend.call('DELETE', '/v1/session/current', undefined, headers),
      ];
      for (const { status, body } of answers) {
        const message = 'The credential is invalid or expired.';
        expect([bearer, status, body]).toEqual([bearer, 401, { code: 'credential_invalid', message }]);
      }
    }
    const asMember = await backend.call('GET', '/v1/session/current', undefined, {
      authorization: `Bearer ${creator.bearer}`,
    });
    const asWallet = await backend.call(
      'POST',
      '/v1/session/join',
      { sessionId: NOBODY },
      {
        authorization: `Bearer ${credentials.token}`,
      },
    );
    expect([told(asMember), told(asWallet)]).toEqual([
      [401, 'credential_invalid'],
      [401, 'credential_invalid'],
    ]);
    const missing = await backend.call('POST', '/v1/session/disconnect');
    expect([missing.status, missing.body]).toEqual([401, failure('credential_missing')]);
  });

  it('GS14 a body of another shape is 422', async () => {
    const creator = await player();
    const { address } = newWallet();
    const wrongCase = address.replace(/[a-f]/, (letter) => letter.toUpperCase());
    const bodies: unknown[] = [
      ...['{', '[]', 'null', ' ', { identity: 1 }, { identity: { name: 5 } }, { identity: { name: ' ' } }],
      ...[{ identity: { chainAddress: '0x1' } }, { identity: { chainAddress: wrongCase } }, { rules: [] }],
      ...[{ rules: { userCapacity: 0 } }, { rules: { userCapacity: 65_535 } }, { rules: { userCapacity: '3' } }],
      ...[{ rules: { expiryDurationInSeconds: 0 } }, { rules: { expiryDurationInSeconds: 2_592_001 } }],
      ...[{ rules: { expiryDurationInSeconds: 1.5 } }, { rules: { password: 1 } }, { password: 'a'.repeat(257) }],
      ...[{ rules: { allowOnlyWhitelistedAddresses: 'yes' } }, { rules: { whiteListAddresses: [wrongCase] } }],
      ...[{ identity: { name: 'n'.repeat(65) } }, { whiteListAddresses: Array.from({ length: 1001 }, () => address) }],
      ...[{ whiteListAddresses: [address.slice(2)] }, { whiteListAddresses: address }],
    ];
    for (const body of bodies) expect([body, (await creator.create(body)).status]).toEqual([body, 422]);
    for (const body of ['', '{}', { sessionId: null }, { sessionId: NOBODY, password: 1 }]) {
      expect([body, (await creator.join(body)).status]).toEqual([body, 422]);
    }
    const seated = as(await creator.created());
    for (const body of ['', '{}', { userId: null }, { userId: '' }]) {
      expect([body, (await seated.kick(body)).status]).toEqual([body, 422]);
    }
    expect((await creator.create({ rules: null, identity: null, password: null, more: 1 })).status).toBe(200);
  });

  it('GS15 with a whitelist only the listed may join, however their address is written', async () => {
    const [creator, listed, other] = [await player(), await player(), await player()];
    const { address } = listed.wallet;
    for (const rules of [
      { rules: { allowOnlyWhitelistedAddresses: true, whiteListAddresses: [address.toLowerCase(), address] } },
      { rules: { whiteListAddresses: [address] } },
      { whiteListAddresses: [address] },
    ]) {
      const created = await creator.created(rules);
      expect(created.rules.whiteListAddresses).toEqual([address]);
      expect(told(await other.join({ sessionId: created.sessionId }))).toEqual([401, 'not_whitelisted']);
      await listed.joined(created.sessionId);
    }
    const open = await creator.created({
      rules: { allowOnlyWhitelistedAddresses: false, whiteListAddresses: [address] },
    });
    await other.joined(open.sessionId);
    const closed = await creator.created({ rules: { allowOnlyWhitelistedAddresses: true } });
    expect(told(await other.join({ sessionId: closed.sessionId }))).toEqual([401, 'not_whitelisted']);
  });

  it('GS16 with a password only who says it may join; wrong ones are few a minute, right ones give them back', async () => {
    const [creator, guest, second] = [await player(), await player(), await player()];
    for (const body of [{ rules: { password: 'sesame' } }, { password: 'sesame' }]) {
      const { sessionId } = await creator.created(body);
      for (const password of [undefined, null, '', 'Sesame', 'sesame ']) {
        expect(told(await guest.join({ sessionId, password }))).toEqual([401, 'group_password_wrong']);
      }
      await guest.joined(sessionId, { password: 'sesame' });
    }
    const { sessionId } = await creator.created({ password: 'sesame' });
    const other = await creator.created({ password: 'sesame' });
    const tries = (id: string, count: number) =>
      Promise.all(
        Array.from({ length: count }, (_, n) => guest.join({ sessionId: id, password: `wrong${String(n)}` })),
      );
    await tries(sessionId, 15);
    await guest.joined(sessionId, { password: 'sesame' });
    const answers = await tries(sessionId, 30);
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(20);
    const limited = answers.filter(({ status }) => status === 429);
    expect(limited).toHaveLength(10);
    expect(limited[0]?.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
    expect((await second.join({ sessionId, password: 'sesame' })).status).toBe(429);
    await second.joined(other.sessionId, { password: 'sesame' });
    const open = await creator.created({ password: '' });
    expect(await as(open).current()).toMatchObject({ body: { passwordProtected: false } });
  });

  it('GS17 join: 404 for no session and for one that is no group session, 422 when full, locked or in it already', async () => {
    const [creator, one, two] = [await player(), await player(), await player()];
    const plain = await backend.createSession(1);
    for (const sessionId of [NOBODY, plain.session_id, 'nonsense', '']) {
      const answer = await one.join({ sessionId });
      expect([answer.status, answer.body]).toEqual([404, failure('group_session_not_found')]);
    }
    const { sessionId } = await creator.created({ rules: { userCapacity: 2 } });
    expect(told(await creator.join({ sessionId }))).toEqual([422, 'already_member']);
    await backend.native('PATCH', `/v1/relays/sessions/${sessionId}`, { locked: true });
    expect(told(await one.join({ sessionId }))).toEqual([422, 'session_locked']);
    await backend.native('PATCH', `/v1/relays/sessions/${sessionId}`, { locked: false });
    await one.joined(sessionId);
    expect(told(await one.join({ sessionId }))).toEqual([422, 'already_member']);
    expect(told(await two.join({ sessionId }))).toEqual([422, 'session_full']);
  });

  it('GS18 kick: 403 for who is not host, 404 for nobody, 422 for itself; the kicked may join anew, its token is dead', async () => {
    const [creator, one, two] = [await player(), await player(), await player()];
    const host = await creator.created();
    const guest = await one.joined(host.sessionId);
    const other = await two.joined(host.sessionId);
    const { id } = guest.credentials;
    expect(told(await as(other).kick({ userId: id }))).toEqual([403, 'not_host']);
    expect(told(await as(other).kick({ userId: other.credentials.id }))).toEqual([403, 'not_host']);
    expect(told(await as(host).kick({ userId: host.credentials.id }))).toEqual([422, 'cannot_kick_self']);
    expect(told(await as(host).kick({ userId: 'usr_nobody' }))).toEqual([404, 'user_not_found']);
    expect((await as(host).kick({ userId: id })).status).toBe(200);
    expect(told(await as(host).kick({ userId: id }))).toEqual([404, 'user_not_found']);
    for (const answer of [await as(guest).current(), await as(guest).disconnect(), await as(guest).end()]) {
      expect(told(answer)).toEqual([401, 'credential_invalid']);
    }
    const back = await one.joined(host.sessionId);
    expect(back.credentials.id).not.toBe(id);
    expect(told(await as(guest).current())).toEqual([401, 'credential_invalid']);
    expect((await as(back).current()).status).toBe(200);
  });

  it('GS19 disconnect: the seat is free, the token dead; when the host goes the role moves', async () => {
    const [creator, one, two] = [await player(), await player(), await player()];
    const host = await creator.created({ rules: { userCapacity: 2 } });
    const guest = await one.joined(host.sessionId);
    expect(told(await as(guest).end())).toEqual([403, 'not_host']);
    await as(host).disconnect();
    expect(told(await as(host).disconnect())).toEqual([401, 'credential_invalid']);
    expect(told(await as(host).current())).toEqual([401, 'credential_invalid']);
    await two.joined(host.sessionId);
    const current = await as(guest).current();
    expect(current.body).toMatchObject({
      creatorId: host.credentials.id,
      users: [
        { id: guest.credentials.id, role: 'Host' },
        { address: two.wallet.address, role: 'Client' },
      ],
    });
    expect((await as(guest).end()).status).toBe(200);
  });

  it('GS20 delete: 403 for who is not host; afterwards the session is gone for everybody', async () => {
    const [creator, one] = [await player(), await player()];
    const host = await creator.created();
    const guest = await one.joined(host.sessionId);
    expect(told(await as(guest).end())).toEqual([403, 'not_host']);
    expect((await as(host).end()).status).toBe(200);
    for (const seated of [as(host), as(guest)]) {
      expect(told(await seated.current())).toEqual([404, 'group_session_not_found']);
      expect(told(await seated.kick({ userId: 'x' }))).toEqual([404, 'group_session_not_found']);
      expect(told(await seated.end())).toEqual([404, 'group_session_not_found']);
      expect(told(await seated.disconnect())).toEqual([401, 'credential_invalid']);
    }
    expect(told(await one.join({ sessionId: host.sessionId }))).toEqual([404, 'group_session_not_found']);
  });

  it('GS21 a credential of a session that is no group session is none here', async () => {
    const plain = await backend.createSession(1);
    const token = await backend.mint(plain.session_id, 'somebody');
    const outsider = new Seated(backend, token);
    const kicked = await outsider.kick({ userId: 'somebody' });
    for (const answer of [await outsider.current(), kicked, await outsider.disconnect(), await outsider.end()]) {
      expect(told(answer)).toEqual([401, 'credential_invalid']);
    }
    const { sessionId } = await (await player()).created();
    const minted = await backend.mint(sessionId, 'somebody', { role: 'host' });
    expect(told(await new Seated(backend, minted).current())).toEqual([401, 'credential_invalid']);
  });

  it('GS22 it is a relay session of the key that made it: listed, shown, ended there', async () => {
    const mine = await withKey(['relays']);
    const stranger = await withKey(['relays']);
    const creator = await Player.at(mine);
    const { sessionId, credentials } = await creator.created();
    const list = await mine.relays('GET', '/v1/relays/sessions');
    expect(list.body).toMatchObject({
      total_count: 1,
      sessions: [{ session_id: sessionId, status: 'Linked', session_users: [] }],
    });
    expect((await stranger.relays('GET', `/v1/relays/sessions/${sessionId}`)).status).toBe(404);
    expect((await mine.relays('DELETE', `/v1/relays/sessions/${sessionId}`)).status).toBe(204);
    expect(told(await new Seated(backend, credentials.token).current())).toEqual([404, 'group_session_not_found']);
  });

  it('GS23 a call that is repeated with its Idempotency-Key is answered as before, also when the token is dead', async () => {
    const [creator, one, two] = [await player(), await player(), await player()];
    const again = { 'idempotency-key': 'once' };
    const created = await creator.create({}, again);
    expect((await creator.create({}, again)).body).toEqual(created.body);
    const host = created.body as EnteredAnswer;
    const { sessionId } = host;
    const joined = await one.join({ sessionId }, again);
    expect((await one.join({ sessionId }, again)).body).toEqual(joined.body);
    expect((await one.join({ sessionId, password: 'x' }, again)).status).toBe(409);
    const { id } = (await two.joined(sessionId)).credentials;
    const guest = as(joined.body as EnteredAnswer);
    for (let turn = 0; turn < 2; turn += 1) {
      expect((await as(host).kick({ userId: id }, { 'idempotency-key': 'kick' })).status).toBe(200);
      expect((await guest.disconnect({ 'idempotency-key': 'go' })).status).toBe(200);
    }
    for (let turn = 0; turn < 2; turn += 1) expect((await as(host).end({ 'idempotency-key': 'end' })).status).toBe(200);
  });

  it('GS25 a token counts in a session that is prolonged; of one whose time is up it is told 404', async () => {
    const [creator, guest] = [await player(), await player()];
    const short = { rules: { expiryDurationInSeconds: 2 } };
    const prolonged = await creator.created(short);
    const joined = await guest.joined(prolonged.sessionId);
    await backend.native('PATCH', `/v1/relays/sessions/${prolonged.sessionId}`, { expires_in_s: 600 }, asRoot);
    const over = await creator.created(short);
    await eventually(async () => ((await as(over).current()).status === 404 ? null : 'its time is not up'));
    for (const call of [as(over).current(), as(over).kick({ userId: 'x' }), as(over).end()]) {
      expect(told(await call)).toEqual([404, 'group_session_not_found']);
    }
    expect(told(await as(over).disconnect())).toEqual([401, 'credential_invalid']);
    expect(told(await guest.join({ sessionId: over.sessionId }))).toEqual([404, 'group_session_not_found']);
    const late = await Client.join(running.socketUrl, joined.credentials.token);
    expect(late.welcome.you.user_id).toBe(joined.credentials.id);
    expect((await as(joined).current()).status).toBe(200);
    expect((await as(prolonged).kick({ userId: joined.credentials.id })).status).toBe(200);
    expect(await late.expectClosed()).toEqual({ code: 4001, reason: 'kicked' });
  });

  it('GS7 300 wallets at once into 100 seats', async () => {
    const creator = await player();
    const guests = await Promise.all(Array.from({ length: 300 }, player));
    const { sessionId } = await creator.created({ rules: { userCapacity: 100 } });
    const answers = await Promise.all(guests.map((guest) => guest.join({ sessionId })));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(99);
    expect(answers.filter((answer) => told(answer)[1] === 'session_full')).toHaveLength(201);
    const one = await player();
    const second = await creator.created();
    const tries = await Promise.all(Array.from({ length: 100 }, () => one.join({ sessionId: second.sessionId })));
    expect(tries.map(told).toSorted()).toEqual([
      [200, undefined],
      ...Array.from({ length: 99 }, () => [422, 'already_member']),
    ]);
  }, 60_000);
});

/** One token in other forms, and others in its form. */
function forgeries(token: string): string[] {
  const [header = '', payload = '', signature = ''] = token.split('.');
  const write = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString('utf8')) as Record<string, unknown>;
  const changed = { ...read(payload), exp: 9_999_999_999 };
  const byHmac = `${write({ ...read(header), alg: 'HS256' })}.${payload}`;
  return [
    ...[`${header}.${payload}.`, `${header}.${payload}`, `${token}.x`, `${token}=`, `.${payload}.${signature}`],
    ...[`${header}.${write(changed)}.${signature}`, `${header}..${signature}`, `${token.slice(0, -4)}AAAA`],
    `${write({ ...read(header), alg: 'none' })}.${payload}.`,
    `${write({ ...read(header), typ: 'JWT' })}.${payload}.${signature}`,
    `${byHmac}.${createHmac('sha256', 'secret').update(byHmac).digest('base64url')}`,
    `${header}.${payload}.${Buffer.alloc(64).toString('base64url')}`,
  ];
}
