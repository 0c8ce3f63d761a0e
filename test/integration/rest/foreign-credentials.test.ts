/** Every credential in every carrier: in the wrong place it gets the same answer as nonsense; on both stores. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Backend, pairOf, type Answer } from '../../support/backend.js';
import { STORES } from '../../support/both-stores.js';
import { Client } from '../../support/client.js';
import { ClientApp } from '../../support/client-app.js';
import { expectStatus, withKey } from '../../support/directory.js';
import { startGateway, type RunningGateway } from '../../support/gateway.js';
import { Player } from '../../support/groups.js';
import { LoginApi } from '../../support/login.js';

const KINDS = [
  'API key',
  'relay pair',
  'relay credential',
  'credential of a session that is over',
  'credential minted for a group session',
  'resume token',
  'group token',
  'wallet bearer',
  'client token',
  'session token',
  'LSID',
  'ticket',
] as const;
type Kind = (typeof KINDS)[number];

interface Carrier {
  readonly name: string;
  readonly home: readonly Kind[];
  readonly refusal: number;
  readonly show: (credential: string) => Promise<Answer>;
}

const GROUP_CALLS: readonly (readonly [method: string, path: string, body?: unknown])[] = [
  ['GET', '/current'],
  ['POST', '/current/kick', { userId: 'usr_0123456789abcdef' }],
  ['POST', '/current/kick', { user: 1 }],
  ['POST', '/disconnect'],
  ['DELETE', '/current'],
];

describe.each(STORES)('credentials in carriers of others on $store', ({ redisUrl }) => {
  let running: RunningGateway;
  let credentials: Readonly<Record<Kind, string>>;
  let carriers: readonly Carrier[];

  beforeAll(async () => {
    running = await startGateway({ redisUrl: redisUrl() });
    const backend = await withKeyOf(running);
    const player = await Player.at(backend);
    credentials = await oneOfEach(running, backend, player);
    carriers = carriersOf(backend, player, (await player.created()).sessionId);
  });

  afterAll(() => running.stop());

  it('GS13, TK20 each is good at home and nowhere else: elsewhere it is answered like nonsense', async () => {
    for (const { name, home, refusal, show } of carriers) {
      const nonsense = plain(await show('nonsense'));
      expect([name, nonsense.status]).toEqual([name, refusal]);
      for (const kind of KINDS) {
        if (home.includes(kind)) continue;
        expect([name, kind, plain(await show(credentials[kind]))]).toEqual([name, kind, nonsense]);
      }
    }
    // At home; not where the credential is dead afterwards.
    for (const { name, home, refusal, show } of carriers.filter((carrier) => !/disconnect|DELETE/.test(carrier.name))) {
      for (const kind of home) {
        expect([name, kind, (await show(credentials[kind])).status]).not.toEqual([name, kind, refusal]);
      }
    }
  });
});

async function withKeyOf(running: RunningGateway): Promise<Backend> {
  return withKey(new Backend(running.url), ['relays', 'auth', 'sessions', 'admin']);
}

async function oneOfEach(
  { url, socketUrl }: RunningGateway,
  backend: Backend,
  player: Player,
): Promise<Readonly<Record<Kind, string>>> {
  const session = await backend.createSession(2);
  const over = await backend.createSession(1);
  const ofOver = await backend.mint(over.session_id, 'somebody');
  await backend.relays('DELETE', `/v1/relays/sessions/${over.session_id}`);
  const group = await player.created();
  const member = await Client.join(socketUrl, pairOf(session, 1));
  const login = new LoginApi(url);
  const user = await login.newUser();
  const app = new ClientApp(url, 'native');
  const clientSession = await app.signIn(user.username, user.password);
  const ticket = await backend.native('POST', '/v1/sign_in_tokens', { user_id: user.id });
  return {
    'API key': backend.key,
    'relay pair': pairOf(session),
    'relay credential': await backend.mint(session.session_id, 'minted'),
    'credential of a session that is over': ofOver,
    'credential minted for a group session': await backend.mint(group.sessionId, 'minted', { role: 'host' }),
    'resume token': member.welcome.resume.token,
    'group token': group.credentials.token,
    'wallet bearer': player.bearer,
    'client token': app.token ?? '',
    'session token': await app.jwt(clientSession),
    LSID: await login.logIn(user),
    ticket: (expectStatus(ticket, 201).body as { token: string }).token,
  };
}

function carriersOf(backend: Backend, player: Player, sessionId: string): readonly Carrier[] {
  const bearer = (text: string) => ({ authorization: `Bearer ${text}` });
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  const key = ['API key'] as const;
  const opensSockets: readonly Kind[] = [
    ...['relay pair', 'relay credential', 'credential minted for a group session'],
    ...['resume token', 'group token', 'session token', 'credential of a session that is over'],
  ] as readonly Kind[];
  const group = ['/session', '/v1/session'].flatMap((base) =>
    GROUP_CALLS.map(([method, path, body]) => ({
      name: `the bearer of ${method} ${base}${path}`,
      home: ['group token'] as const,
      refusal: 401,
      show: (text: string) => backend.call(method, base + path, body, bearer(text)),
    })),
  );
  return [
    {
      name: 'the token of the relay surface',
      home: key,
      refusal: 401,
      show: (text) => backend.call('GET', '/v1/relays/sessions', undefined, { authorization: `token ${text}` }),
    },
    {
      name: 'the bearer of the native surface',
      home: key,
      refusal: 401,
      show: (text) => backend.call('GET', '/v1/users', undefined, bearer(text)),
    },
    {
      name: 'the cookie of the client surface',
      home: ['client token'],
      refusal: 401,
      show: (text) => backend.call('GET', '/v1/client', undefined, { cookie: `__client=${text}` }),
    },
    {
      name: 'the header of native apps',
      home: ['client token'],
      refusal: 401,
      show: (text) => backend.call('GET', '/v1/client?_is_native=1', undefined, { authorization: text }),
    },
    {
      name: 'a sign-in by ticket',
      home: ['ticket'],
      refusal: 401,
      show: (text) =>
        backend.call('POST', '/v1/client/sign_ins', `strategy=ticket&ticket=${encodeURIComponent(text)}`, form),
    },
    {
      name: 'the key of the login surface',
      home: key,
      refusal: 401,
      show: (text) => backend.call('GET', `/authenticate/block/nobody?apiKey=${encodeURIComponent(text)}`),
    },
    {
      name: 'the lsid of the login surface',
      home: ['LSID'],
      refusal: 401,
      show: (text) => backend.call('GET', `/authenticate/block;lsid=${encodeURIComponent(text)}/nobody`),
    },
    {
      name: 'the path of the login surface',
      home: ['LSID'],
      refusal: 404,
      show: (text) => backend.call('GET', `/session/${encodeURIComponent(text)}`),
    },
    {
      name: 'the key of the group surface',
      home: key,
      refusal: 401,
      show: (text) => player.create({}, { 'x-api-key': text }),
    },
    {
      name: 'the wallet of create',
      home: ['wallet bearer'],
      refusal: 401,
      show: (text) => player.create({}, bearer(text)),
    },
    {
      name: 'the wallet of join',
      home: ['wallet bearer'],
      refusal: 401,
      show: (text) => player.join({ sessionId }, bearer(text)),
    },
    ...group,
    {
      name: 'a handshake',
      home: opensSockets,
      refusal: 401,
      show: (text) => backend.call('GET', '/v1/connect', undefined, bearer(text)),
    },
  ];
}

/** An answer without the parts that name the request. */
function plain({ status, body }: Answer): { readonly status: number; readonly body: unknown } {
  const isObject = typeof body === 'object' && body !== null;
  return { status, body: isObject ? { ...(body as object), clerk_trace_id: undefined } : (body as unknown) };
}
