/** Every call of the group surface and of the native calls about keys, the directory and user sessions, ready to be made. */
import type { Backend } from './backend.js';
import { freshName, newOrganization, newUser, newUserSession } from './directory.js';
import { Player } from './groups.js';
import { newWallet, nonceFor } from './wallets.js';

export interface Request {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: object;
}

export interface IdentityCall {
  readonly surface: 'group' | 'native';
  readonly method: string;
  /** Where: calls with one pattern share a path. */
  readonly pattern: string;
  /** The status of a correct call. */
  readonly status: number;
  /** Whether it needs a body. */
  readonly takesBody: boolean;
  /** Makes what the call is about. */
  prepare(backend: Backend): Promise<Request>;
}

type Prepare = (backend: Backend) => Promise<{ readonly path?: string; readonly body?: object }>;

const NO_PARTS = (): Promise<object> => Promise.resolve({});

function native(line: string, status: number, prepare: Prepare = NO_PARTS, takesBody = false): IdentityCall {
  const [method = '', pattern = ''] = line.split(' ');
  return {
    surface: 'native',
    method,
    pattern,
    status,
    takesBody,
    async prepare(backend) {
      const headers = { authorization: `Bearer ${backend.key}` };
      return { path: pattern, headers, ...(await prepare(backend)) };
    },
  };
}

const withBody = (line: string, status: number, prepare: Prepare): IdentityCall => native(line, status, prepare, true);

function groupCalls(base: string): readonly IdentityCall[] {
  const call = (method: string, under: string, takesBody: boolean, prepare: IdentityCall['prepare']): IdentityCall => ({
    surface: 'group',
    method,
    pattern: base + under,
    status: 200,
    takesBody,
    prepare,
  });
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
  const hosted = async (backend: Backend) => (await Player.at(backend)).created();
  const asHost = (under: string) => async (backend: Backend) => {
    const { credentials } = await hosted(backend);
    return { path: base + under, headers: bearer(credentials.token) };
  };
  return [
    call('POST', '', true, async (backend) => {
      const player = await Player.at(backend);
      return { path: base, headers: { 'x-api-key': backend.key, ...bearer(player.bearer) }, body: {} };
    }),
    call('POST', '/join', true, async (backend) => {
      const [{ sessionId }, player] = [await hosted(backend), await Player.at(backend)];
      return { path: `${base}/join`, headers: bearer(player.bearer), body: { sessionId } };
    }),
    call('GET', '/current', false, asHost('/current')),
    call('POST', '/current/kick', true, async (backend) => {
      const { sessionId, credentials } = await hosted(backend);
      const guest = await (await Player.at(backend)).joined(sessionId);
      const body = { userId: guest.credentials.id };
      return { path: `${base}/current/kick`, headers: bearer(credentials.token), body };
    }),
    call('POST', '/disconnect', false, asHost('/disconnect')),
    call('DELETE', '/current', false, asHost('/current')),
  ];
}

const user = (under = ''): Prepare => {
  return async (backend) => ({ path: `/v1/users/${await newUser(backend)}${under}` });
};

const organization: Prepare = async (backend) => ({ path: `/v1/organizations/${await newOrganization(backend)}` });

const memberships: Prepare = async (backend) => ({
  path: `/v1/organizations/${await newOrganization(backend)}/memberships`,
});

const member: Prepare = async (backend) => {
  const { path = '' } = await memberships(backend);
  const user_id = await newUser(backend);
  await backend.native('POST', path, { user_id });
  return { path: `${path}/${user_id}` };
};

const userSession = (under = ''): Prepare => {
  return async (backend) => ({
    path: `/v1/sessions/${await newUserSession(backend, await newUser(backend))}${under}`,
  });
};

const template: Prepare = async (backend) => {
  const name = freshName();
  await backend.native('POST', '/v1/jwt_templates', { name, claims: {} });
  return { path: `/v1/jwt_templates/${name}` };
};

const and = (prepare: Prepare, body: object): Prepare => {
  return async (backend) => ({ ...(await prepare(backend)), body });
};

export const IDENTITY_CALLS: readonly IdentityCall[] = [
  ...groupCalls('/session'),
  ...groupCalls('/v1/session'),
  native('GET /v1/wallet-proof/nonce', 200),
  withBody('POST /v1/wallet-proof/verify', 200, async (backend) => {
    const wallet = newWallet();
    const { message } = await nonceFor(backend, `?address=${wallet.address}`);
    return { body: { walletAddress: wallet.address, message, signature: await wallet.sign(message) } };
  }),
  withBody('POST /v1/keys', 201, () => Promise.resolve({ body: { name: 'k', scopes: ['relays'] } })),
  native('GET /v1/keys', 200),
  native('DELETE /v1/keys/{id}', 204, async (backend) => {
    const { body } = await backend.native('POST', '/v1/keys', { name: 'k', scopes: ['relays'] });
    return { path: `/v1/keys/${(body as { id: string }).id}` };
  }),
  withBody('POST /v1/users', 201, () => Promise.resolve({ body: { username: freshName() } })),
  native('GET /v1/users', 200),
  native('GET /v1/users/{id}', 200, user()),
  withBody('PATCH /v1/users/{id}', 200, and(user(), { first_name: 'A' })),
  native('DELETE /v1/users/{id}', 200, user()),
  native('POST /v1/users/{id}/ban', 200, user('/ban')),
  native('POST /v1/users/{id}/unban', 200, user('/unban')),
  native('POST /v1/users/{id}/sessions/revoke', 200, user('/sessions/revoke')),
  withBody('POST /v1/organizations', 201, () => Promise.resolve({ body: { name: freshName() } })),
  native('GET /v1/organizations', 200),
  native('GET /v1/organizations/{id}', 200, organization),
  withBody('PATCH /v1/organizations/{id}', 200, and(organization, { name: 'B' })),
  native('DELETE /v1/organizations/{id}', 204, organization),
  withBody('POST /v1/organizations/{id}/memberships', 201, async (backend) => ({
    ...(await memberships(backend)),
    body: { user_id: await newUser(backend) },
  })),
  native('GET /v1/organizations/{id}/memberships', 200, memberships),
  withBody('PATCH /v1/organizations/{id}/memberships/{user_id}', 200, and(member, { role: 'org:admin' })),
  native('DELETE /v1/organizations/{id}/memberships/{user_id}', 204, member),
  withBody('POST /v1/sessions', 201, async (backend) => ({ body: { user_id: await newUser(backend) } })),
  native('GET /v1/sessions', 200),
  native('GET /v1/sessions/{id}', 200, userSession()),
  native('POST /v1/sessions/{id}/revoke', 200, userSession('/revoke')),
  withBody('POST /v1/sign_in_tokens', 201, async (backend) => ({ body: { user_id: await newUser(backend) } })),
  withBody('POST /v1/jwt_templates', 201, () => Promise.resolve({ body: { name: freshName(), claims: {} } })),
  native('GET /v1/jwt_templates', 200),
  native('GET /v1/jwt_templates/{name}', 200, template),
  withBody('PATCH /v1/jwt_templates/{name}', 200, and(template, { lifetime: 90 })),
  native('DELETE /v1/jwt_templates/{name}', 204, template),
];
