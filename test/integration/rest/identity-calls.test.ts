/**
 * The promises of every call of the group surface, and of the native calls about keys, the directory and user sessions.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Backend, type Answer } from '../../support/backend.js';
import { STORES } from '../../support/both-stores.js';
import { startGateway, type RunningGateway } from '../../support/gateway.js';
import { IDENTITY_CALLS, type IdentityCall, type Request } from '../../support/identity-calls.js';

const text = expect.any(String) as string;
const MUTATING = IDENTITY_CALLS.filter(({ method }) => method !== 'GET');
const named = (calls: readonly IdentityCall[]) =>
  calls.map((call) => ({ ...call, line: `${call.method} ${call.pattern}` }));

/** Validation says 422 on the surface of group sessions, 400 elsewhere. */
const misshapen = ({ surface }: IdentityCall): number => (surface === 'group' ? 422 : 400);
const told = ({ status, body }: Answer): [number, unknown] => [status, body];

describe.each(STORES)('the calls about identity on $store', ({ redisUrl }) => {
  let running: RunningGateway;
  let backend: Backend;

  beforeAll(async () => {
    running = await startGateway({ redisUrl: redisUrl() });
    backend = new Backend(running.url);
  });

  afterAll(() => running.stop());

  const send = ({ method }: IdentityCall, { path, headers, body }: Request, more: Record<string, string> = {}) =>
    backend.call(method, path, body, { ...headers, ...more });

  it.each(named(IDENTITY_CALLS))(
    'HT1, HT2 $line: matrix parameters change nothing; the request is named',
    async (call) => {
      const request = await call.prepare(backend);
      let place = 0;
      const path = request.path.replaceAll(
        /\/[^/]+/g,
        (segment) => `${segment};a${String((place += 1))}=b%2Fc;b${String(place)}=`,
      );
      const answer = await send(call, { ...request, path }, { 'x-request-id': 'my-own_1' });
      expect([answer.status, answer.headers.get('x-request-id')]).toEqual([call.status, 'my-own_1']);
      expect(answer.headers.get('cache-control')).toBe('no-store');
    },
  );

  it.each(named(IDENTITY_CALLS))('HT5 $line: another method is 405, with those that are', async (call) => {
    const { path } = await call.prepare(backend);
    const methods = IDENTITY_CALLS.filter(({ pattern }) => pattern === call.pattern).map(({ method }) => method);
    const allow = [...methods, ...(methods.includes('GET') ? ['HEAD'] : [])].toSorted().join(', ');
    const answer = await backend.call('PUT', path);
    expect([...told(answer), answer.headers.get('allow')]).toEqual([
      405,
      { code: 'method_not_allowed', message: text },
      allow,
    ]);
  });

  it.each(named(MUTATING))('HT6 $line: a body over the limit is 413', async (call) => {
    const { path, headers } = await call.prepare(backend);
    const answer = await backend.call(call.method, path, 'x'.repeat(65_537), headers);
    expect(told(answer)).toEqual([413, { code: 'body_too_large', message: text }]);
  });

  it.each(named(MUTATING.filter(({ takesBody }) => takesBody)))(
    'HT7 $line: JSON that is broken is refused',
    async (call) => {
      const { path, headers } = await call.prepare(backend);
      for (const body of ['{"a":', '{} {}', '\ufeff{}', `${'['.repeat(65)}${']'.repeat(65)}`]) {
        const answer = await backend.call(call.method, path, body, headers);
        expect([body, ...told(answer)]).toEqual([body, misshapen(call), { code: 'malformed_json', message: text }]);
      }
    },
  );

  it.each(named(MUTATING))('HT11, HT12, HT14 $line: once under one Idempotency-Key', async (call) => {
    const request = await call.prepare(backend);
    const malformed = await send(call, request, { 'idempotency-key': 'a b' });
    expect(told(malformed)).toEqual([misshapen(call), { code: 'invalid_request', message: text }]);
    const key = { 'idempotency-key': 'once' };
    const first = await send(call, request, key);
    const again = await send(call, request, key);
    expect([first.status, first.headers.get('idempotent-replayed')]).toEqual([call.status, null]);
    expect([...told(again), again.headers.get('idempotent-replayed')]).toEqual([...told(first), 'true']);
    const other = await send(call, { ...request, body: { ...request.body, more: 1 } }, key);
    expect(told(other)).toEqual([409, { code: 'idempotency_conflict', message: text }]);
  });
});
