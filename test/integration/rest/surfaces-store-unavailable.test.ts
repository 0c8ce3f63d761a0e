/** Every call of every surface while Redis does not answer, and afterwards: one table for all. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Backend } from '../../support/backend.js';
import { eventually } from '../../support/eventually.js';
import { startGateway, type RunningGateway } from '../../support/gateway.js';
import { startRedisServer, type RedisServer } from '../../support/redis-server.js';
import {
  callWith,
  EVERY_CALL,
  makeThings,
  patternOf,
  RESET_PAGE,
  type Surface,
  type Things,
} from '../../support/whole-api.js';

/** From the failure contract: what cannot be decided is refused this fast. */
const REFUSED_WITHIN_MS = 1500;
/** Calls that ask no store, or that the node answers from its own memory. */
const NEEDS_NO_STORE = [
  ...['GET /', 'GET /healthz', 'GET /readyz', 'GET /metrics', 'GET /openapi.json', 'GET /v1/nodes', 'GET /v1/connect'],
  'POST /v1/nodes/{id}/drain',
  ...['GET /v1/outbox', 'GET /v1/webhooks/signing_secret'],
  ...['GET /v1/presence/users/{id}', 'POST /v1/presence/users:batch-get'],
  ...['GET /.well-known/jwks.json', 'GET /v1/jwks'],
];
/** Answers of each surface; a call that closes sockets reports the sockets, and the part that it could not do. */
function shapesOf(code: string, text: RegExp): Readonly<Record<Surface, object>> {
  const message = expect.stringMatching(text) as unknown;
  return {
    relays: { message },
    native: { code, message },
    client: {
      errors: [{ message, long_message: message, code, meta: {} }],
      clerk_trace_id: expect.any(String) as unknown,
    },
    login: { error: code, message },
    group: { code, message },
  };
}
const REFUSED = shapesOf('store_unavailable', /^The state store does not answer[;:] /);
/** The answer to a change that was sent to Redis without a reply. */
const UNKNOWN = shapesOf('outcome_unknown', /^(?:No answer came in time|The state store does not answer): /);
/** The answer of a kick counts the sockets, too. */
const WITH_REPORT = 'POST /v1/relays/sessions/{relay}/kick';
/** Where something new would be seen. */
const LISTS = ['users', 'organizations', 'keys', 'sessions', 'jwt_templates', 'relays/sessions'];

describe('every surface while the store is unavailable', () => {
  let redis: RedisServer;
  let running: RunningGateway;
  let backend: Backend;
  let things: Things;

  beforeEach(async () => {
    redis = await startRedisServer();
    running = await startGateway({
      redisUrl: redis.url,
      env: { SALLYPORT_ENV: 'development', SALLYPORT_RESET_URLS: RESET_PAGE },
    });
    backend = new Backend(running.url);
    things = await makeThings(running.url);
  });

  afterEach(async () => {
    redis.resume();
    await running.stop();
    await redis.stop();
  });

  const lists = (): Promise<readonly unknown[]> =>
    Promise.all(
      LISTS.map(async (name) => {
        const scheme = name.startsWith('relays') ? 'token' : 'Bearer';
        const authorization = `${scheme} ${backend.key}`;
        const { body } = await backend.call('GET', `/v1/${name}?limit=100`, undefined, { authorization });
        return body as unknown;
      }),
    );

  /** Gives those whose outcome is not known. */
  async function allRefused(): Promise<readonly string[]> {
    const unknown: string[] = [];
    const refused = await Promise.all(
      EVERY_CALL.map(async (call) => {
        const startedMs = performance.now();
        const answer = await callWith(backend, things, call);
        return { call, answer, tookMs: performance.now() - startedMs };
      }),
    );
    for (const { call, answer } of refused) {
      expect([call.line, answer.status, answer.headers.get('retry-after')]).toEqual([call.line, 503, '1']);
      const report = call.line === WITH_REPORT ? { details: expect.anything() as unknown } : {};
      const isUnknown = answer.body.outcome === 'unknown';
      const shape = isUnknown ? { ...UNKNOWN[call.surface], outcome: 'unknown' } : REFUSED[call.surface];
      expect([call.line, answer.body]).toEqual([call.line, { ...shape, ...report }]);
      if (isUnknown) unknown.push(call.line);
      expect(answer.headers.has('set-cookie')).toBe(false);
    }
    // Twice what is promised: they were all made at once, on a machine that does other things, too.
    const slow = refused.filter(({ tookMs }) => tookMs > 2 * REFUSED_WITHIN_MS);
    expect(slow.map(({ call, tookMs }) => [call.line, tookMs])).toEqual([]);
    return unknown;
  }

  const isBack = (): Promise<void> =>
    eventually(async () => ((await backend.call('GET', '/readyz')).status === 200 ? null : 'not ready'), 10_000);

  it('AW2 the table has every call of the document, but those that need no store', async () => {
    const { body } = await backend.call('GET', '/openapi.json');
    const paths = (body as { paths: Record<string, Record<string, unknown>> }).paths;
    const documented = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const expected = documented.filter((line) => !NEEDS_NO_STORE.includes(line)).map(patternOf);
    const tested = new Set(EVERY_CALL.map(({ line }) => patternOf(line)));
    expect([...tested].toSorted()).toEqual([...new Set(expected)].toSorted());
  });

  it('AW2 the control: with the store each call is answered as it should be', async () => {
    expect(await answersInTurn()).toEqual(EVERY_CALL.map(({ line, ok }) => [line, ok]));
  });

  it('AW2 a Redis that hangs: 503 in the surface’s shape, nothing is done, and the same calls work afterwards', async () => {
    const before = await lists();
    redis.pause();
    const unknown = await allRefused();
    expect(unknown.length).toBeGreaterThan(0);
    expect(unknown.filter((line) => line.startsWith('GET '))).toEqual([]);
    redis.resume();
    await isBack();
    expect(await lists()).toEqual(before);
    expect(await answersInTurn()).toEqual(EVERY_CALL.map(({ line, ok }) => [line, ok]));
  });

  it('AW2 a Redis that is gone: 503 in the surface’s shape', async () => {
    await redis.stop();
    expect(await allRefused()).toEqual([]);
    redis = await startRedisServer([], redis.port);
    await isBack();
  });

  /** One after the other: what one changes the next may need. */
  async function answersInTurn(): Promise<readonly (readonly [string, number])[]> {
    const answers: (readonly [string, number])[] = [];
    for (const call of EVERY_CALL) answers.push([call.line, (await callWith(backend, things, call)).status]);
    return answers;
  }
});
