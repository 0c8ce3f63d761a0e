/** Session tokens over HTTP: what they say, who accepts them, and what no door takes; on both stores. */
import { createPrivateKey, createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { verifyToken } from '@clerk/backend';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSealer } from '../../../src/adapters/system/sealer.js';
import type { Store } from '../../../src/ports/store.js';
import { Backend, type Answer } from '../../support/backend.js';
import { STORES } from '../../support/both-stores.js';
import { ClientApp, codeOf, headerOf, PASSWORD, payloadOf } from '../../support/client-app.js';
import { expectStatus, freshName, newOrganization, newUser } from '../../support/directory.js';
import { SECRET, startGateway, type RunningGateway } from '../../support/gateway.js';
import { fitsHeader, hostileSessionTokens, mangledTokens, type HostileToken } from '../../support/hostile-tokens.js';

const PAGE = 'https://game.example';
const ISSUER = 'https://issuer.example';

describe.each(STORES)('session tokens on $store', ({ redisUrl }) => {
  let running: RunningGateway;
  let backend: Backend;
  let store: Store | null = null;

  beforeAll(async () => {
    running = await startGateway({
      redisUrl: redisUrl(),
      env: {
        SALLYPORT_ALLOWED_ORIGINS: PAGE,
        SALLYPORT_ISSUER: ISSUER,
        SALLYPORT_SIGN_IN_ATTEMPTS_PER_ADDRESS: '0',
      },
      wrapStore: (opened) => {
        store = opened;
        return opened;
      },
    });
    backend = new Backend(running.url);
  });

  afterAll(() => running.stop());

  async function signedIn(more: Readonly<Record<string, unknown>> = {}, carrier: 'cookie' | 'native' = 'cookie') {
    const username = freshName();
    const userId = await newUser(backend, { username, password: PASSWORD, ...more });
    const app = new ClientApp(running.url, carrier);
    const sessionId = await app.signIn(username);
    return { app, username, userId, sessionId, at: `/v1/client/sessions/${sessionId}` };
  }

  async function memberOf(userId: string, slug = freshName()) {
    const organizationId = await newOrganization(backend, { slug });
    const membership = { user_id: userId, role: 'org:member', permissions: ['org:rooms:open'] };
    expectStatus(await backend.native('POST', `/v1/organizations/${organizationId}/memberships`, membership), 201);
    return { organizationId, slug };
  }

  async function jwks(): Promise<readonly JsonWebKey[]> {
    const { body } = await backend.call('GET', '/.well-known/jwks.json');
    return (body as { keys: JsonWebKey[] }).keys;
  }

  async function privateKey(): Promise<KeyObject> {
    const record = (await store?.signingKeys.list())?.at(-1);
    const pem = createSealer(SECRET).open(record?.sealedPrivate ?? '', `signing-key:${record?.kid ?? ''}`);
    return createPrivateKey(pem ?? '');
  }

  it('TK15 a token says who, which session, from which page, and how long ago a factor was verified', async () => {
    const { app, userId, sessionId, at } = await signedIn();
    const answer = await app.post(`${at}/tokens`, {}, { origin: PAGE });
    expect([answer.status, Object.keys(answer.body as object)]).toEqual([200, ['object', 'jwt']]);
    const jwt = String(answer.body.jwt);
    expect(headerOf(jwt)).toEqual({ alg: 'RS256', typ: 'JWT', kid: (await jwks()).at(-1)?.['kid'] });
    const claims = payloadOf(jwt);
    const iat = Number(claims['iat']);
    expect(Math.abs(iat - Date.now() / 1000)).toBeLessThan(30);
    expect(claims).toEqual({
      iss: ISSUER,
      sub: userId,
      sid: sessionId,
      azp: PAGE,
      v: 2,
      sts: 'active',
      fva: [0, -1],
      iat,
      nbf: iat - 10,
      exp: iat + 60,
      jti: claims['jti'],
    });
    expect(payloadOf(await app.jwt(sessionId))).not.toHaveProperty('azp');
  });

  it('TK16 with the active organization, another one, or none; membership counts as it is now', async () => {
    const { app, userId, sessionId, at } = await signedIn();
    const [one, two] = [await memberOf(userId), await memberOf(userId)];
    await app.post(`${at}/touch`, { active_organization_id: one.organizationId });
    const claim = async (form?: Record<string, string>) => payloadOf(await app.jwt(sessionId, form))['o'];
    const said = ({ organizationId: id, slug: slg }: typeof one) => ({ id, slg, rol: 'member', per: 'rooms:open' });
    expect(await claim()).toEqual(said(one));
    expect(await claim({ organization_id: two.organizationId })).toEqual(said(two));
    expect(await claim({ organization_id: two.slug })).toEqual(said(two));
    expect(await claim({ organization_id: '' })).toBeUndefined();
    const foreign = await app.post(`${at}/tokens`, { organization_id: await newOrganization(backend) });
    expect(codeOf(foreign)).toEqual([404, 'organization_not_found_or_unauthorized']);
    const membership = `/v1/organizations/${one.organizationId}/memberships/${userId}`;
    expectStatus(await backend.native('DELETE', membership), 204);
    expect(await claim()).toBeUndefined();
    const left = await app.post(`${at}/tokens`, { organization_id: one.organizationId });
    expect(codeOf(left)).toEqual([404, 'organization_not_found_or_unauthorized']);
  });

  it('TK17 a template’s token has its claims, shortcodes filled in, and its lifetime; never a sid', async () => {
    const { app, userId, at } = await signedIn({ public_metadata: { level: 7, team: { name: 'red' } } });
    const { organizationId, slug } = await memberOf(userId);
    await app.post(`${at}/touch`, { active_organization_id: organizationId });
    const name = freshName();
    const claims = {
      level: '{{user.public_metadata.level}}',
      team: 'team {{user.public_metadata.team.name}}',
      org: '{{org.slug}}',
      nick: "{{user.public_metadata.nick || 'none'}}",
      unknown: '{{user.nope}}',
      fixed: [1, { a: '{{user.id}}' }],
    };
    const template = { name, claims, lifetime: 3600, allowed_clock_skew: 30 };
    expectStatus(await backend.native('POST', '/v1/jwt_templates', template), 201);
    const answer = await app.post(`${at}/tokens/${name}`, undefined, { origin: PAGE });
    expect([answer.status, Object.keys(answer.body as object)]).toEqual([200, ['jwt']]);
    const said = payloadOf(String(answer.body.jwt));
    const iat = Number(said['iat']);
    expect(said).toEqual({
      level: 7,
      team: 'team red',
      org: slug,
      nick: 'none',
      unknown: null,
      fixed: [1, { a: userId }],
      iss: ISSUER,
      sub: userId,
      azp: PAGE,
      iat,
      nbf: iat - 30,
      exp: iat + 3600,
      jti: said['jti'],
    });
    expect(codeOf(await app.post(`${at}/tokens/none`))).toEqual([404, 'template_not_found']);
    const door = await backend.call('GET', '/v1/connect', undefined, {
      authorization: `Bearer ${String(answer.body.jwt)}`,
    });
    expect(door.status).toBe(401);
  });

  it('TK18 the key set has public halves only, and may be kept for a minute', async () => {
    await signedIn().then(({ app, sessionId }) => app.jwt(sessionId));
    const answer = await backend.call('GET', '/.well-known/jwks.json', undefined, { origin: 'https://any.example' });
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'public, max-age=60']);
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    for (const key of await jwks()) {
      expect(Object.keys(key).toSorted()).toEqual(['alg', 'e', 'kid', 'kty', 'n', 'use']);
      expect(key).toMatchObject({ kty: 'RSA', alg: 'RS256', use: 'sig', e: 'AQAB' });
      expect(createPublicKey({ key, format: 'jwk' }).asymmetricKeyDetails?.modulusLength).toBe(2048);
    }
  });

  it('TK19 jose accepts a token by the key set, Clerk’s verifyToken by the PEM', async () => {
    const { app, userId, sessionId, at } = await signedIn();
    const answer = await app.post(`${at}/tokens`, {}, { origin: PAGE });
    const jwt = String(answer.body.jwt);
    const remote = createRemoteJWKSet(new URL('/.well-known/jwks.json', running.url));
    const { payload } = await jwtVerify(jwt, remote, { algorithms: ['RS256'], issuer: ISSUER, typ: 'JWT' });
    expect(payload).toMatchObject({ sub: userId, sid: sessionId });
    const key = (await jwks()).find(({ kid }) => kid === headerOf(jwt)['kid']) ?? {};
    const jwtKey = createPublicKey({ key, format: 'jwk' }).export({ format: 'pem', type: 'spki' }).toString();
    const claims = await verifyToken(jwt, { jwtKey, authorizedParties: [PAGE] });
    expect(claims).toMatchObject({ sub: userId, sid: sessionId, azp: PAGE });
    // The control: the verifier does check.
    await expect(verifyToken(jwt, { jwtKey, authorizedParties: ['https://evil.example'] })).rejects.toThrow();
    await expect(verifyToken(`${jwt.slice(0, -8)}AAAAAAAA`, { jwtKey })).rejects.toThrow();
  });

  it('TK20 hostile tokens are refused at every door, each with one answer; the good ones are not', async () => {
    const { app, userId, sessionId } = await signedIn({}, 'native');
    const good = await app.jwt(sessionId);
    const jwk = (await jwks()).at(-1) ?? {};
    const hostile = hostileSessionTokens({ good, jwk, privateKey: await privateKey(), nowS: Date.now() / 1000 });
    const relaySession = await backend.createSession(1);
    const credential = await backend.mint(relaySession.session_id, userId);
    const client = app.token ?? '';
    const other = (name: string, token: string): HostileToken => ({ name, token });
    const asked = (path: string, authorization?: string): Promise<Answer> =>
      backend.call('GET', path, undefined, authorization === undefined ? {} : { authorization });
    const query = (path: string, token: string): string => `${path}${encodeURIComponent(token)}`;

    const doors: readonly {
      readonly name: string;
      readonly refused: readonly [number, string];
      readonly tokens: readonly HostileToken[];
      readonly knock: (token: string) => Promise<Answer>;
    }[] = [
      {
        name: 'client',
        refused: [401, 'authentication_invalid'],
        tokens: [...hostile, ...mangledTokens(client), other('session', good), other('relay', credential)].filter(
          fitsHeader,
        ),
        knock: (token) => asked('/v1/client?_is_native=1', token),
      },
      {
        name: 'sockets, by header',
        refused: [401, 'credential_invalid'],
        tokens: [...hostile, ...mangledTokens(credential), other('client', client)].filter(fitsHeader),
        knock: (token) => asked('/v1/connect', `Bearer ${token}`),
      },
      {
        name: 'sockets, by query',
        refused: [401, 'credential_invalid'],
        tokens: [...hostile, ...mangledTokens(credential), other('client', client)].filter(
          ({ token }) => token.length < 4000,
        ),
        knock: (token) => asked(query('/v1/connect?access_token=', token)),
      },
      {
        name: 'native',
        refused: [401, 'unauthorized'],
        tokens: [...hostile, other('session', good), other('client', client), other('relay', credential)].filter(
          fitsHeader,
        ),
        knock: (token) => asked('/v1/keys', `Bearer ${token}`),
      },
      {
        name: 'relays',
        refused: [401, ''],
        tokens: [...hostile, other('session', good), other('client', client), other('relay', credential)].filter(
          fitsHeader,
        ),
        knock: (token) => asked('/v1/relays/sessions', `token ${token}`),
      },
    ];
    for (const { name, refused, tokens, knock } of doors) {
      expect(tokens.length, name).toBeGreaterThanOrEqual(40);
      const bodies = new Set<string>();
      for (const { name: how, token } of tokens) {
        const answer = await knock(token);
        expect([name, how, answer.status]).toEqual([name, how, refused[0]]);
        bodies.add(JSON.stringify({ ...(answer.body as object), clerk_trace_id: undefined }));
      }
      expect([name, bodies.size]).toEqual([name, 1]);
      expect([...bodies][0]).toContain(refused[1]);
    }
    // The control: the good ones pass where they belong.
    expect((await asked('/v1/client?_is_native=1', client)).status).toBe(200);
    for (const token of [good, credential]) expect((await asked('/v1/connect', `Bearer ${token}`)).status).toBe(426);
    expect((await asked(query('/v1/connect?access_token=', good))).status).toBe(426);
  });

  it('TK21 a token of a session that is over is dead at our own doors, within its minute', async () => {
    const { app, sessionId, at } = await signedIn();
    const jwt = await app.jwt(sessionId);
    const knock = async () =>
      (await backend.call('GET', '/v1/connect', undefined, { authorization: `Bearer ${jwt}` })).status;
    expect(await knock()).toBe(426);
    await app.post(`${at}/end`);
    expect([401, 403]).toContain(await knock());
  });
});
