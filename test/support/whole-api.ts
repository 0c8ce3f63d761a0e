/**
 * Every call of every surface, right as it is, and the things it is made on: so that one table can put all of them to a
 * test. `{name}` in a path or a body stands for something of the `Things`.
 */
import { Backend, type Answer } from './backend.js';
import { expectStatus, freshName, newOrganization } from './directory.js';
import { eventually } from './eventually.js';
import { Player, type EnteredAnswer } from './groups.js';
import { LoginApi, type TestUser } from './login.js';
import { newWallet, nonceFor } from './wallets.js';
import { startTarget, status } from './webhook-target.js';

export type Surface = 'relays' | 'native' | 'client' | 'login' | 'group';

export interface ApiCall {
  readonly surface: Surface;
  /** Method and path. */
  readonly line: string;
  /** The status when all is well. */
  readonly ok: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export type Things = ReadonlyMap<string, string>;

export const RESET_PAGE = 'https://app.example/reset';
/** Nothing listens there. */
const NOBODY = 'http://127.0.0.1:59999/hook';
const NATIVE = { authorization: 'Bearer {rootKey}' };
const CLIENT = { authorization: '{clientToken}' };

/** In an order in which one does not spoil another: each can be made once. */
export const EVERY_CALL: readonly ApiCall[] = [
  ...relayCalls(),
  ...directoryCalls(),
  ...webhookCalls(),
  ...clientCalls(),
  ...loginCalls(),
  ...groupCalls('/session', 'A'),
  ...groupCalls('/v1/session', 'B'),
  native('GET /v1/wallet-proof/nonce', 200, undefined, {}),
  native(
    'POST /v1/wallet-proof/verify?chain=Ethereum',
    200,
    { walletAddress: '{wallet}', message: '{message}', signature: '{signature}' },
    {},
  ),
];

/** One call, as it would be made. */
export function callWith(backend: Backend, things: Things, { line, body, headers = {} }: ApiCall): Promise<Answer> {
  const [method = '', path = ''] = line.split(' ');
  const sent = body === undefined ? undefined : (JSON.parse(fill(things, JSON.stringify(body))) as unknown);
  const filled = Object.entries(headers).map(([name, value]) => [name, fill(things, value)] as const);
  const type = body === undefined ? {} : { 'content-type': 'application/json' };
  return backend.call(method, fill(things, path), sent === undefined ? undefined : JSON.stringify(sent), {
    ...type,
    ...Object.fromEntries(filled),
  });
}

/** The call's name in the document: without query and matrix, whatever the names of its parameters. */
export function patternOf(line: string): string {
  return line
    .replace(/\?.*$/, '')
    .replaceAll(/;[^/]*/g, '')
    .replaceAll(/\{\w+\}/g, '{}');
}

function fill(things: Things, text: string): string {
  return text.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const thing = things.get(name);
    if (thing === undefined) throw new Error(`there is no ${name}`);
    return JSON.stringify(thing).slice(1, -1);
  });
}

function relayCalls(): readonly ApiCall[] {
  const relays = (line: string, ok: number, body?: unknown): ApiCall => ({
    surface: 'relays',
    line,
    ok,
    body,
    headers: { authorization: 'token {rootKey}' },
  });
  return [
    relays('POST /v1/relays/sessions', 200, { users: [{ ip: '127.0.0.1' }] }),
    relays('GET /v1/relays/sessions', 200),
    relays('GET /v1/relays/sessions/{relay}', 200),
    relays('POST /v1/relays/sessions:authorize-user', 200, { session_id: '{relay}', user_ip: '10.0.0.1' }),
    relays('POST /v1/relays/sessions:revoke-user', 200, { session_id: '{relay}', authorization_token: '{relayUser}' }),
    relays('DELETE /v1/relays/sessions/{relayToEnd}', 204),
    native('PATCH /v1/relays/sessions/{relay}', 200, { max_users: 9 }),
    native('GET /v1/relays/sessions/{relay}/members', 200),
    native('GET /v1/relays/sessions/{relay}/events', 200),
    native('GET /v1/events', 200),
    native('POST /v1/relays/sessions/{relay}/kick', 200, { user_id: 'nobody' }),
    native('POST /v1/relays/sessions/{relay}/messages', 200, { class: 'volatile', payload_base64: 'AA==' }),
    native('POST /v1/relays/sessions/{relay}/tokens', 200, { user_id: 'somebody' }),
  ];
}

function directoryCalls(): readonly ApiCall[] {
  const name = freshName();
  return [
    native('POST /v1/keys', 201, { name: 'k', scopes: ['relays'] }),
    native('GET /v1/keys', 200),
    native('DELETE /v1/keys/{key}', 204),
    native('POST /v1/users', 201, { username: name, password: 'a password for it' }),
    native('GET /v1/users', 200),
    native('GET /v1/users/{user}', 200),
    native('PATCH /v1/users/{user}', 200, { first_name: 'Ada' }),
    native('POST /v1/users/{other}/sessions/revoke', 200),
    native('POST /v1/users/{other}/ban', 200),
    native('POST /v1/users/{other}/unban', 200),
    native('DELETE /v1/users/{userToRemove}', 200),
    native('POST /v1/organizations', 201, { name }),
    native('GET /v1/organizations', 200),
    native('GET /v1/organizations/{organization}', 200),
    native('PATCH /v1/organizations/{organization}', 200, { name: 'Acme' }),
    native('DELETE /v1/organizations/{organizationToRemove}', 204),
    native('POST /v1/organizations/{organization}/memberships', 201, { user_id: '{other}' }),
    native('GET /v1/organizations/{organization}/memberships', 200),
    native('PATCH /v1/organizations/{organization}/memberships/{user}', 200, { role: 'org:admin' }),
    native('DELETE /v1/organizations/{organization}/memberships/{other}', 204),
    native('POST /v1/sessions', 201, { user_id: '{user}' }),
    native('GET /v1/sessions', 200),
    native('GET /v1/sessions/{session}', 200),
    native('POST /v1/sessions/{sessionToRevoke}/revoke', 200),
    native('POST /v1/sign_in_tokens', 201, { user_id: '{user}', actor: { sub: '{other}' } }),
    native('POST /v1/jwt_templates', 201, { name, claims: {} }),
    native('GET /v1/jwt_templates', 200),
    native('GET /v1/jwt_templates/{template}', 200),
    native('PATCH /v1/jwt_templates/{template}', 200, { lifetime: 90 }),
    native('DELETE /v1/jwt_templates/{templateToRemove}', 204),
  ];
}

function webhookCalls(): readonly ApiCall[] {
  return [
    native('POST /v1/webhooks', 201, { url: NOBODY, types: ['member.*'] }),
    native('GET /v1/webhooks', 200),
    native('GET /v1/webhooks/{webhook}', 200),
    native('PATCH /v1/webhooks/{webhook}', 200, { types: ['session.*'] }),
    native('POST /v1/webhooks/{webhook}/rotate', 200),
    native('POST /v1/webhooks/{webhook}/test', 200),
    native('GET /v1/webhooks/dead_letters', 200),
    native('GET /v1/webhooks/{webhook}/dead_letters', 200),
    native('POST /v1/webhooks/dead_letters/{letterA}/resend', 202),
    native('POST /v1/webhooks/{goneB}/dead_letters/{letterB}/resend', 202),
    native('DELETE /v1/webhooks/{webhookToRemove}', 204),
  ];
}

function clientCalls(): readonly ApiCall[] {
  const client = (line: string, ok: number, body?: unknown): ApiCall => ({
    surface: 'client',
    line: `${line}?_is_native=1`,
    ok,
    body,
    headers: CLIENT,
  });
  return [
    client('GET /v1/client', 200),
    client('GET /v1/client/sessions/{session}', 200),
    client('POST /v1/client/sessions/{session}/touch', 200, { active_organization_id: '{organization}' }),
    client('POST /v1/client/sessions/{session}/tokens', 200, {}),
    client('POST /v1/client/sessions/{session}/tokens/{template}', 200),
    client('POST /v1/client/sessions/{session}/end', 200),
    client('POST /v1/client/sessions/{session}/remove', 200),
    { ...client('POST /v1/client/sign_ins', 200, { strategy: 'ticket', ticket: '{ticket}' }), headers: {} },
    {
      ...client('POST /v1/client/sign_ins', 200, {
        strategy: 'password',
        identifier: '{name}',
        password: '{password}',
      }),
      headers: {},
    },
    client('DELETE /v1/client/sessions', 200),
  ];
}

function loginCalls(): readonly ApiCall[] {
  const login = (line: string, ok: number, body?: unknown): ApiCall => ({ surface: 'login', line, ok, body });
  return [
    login('POST /authenticate/{name}', 200, { password: '{password}' }),
    login('GET /authenticate/block;lsid={adminLsid}/{otherName}', 200),
    login('POST /authenticate/block;lsid={adminLsid}/{otherName}', 200, {}),
    login('DELETE /authenticate/block;lsid={adminLsid}/{otherName}', 200),
    login('GET /session/{lsid}', 200),
    login('POST /session/{lsid}/token', 200),
    login('POST /session/{lsid}/clone', 201),
    login('POST /session/{adminLsid}/setEffectiveOrg', 200, { orgId: '{organization}' }),
    login('POST /session/{adminLsid}/setEffectiveUser', 200, { userId: '{other}' }),
    login('DELETE /session/{adminLsid}/assumedIdentity', 200),
    login('DELETE /session/{lsidToEnd}', 200),
    login('PUT /password;lsid={lsid}/{user}', 200, {
      oldPasswordHash: '{password}',
      newPasswordHash: 'another password',
    }),
    login('POST /password/reset', 200, { userId: '{user}', resetUrl: RESET_PAGE }),
    login('POST /password/reset/confirm', 200, {
      token: '{resetToken}',
      username: '{resettingName}',
      newPasswordHash: 'one more password',
    }),
    login('DELETE /session/user;lsid={adminLsid}/{user}', 200),
  ];
}

function groupCalls(base: string, which: 'A' | 'B'): readonly ApiCall[] {
  const group = (line: string, bearer: string, body?: unknown): ApiCall => ({
    surface: 'group',
    line: line.replace(' ', ` ${base}`),
    ok: 200,
    body,
    headers: { authorization: `Bearer {${bearer}${which}}` },
  });
  const create = group('POST ', 'joiner', {});
  return [
    { ...create, headers: { ...create.headers, 'x-api-key': '{rootKey}' } },
    group('POST /join', 'joiner', { sessionId: `{group${which}}` }),
    group('GET /current', 'host'),
    group('POST /current/kick', 'host', { userId: `{guestId${which}}` }),
    group('POST /disconnect', 'leaver'),
    group('DELETE /current', 'host'),
  ];
}

function native(line: string, ok: number, body?: unknown, headers: ApiCall['headers'] = NATIVE): ApiCall {
  return { surface: 'native', line, ok, body, headers };
}

/** Makes them, at a gateway of the development environment with `RESET_PAGE` on its list. */
export async function makeThings(url: string): Promise<Things> {
  const root = new Backend(url);
  const api = new LoginApi(url);
  const things = new Map([['rootKey', root.key]]);
  await makeDirectory(root, api, things);
  await makeClient(root, things);
  await makeRelays(root, things);
  await makeWebhooks(root, things);
  for (const which of ['A', 'B']) await makeGroup(root, which, things);
  const wallet = newWallet();
  const { message } = await nonceFor(root, `?address=${wallet.address}`);
  things
    .set('wallet', wallet.address)
    .set('message', message)
    .set('signature', await wallet.sign(message));
  return things;
}

async function makeDirectory(root: Backend, api: LoginApi, things: Map<string, string>): Promise<void> {
  const [user, other, removed] = [await api.newUser(), await api.newUser(), await api.newUser()];
  const [admin, resetting] = [await api.newUser({ admin: true }), await api.newUser()];
  things.set('user', user.id).set('name', user.username).set('password', user.password);
  things.set('other', other.id).set('otherName', other.username).set('userToRemove', removed.id);
  things.set('adminLsid', await api.logIn(admin));
  things.set('lsid', await api.logIn(user)).set('lsidToEnd', await api.logIn(user));
  things.set('resettingName', resetting.username).set('resetToken', await resetTokenFor(root, api, resetting));
  things.set('organization', await api.newOrganization(user)).set('organizationToRemove', await newOrganization(root));
  for (const name of ['template', 'templateToRemove']) {
    things.set(name, freshName());
    expectStatus(await root.native('POST', '/v1/jwt_templates', { name: things.get(name), claims: {} }), 201);
  }
  const key = expectStatus(await root.native('POST', '/v1/keys', { name: 'k', scopes: ['relays'] }), 201);
  const session = expectStatus(await root.native('POST', '/v1/sessions', { user_id: user.id }), 201);
  things.set('key', String(key.body.id)).set('sessionToRevoke', String(session.body.id));
}

/** A target that wants no more makes a dead letter at once. */
async function makeWebhooks(root: Backend, things: Map<string, string>): Promise<void> {
  const register = async (url: string): Promise<string> => {
    const types = ['session.ready'];
    return String(expectStatus(await root.native('POST', '/v1/webhooks', { url, types }), 201).body.id);
  };
  const target = await startTarget(() => performance.now(), status(410));
  try {
    for (const which of ['A', 'B']) things.set(`gone${which}`, await register(target.url));
    await root.createSession();
    for (const which of ['A', 'B']) {
      await eventually(async () => {
        const path = `/v1/webhooks/${things.get(`gone${which}`) ?? ''}/dead_letters`;
        const { body } = await root.native('GET', path);
        const [letter] = (body as { dead_letters: readonly { id: string }[] }).dead_letters;
        things.set(`letter${which}`, letter?.id ?? '');
        return letter === undefined ? 'no dead letter' : null;
      });
    }
  } finally {
    await target.stop();
  }
  for (const name of ['webhook', 'webhookToRemove']) things.set(name, await register(NOBODY));
}

async function resetTokenFor(root: Backend, api: LoginApi, user: TestUser): Promise<string> {
  await api.call('POST', '/password/reset', { json: { userId: user.id, resetUrl: RESET_PAGE } });
  let token = '';
  await eventually(async () => {
    const { body } = await root.native('GET', '/v1/outbox');
    const [mail] = (body as { mails: readonly { text: string }[] }).mails;
    token = /token=([0-9A-Za-z]{43})/.exec(mail?.text ?? '')?.[1] ?? '';
    return token === '' ? 'no mail' : null;
  });
  return token;
}

async function makeClient(root: Backend, things: Map<string, string>): Promise<void> {
  const ticket = async (): Promise<string> => {
    const made = await root.native('POST', '/v1/sign_in_tokens', { user_id: things.get('user') });
    return String(expectStatus(made, 201).body.token);
  };
  const body = { strategy: 'ticket', ticket: await ticket() };
  const type = { 'content-type': 'application/json' };
  const answer = expectStatus(await root.call('POST', '/v1/client/sign_ins?_is_native=1', body, type), 200);
  things.set('clientToken', answer.headers.get('authorization') ?? '').set('ticket', await ticket());
  things.set('session', String(answer.body.response.created_session_id));
}

async function makeRelays(root: Backend, things: Map<string, string>): Promise<void> {
  const relay = await root.createSession(2);
  things.set('relay', relay.session_id).set('relayToEnd', (await root.createSession(1)).session_id);
  things.set('relayUser', String(relay.session_users[0]?.authorization_token));
}

async function makeGroup(root: Backend, which: string, things: Map<string, string>): Promise<void> {
  const [host, guest, leaver] = [await Player.at(root), await Player.at(root), await Player.at(root)];
  const entered: EnteredAnswer = await host.created();
  things.set(`group${which}`, entered.sessionId).set(`host${which}`, entered.credentials.token);
  things.set(`guestId${which}`, (await guest.joined(entered.sessionId)).credentials.id);
  things.set(`leaver${which}`, (await leaver.joined(entered.sessionId)).credentials.token);
  things.set(`joiner${which}`, (await Player.at(root)).bearer);
}
