import { EVENT_TYPES } from '../../../src/events/event-types.js';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { startRest, type Harness } from './harness.js';

interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, Schema>>;
    readonly securitySchemes: Readonly<Record<string, unknown>>;
  };
}

type Schema = z.core.JSONSchema.JSONSchema;

interface Operation {
  readonly operationId: string;
  readonly security: readonly Readonly<Record<string, unknown>>[];
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly schema: Schema }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: Schema }>> }>
  >;
}

async function read(rest: Harness): Promise<Document> {
  const answer = await rest.send('GET /openapi.json');
  expect(answer.body).toBe(rest.rest.openapi);
  return JSON.parse(rest.rest.openapi) as Document;
}

const operations = ({ paths }: Document) =>
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      line: `${method.toUpperCase()} ${path}`,
      path,
      operation,
    })),
  );

it('HT18 the document lists every call, once, with its carrier', async () => {
  const rest = startRest();
  const document = await read(rest);
  expect(document.openapi).toBe('3.1.0');
  const found = operations(document);
  expect(found.map(({ line }) => line).toSorted()).toEqual(
    [
      ...['POST /v1/relays/sessions', 'GET /v1/relays/sessions', 'GET /v1/relays/sessions/{session_id}'],
      ...['DELETE /v1/relays/sessions/{session_id}', 'PATCH /v1/relays/sessions/{session_id}'],
      ...['POST /v1/relays/sessions:authorize-user', 'POST /v1/relays/sessions:revoke-user'],
      ...['GET /v1/relays/sessions/{session_id}/members', 'POST /v1/relays/sessions/{session_id}/kick'],
      ...['POST /v1/relays/sessions/{session_id}/messages', 'POST /v1/relays/sessions/{session_id}/tokens'],
      ...['POST /v1/keys', 'GET /v1/keys', 'DELETE /v1/keys/{id}', 'GET /v1/nodes', 'GET /v1/connect'],
      'POST /v1/nodes/{id}/drain',
      ...['GET /v1/client', 'DELETE /v1/client/sessions', 'POST /v1/client/sign_ins', 'GET /.well-known/jwks.json'],
      'GET /v1/jwks',
      ...['GET /v1/client/sessions/{id}', 'POST /v1/client/sessions/{id}/touch', 'POST /v1/client/sessions/{id}/end'],
      ...['POST /v1/client/sessions/{id}/remove', 'POST /v1/client/sessions/{id}/tokens'],
      ...['POST /v1/client/sessions/{id}/tokens/{template}'],
      ...['POST /authenticate/{username}', 'GET /authenticate/block/{username}', 'POST /authenticate/block/{username}'],
      ...['DELETE /authenticate/block/{username}', 'GET /session/{sessionId}', 'DELETE /session/{sessionId}'],
      ...[
        'POST /session/{sessionId}/clone',
        'POST /session/{sessionId}/token',
        'POST /session/{sessionId}/setEffectiveUser',
      ],
      ...['POST /session/{sessionId}/setEffectiveOrg', 'DELETE /session/{sessionId}/assumedIdentity'],
      ...[
        'DELETE /session/user/{userId}',
        'POST /password/reset',
        'POST /password/reset/confirm',
        'PUT /password/{userId}',
      ],
      ...['GET /', 'GET /healthz', 'GET /readyz', 'GET /metrics', 'GET /openapi.json'],
      ...['POST /v1/users', 'GET /v1/users', 'GET /v1/users/{id}', 'PATCH /v1/users/{id}', 'DELETE /v1/users/{id}'],
      ...['POST /v1/users/{id}/ban', 'POST /v1/users/{id}/unban', 'POST /v1/users/{id}/sessions/revoke'],
      ...['POST /v1/organizations', 'GET /v1/organizations', 'GET /v1/organizations/{id}'],
      ...['PATCH /v1/organizations/{id}', 'DELETE /v1/organizations/{id}'],
      ...['POST /v1/organizations/{id}/memberships', 'GET /v1/organizations/{id}/memberships'],
      'PATCH /v1/organizations/{id}/memberships/{user_id}',
      'DELETE /v1/organizations/{id}/memberships/{user_id}',
      ...['POST /v1/sessions', 'GET /v1/sessions', 'GET /v1/sessions/{id}', 'POST /v1/sessions/{id}/revoke'],
      ...['POST /v1/webhooks', 'GET /v1/webhooks', 'GET /v1/webhooks/signing_secret'],
      ...['GET /v1/webhooks/{id}', 'PATCH /v1/webhooks/{id}', 'DELETE /v1/webhooks/{id}'],
      ...['POST /v1/webhooks/{id}/rotate', 'POST /v1/webhooks/{id}/test', 'GET /v1/webhooks/dead_letters'],
      ...['GET /v1/webhooks/{id}/dead_letters', 'POST /v1/webhooks/dead_letters/{letter_id}/resend'],
      'POST /v1/webhooks/{id}/dead_letters/{letter_id}/resend',
      ...['POST /v1/sign_in_tokens', 'POST /v1/jwt_templates', 'GET /v1/jwt_templates'],
      ...['/session', '/v1/session'].flatMap((path) => [
        ...[`POST ${path}`, `POST ${path}/join`, `POST ${path}/disconnect`],
        ...[`GET ${path}/current`, `DELETE ${path}/current`, `POST ${path}/current/kick`],
      ]),
      ...['GET /v1/presence/users/{id}', 'POST /v1/presence/users:batch-get'],
      ...['GET /v1/events', 'GET /v1/relays/sessions/{session_id}/events'],
      ...['GET /v1/wallet-proof/nonce', 'POST /v1/wallet-proof/verify'],
      ...['GET /v1/jwt_templates/{name}', 'PATCH /v1/jwt_templates/{name}', 'DELETE /v1/jwt_templates/{name}'],
    ].toSorted(),
  );
  expect(new Set(found.map(({ operation }) => operation.operationId)).size).toBe(found.length);
  expect(Object.keys(document.components.securitySchemes)).toEqual([
    ...['relays', 'native', 'group', 'wallet', 'group_member', 'login', 'client'],
  ]);
  for (const { line, operation } of found) {
    const answer = await rest.send(line.replaceAll(/\{\w+\}/g, 'x'));
    // An LSID in the path is the proof itself: what is none is a session that is not there.
    const refused = line.includes('{sessionId}') ? 404 : 401;
    expect([line, answer.status === refused]).toEqual([line, operation.security.length > 0]);
    expect([line, String(answer.status) in operation.responses]).toEqual([line, true]);
  }
});

it('HT18 every reference leads somewhere, every path parameter is described, every schema is one', async () => {
  const document = await read(startRest());
  const text = JSON.stringify(document);
  expect(text).not.toContain('$defs');
  for (const [, name = ''] of text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)) {
    expect(document.components.schemas).toHaveProperty([name]);
  }
  for (const { path, operation } of operations(document)) {
    const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    const described = operation.parameters.filter((each) => each.in === 'path').map((each) => each.name);
    expect(described).toEqual(named);
  }
});

it('HT18 answers are what the document says they are', async () => {
  const rest = startRest();
  const document = await read(rest);
  const { session_id } = (await rest.newSession()).json;
  const at = `/v1/relays/sessions/${session_id}`;
  const { id } = (await rest.native('POST /v1/keys', { name: 'k', scopes: ['auth'] })).json;
  const { id: userId } = (await rest.native('POST /v1/users', { username: 'someone' })).json;
  const organization = `/v1/organizations/${(await rest.native('POST /v1/organizations', { name: 'Acme' })).json.id}`;
  const session = `/v1/sessions/${(await rest.native('POST /v1/sessions', { user_id: userId })).json.id}`;
  const [user, member] = [`/v1/users/${userId}`, `${organization}/memberships/${userId}`];
  for (const [line, pattern, body] of [
    ['POST /v1/relays/sessions', '/v1/relays/sessions', { users: [{ ip: '::1' }] }],
    ['POST /v1/relays/sessions', '/v1/relays/sessions', {}],
    ['GET /v1/relays/sessions', '/v1/relays/sessions'],
    [`GET ${at}`, '/v1/relays/sessions/{session_id}'],
    ['POST /v1/relays/sessions:authorize-user', undefined, { session_id, user_ip: '3.3.3.3' }],
    ['POST /v1/relays/sessions:revoke-user', undefined, { session_id, authorization_token: 1 }],
    [`PATCH ${at}`, '/v1/relays/sessions/{session_id}', { locked: true }],
    [`PATCH ${at}`, '/v1/relays/sessions/{session_id}', {}],
    [`GET ${at}/members`, '/v1/relays/sessions/{session_id}/members'],
    [`GET ${at}/events`, '/v1/relays/sessions/{session_id}/events'],
    ['GET /v1/events', '/v1/events'],
    [`POST ${at}/kick`, '/v1/relays/sessions/{session_id}/kick', { index: 0 }],
    [`POST ${at}/messages`, '/v1/relays/sessions/{session_id}/messages', { class: 'volatile', payload_base64: '' }],
    [`POST ${at}/tokens`, '/v1/relays/sessions/{session_id}/tokens', { user_id: 'a' }],
    ['POST /v1/keys', undefined, { name: 'k', scopes: ['auth'] }],
    ['GET /v1/keys', undefined],
    [`DELETE /v1/keys/${id}`, '/v1/keys/{id}'],
    ['POST /v1/users', undefined, { username: 'bob', password: 'a long password' }],
    ['POST /v1/users', undefined, { username: 'alice' }],
    ['POST /v1/users', undefined, {}],
    ['GET /v1/users', undefined],
    [`GET ${user}`, '/v1/users/{id}'],
    [`PATCH ${user}`, '/v1/users/{id}', { first_name: 'A' }],
    [`PATCH ${user}`, '/v1/users/{id}', { password: 'another password' }],
    ['POST /v1/organizations', undefined, { name: 'Other' }],
    ['GET /v1/organizations', undefined],
    [`GET ${organization}`, '/v1/organizations/{id}'],
    [`PATCH ${organization}`, '/v1/organizations/{id}', { name: 'Acme' }],
    [`POST ${organization}/memberships`, '/v1/organizations/{id}/memberships', { user_id: userId }],
    [`GET ${organization}/memberships`, '/v1/organizations/{id}/memberships'],
    [`PATCH ${member}`, '/v1/organizations/{id}/memberships/{user_id}', { role: 'org:admin' }],
    [`DELETE ${member}`, '/v1/organizations/{id}/memberships/{user_id}'],
    [`DELETE ${organization}`, '/v1/organizations/{id}'],
    [`GET ${organization}`, '/v1/organizations/{id}'],
    ['POST /v1/sessions', undefined, { user_id: userId }],
    ['GET /v1/sessions', undefined],
    [`GET ${session}`, '/v1/sessions/{id}'],
    [`POST ${session}/revoke`, '/v1/sessions/{id}/revoke'],
    ['POST /v1/sign_in_tokens', undefined, { user_id: userId }],
    [`POST ${user}/sessions/revoke`, '/v1/users/{id}/sessions/revoke'],
    [`POST ${user}/ban`, '/v1/users/{id}/ban'],
    ['POST /v1/sessions', undefined, { user_id: userId }],
    [`POST ${user}/unban`, '/v1/users/{id}/unban'],
    [`DELETE ${user}`, '/v1/users/{id}'],
    ['POST /v1/jwt_templates', undefined, { name: 't', claims: {} }],
    ['POST /v1/jwt_templates', undefined, { name: 't', claims: {} }],
    ['GET /v1/jwt_templates', undefined],
    ['GET /v1/jwt_templates/t', '/v1/jwt_templates/{name}'],
    ['PATCH /v1/jwt_templates/t', '/v1/jwt_templates/{name}', { lifetime: 30 }],
    ['DELETE /v1/jwt_templates/t', '/v1/jwt_templates/{name}'],
    ['GET /v1/nodes', undefined],
    ['GET /', undefined],
    ['GET /healthz', undefined],
    ['GET /readyz', undefined],
    ['GET /v1/connect', undefined],
  ] as const) {
    const [method = '', path = ''] = line.split(' ');
    const operation = document.paths[pattern ?? path]?.[method.toLowerCase()];
    const isRelays = operation?.security[0]?.['relays'] !== undefined;
    const answer = await (isRelays ? rest.relay(line, body) : rest.native(line, body));
    const described = operation?.responses[String(answer.status)];
    expect([line, answer.status, described === undefined]).toEqual([line, answer.status, false]);
    const schema = described?.content?.['application/json']?.schema;
    if (schema === undefined) expect(answer.body).toBeUndefined();
    else expect(schemaIn(document, schema).parse(answer.json)).toEqual(answer.json);
  }
});

/** Reads the document's own schema back, so that the answer is held against what is published. */
function schemaIn(document: Document, schema: Schema): z.ZodType {
  const text = JSON.stringify({ ...schema, $defs: document.components.schemas });
  return z.fromJSONSchema(JSON.parse(text.replaceAll('#/components/schemas/', '#/$defs/')) as Schema);
}

it('NT6 every integer of the document has real bounds, and a format that holds them', async () => {
  const document = await read(startRest());
  const formats: Record<string, string> = {};
  walk(document, [], (node, path) => {
    const types = [node['type']].flat();
    if (!types.includes('integer')) return;
    const { minimum, maximum, format } = node as { minimum: unknown; maximum: unknown; format: unknown };
    const where = path.join('.');
    if (typeof minimum !== 'number' || typeof maximum !== 'number') throw new Error(`${where} has no bounds`);
    const fits = minimum >= -(2 ** 31) && maximum <= 2 ** 31 - 1;
    expect([where, format, minimum >= -1]).toEqual([where, fits ? 'int32' : 'int64', true]);
    formats[path.slice(-2).join('.')] = String(format);
  });
  expect(Object.keys(formats).length).toBeGreaterThan(40);
  // Integers that we send can be larger than 32 bits.
  for (const name of ['authorization_token', 'created_at', 'expires_at', 'maxTotalMegaBytes', 'seq', 'term']) {
    const found = JSON.stringify(document).matchAll(new RegExp(`"${name}":(\\{[^}]*"(?:integer)"[^}]*\\})`, 'g'));
    expect([name, [...found].every(([text]) => text.includes('int64'))]).toEqual([name, true]);
  }
  // As in Quick Sync's document.
  for (const name of ['properties.expiry', 'properties.expiresIn', 'properties.maxFiles', 'properties.maxUsers']) {
    expect([name, formats[name]]).toEqual([name, 'int32']);
  }
});

function walk(node: unknown, path: string[], visit: (node: Record<string, unknown>, path: string[]) => void): void {
  if (typeof node !== 'object' || node === null) return;
  if (!Array.isArray(node)) visit(node as Record<string, unknown>, path);
  for (const [name, member] of Object.entries(node)) walk(member, [...path, name], visit);
}

it('EL15 the document describes every type of event as a webhook, with its own schema and an example', async () => {
  const document = (await read(startRest())) as unknown as {
    readonly webhooks: Readonly<Record<string, { post: { requestBody: { content: object }; summary: string } }>>;
  };
  expect(Object.keys(document.webhooks).toSorted()).toEqual([...EVENT_TYPES].toSorted());
  for (const [type, { post }] of Object.entries(document.webhooks)) {
    expect(post.requestBody.content).toHaveProperty(['application/json', 'example', 'type'], type);
    expect(post.summary).toMatch(/\.$/);
  }
});
