/** The keys of session tokens as verifiers see them, through a rotation; and who acts for whom; on both stores. */
import { verifyToken } from '@clerk/backend';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { describe, expect, it } from 'vitest';
import { newSigningKey } from '../../../src/adapters/jose/signing-key.js';
import { createSealer } from '../../../src/adapters/system/sealer.js';
import type { Store } from '../../../src/ports/store.js';
import { Backend } from '../../support/backend.js';
import { STORES } from '../../support/both-stores.js';
import { ClientApp, headerOf, PASSWORD, payloadOf } from '../../support/client-app.js';
import { expectStatus, freshName, newUser } from '../../support/directory.js';
import { eventually } from '../../support/eventually.js';
import { SECRET, startGateway } from '../../support/gateway.js';

const ISSUER = 'https://issuer.example';
/** Clerk's library needs a secret key to ask for the keys; the gateway ignores it. */
const ANY_SECRET_KEY = 'sk_test_any';

interface Stage {
  readonly url: string;
  readonly backend: Backend;
  readonly store: Store;
}

describe.each(STORES)('keys of session tokens on $store', ({ redisUrl }) => {
  async function onStage(run: (stage: Stage) => Promise<void>): Promise<void> {
    const stores: Store[] = [];
    const running = await startGateway({
      redisUrl: redisUrl(),
      env: { SALLYPORT_ISSUER: ISSUER },
      wrapStore: (opened) => {
        stores.push(opened);
        return opened;
      },
    });
    try {
      for (const store of stores) await run({ url: running.url, backend: new Backend(running.url), store });
    } finally {
      await running.stop();
    }
  }

  async function signedIn({ url, backend }: Stage) {
    const username = freshName();
    const userId = await newUser(backend, { username, password: PASSWORD });
    const app = new ClientApp(url);
    return { app, userId, sessionId: await app.signIn(username) };
  }

  async function kids({ backend }: Stage, path = '/.well-known/jwks.json'): Promise<readonly unknown[]> {
    const { body } = expectStatus(await backend.call('GET', path), 200);
    return (body as { keys: { kid: string }[] }).keys.map(({ kid }) => kid);
  }

  it('TK5 over HTTP a new key is published before it signs; the old one verifies until its tokens have ended', () =>
    onStage(async (stage) => {
      const sealer = createSealer(SECRET);
      const nowMs = Date.now();
      const life = { createdAtMs: nowMs - 1000, goneAtMs: nowMs + 10_000 };
      const old = await newSigningKey(sealer, { ...life, signsFromMs: nowMs - 1000 });
      const next = await newSigningKey(sealer, {
        createdAtMs: nowMs,
        signsFromMs: nowMs + 5000,
        goneAtMs: nowMs + 86_400_000,
      });
      expect(await stage.store.signingKeys.add(old, null)).toBe(true);
      expect(await stage.store.signingKeys.add(next, old.kid)).toBe(true);
      const remote = createRemoteJWKSet(new URL('/.well-known/jwks.json', stage.url), { cooldownDuration: 0 });
      const accepted = (jwt: string) =>
        jwtVerify(jwt, remote, { algorithms: ['RS256'], issuer: ISSUER }).then(() => true);
      const door = async (jwt: string) =>
        (await stage.backend.call('GET', '/v1/connect', undefined, { authorization: `Bearer ${jwt}` })).status;
      const templateName = freshName();
      expectStatus(await stage.backend.native('POST', '/v1/jwt_templates', { name: templateName, claims: {} }), 201);

      const { app, sessionId } = await signedIn(stage);
      const first = await app.jwt(sessionId);
      expect(headerOf(first)['kid']).toBe(old.kid);
      expect(await kids(stage)).toEqual([old.kid, next.kid]);
      const second = await app.jwt(sessionId);
      await eventually(
        async () => {
          const jwt = await app.jwt(sessionId);
          return headerOf(jwt)['kid'] === next.kid ? null : 'still the old key';
        },
        60_000,
        100,
      );
      const third = await app.jwt(sessionId);
      expect(await kids(stage)).toEqual([old.kid, next.kid]);
      for (const jwt of [first, second, third]) {
        expect([await accepted(jwt), await door(jwt)]).toEqual([true, 426]);
        expect(await verifyToken(jwt, { secretKey: ANY_SECRET_KEY, apiUrl: stage.url, skipJwksCache: true })).toEqual(
          payloadOf(jwt),
        );
      }
      const byTemplate = await app.post(`/v1/client/sessions/${sessionId}/tokens/${templateName}`);
      expect([headerOf(String(byTemplate.body.jwt))['kid'], await accepted(String(byTemplate.body.jwt))]).toEqual([
        next.kid,
        true,
      ]);
      // Its tokens live a minute: the key was kept for longer than it was told at first.
      const kept = (await stage.store.signingKeys.list()).find(({ kid }) => kid === old.kid);
      expect(kept?.goneAtMs).toBeGreaterThan(Number(payloadOf(second)['exp']) * 1000);
    }));

  it('TK18, TK19 the key set is also where Clerk’s library looks for it, which accepts a token by it', () =>
    onStage(async (stage) => {
      const { app, userId, sessionId } = await signedIn(stage);
      const jwt = await app.jwt(sessionId);
      expect(await kids(stage, '/v1/jwks')).toEqual(await kids(stage));
      const options = { secretKey: ANY_SECRET_KEY, apiUrl: stage.url, skipJwksCache: true };
      expect(await verifyToken(jwt, options)).toMatchObject({ sub: userId, sid: sessionId, iss: ISSUER });
      // The control: it does check.
      const [head = '', claims = ''] = jwt.split('.');
      await expect(verifyToken(`${head}.${claims}.${'A'.repeat(342)}`, options)).rejects.toThrow();
    }));

  it('TK15 with an actor the session and its tokens say who acts', () =>
    onStage(async (stage) => {
      const { app, userId, sessionId } = await signedIn(stage);
      const { client } = (await app.get('/v1/client')).body;
      const operator = await newUser(stage.backend);
      const asked = { user_id: userId, client_id: client.id as string, actor_id: operator };
      const opened = expectStatus(await stage.backend.native('POST', '/v1/sessions', asked), 201);
      const { id, actor_id: actorId } = opened.body as { id: string; actor_id: string };
      expect(actorId).toBe(operator);
      const touched = (await app.post(`/v1/client/sessions/${id}/touch`)).body.response;
      expect(touched.actor).toEqual({ sub: operator });
      for (const jwt of [String(touched.last_active_token.jwt), await app.jwt(id)]) {
        expect(payloadOf(jwt)).toMatchObject({ sub: userId, sid: id, act: { sub: operator } });
      }
      expect(payloadOf(await app.jwt(sessionId))).not.toHaveProperty('act');
      expect((await app.get(`/v1/client/sessions/${sessionId}`)).body.response.actor).toBeNull();
    }));
});
