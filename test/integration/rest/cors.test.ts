/** Pages of other origins at a real gateway: the answers that they may read, and the calls that they may make. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Backend } from '../../support/backend.js';
import { startGateway, type RunningGateway } from '../../support/gateway.js';
import { Player } from '../../support/groups.js';

const PAGE = 'https://play.game.example';
const STRANGER = 'https://game.example.evil.example';

async function ask(
  running: RunningGateway,
  method: string,
  path: string,
  origin: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return fetch(running.url + path, { method, headers: { origin, ...headers } });
}

function allowedOrigin({ headers }: Response): string | null {
  return headers.get('access-control-allow-origin');
}

describe('pages of other origins', () => {
  let running: RunningGateway;
  let backend: Backend;

  beforeAll(async () => {
    running = await startGateway({ env: { SALLYPORT_ALLOWED_ORIGINS: 'https://*.game.example' } });
    backend = new Backend(running.url);
  });

  afterAll(() => running.stop());

  it('OR1 a wildcard lets the pages below a domain connect, and nobody else', async () => {
    const statusOf = async (origin: string): Promise<number> =>
      (await ask(running, 'GET', '/v1/connect', origin, { authorization: 'Bearer nonsense' })).status;
    expect(await statusOf(PAGE)).toBe(401);
    for (const origin of [STRANGER, 'https://game.example', 'http://play.game.example', 'http://localhost:5173']) {
      expect(await statusOf(origin), origin).toBe(403);
    }
  });

  it('OR3 a refusal before the credential is checked tells a stranger nothing about the credential', async () => {
    const seat = await backend.createSession(1);
    for (const credential of ['nonsense', String(seat.authorization_token)]) {
      const answer = await ask(running, 'GET', '/v1/connect', STRANGER, { authorization: `Bearer ${credential}` });
      expect([answer.status, allowedOrigin(answer), await answer.json()]).toEqual([
        403,
        '*',
        expect.objectContaining({ code: 'origin_not_allowed' }),
      ]);
      expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
    }
  });

  it('OR3 also where the request never gets to the check', async () => {
    const tooLarge = await ask(running, 'GET', '/v1/connect', STRANGER, { 'x-filler': 'x'.repeat(9_000) });
    expect([tooLarge.status, allowedOrigin(tooLarge)]).toEqual([431, '*']);
  });

  it.each([
    ['/v1/wallet-proof/nonce', 'GET', 'content-type'],
    ['/v1/wallet-proof/verify', 'POST', 'content-type'],
    ['/v1/session', 'POST', 'authorization,content-type,x-api-key'],
    ['/session/join', 'POST', 'authorization,content-type'],
    ['/v1/session/join', 'POST', 'authorization,content-type,idempotency-key'],
    ['/v1/session/current', 'GET', 'authorization'],
    ['/v1/session/current/kick', 'POST', 'authorization,content-type'],
    ['/v1/session/disconnect', 'POST', 'authorization'],
    ['/session/current', 'DELETE', 'authorization'],
  ])('OR4 the preflight of %s is answered for %s, to pages that may connect', async (path, method, wanted) => {
    const asked = { 'access-control-request-method': method, 'access-control-request-headers': wanted };
    const answer = await ask(running, 'OPTIONS', path, PAGE, asked);
    expect([answer.status, allowedOrigin(answer), answer.headers.get('vary')]).toEqual([204, PAGE, 'Origin']);
    const listOf = (name: string): string[] => (answer.headers.get(name) ?? '').toLowerCase().split(', ');
    expect(listOf('access-control-allow-methods')).toContain(method.toLowerCase());
    expect(listOf('access-control-allow-headers')).toEqual(expect.arrayContaining(wanted.split(',')));
    // The control.
    expect(allowedOrigin(await ask(running, 'OPTIONS', path, STRANGER, asked))).toBeNull();
  });

  it('OR4 a page reads the answers and the errors of wallet proofs and group calls', async () => {
    const nonce = await ask(running, 'GET', '/v1/wallet-proof/nonce', PAGE);
    expect([nonce.status, allowedOrigin(nonce)]).toEqual([200, PAGE]);
    const player = await Player.at(backend);
    const created = await player.create({}, { origin: PAGE });
    expect([created.status, created.headers.get('access-control-allow-origin')]).toEqual([200, PAGE]);
    const refused = await ask(running, 'GET', '/v1/session/current', PAGE);
    expect([refused.status, allowedOrigin(refused)]).toEqual([401, PAGE]);
    for (const path of ['/v1/keys', '/v1/sessions', '/v1/users', '/sessionx', '/v1/relays/sessions']) {
      expect(allowedOrigin(await ask(running, 'GET', path, PAGE)), path).toBeNull();
    }
  });
});

describe('pages of the machine itself', () => {
  it.each([
    ['development', 401],
    ['production', 403],
  ])('OR2 in %s a loopback page gets %d', async (environment, status) => {
    const running = await startGateway({
      env: { SALLYPORT_ENV: environment, SALLYPORT_ALLOWED_ORIGINS: 'https://game.example' },
    });
    try {
      const headers = { authorization: 'Bearer nonsense' };
      for (const origin of ['http://localhost:5173', 'http://127.0.0.1:3000', 'http://[::1]:3000']) {
        expect((await ask(running, 'GET', '/v1/connect', origin, headers)).status, origin).toBe(status);
      }
      expect((await ask(running, 'GET', '/v1/connect', 'http://localhost.evil.example', headers)).status).toBe(403);
    } finally {
      await running.stop();
    }
  });
});
