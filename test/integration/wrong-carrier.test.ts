import { afterAll, beforeAll, expect, it } from 'vitest';
import { Backend } from '../support/backend.js';
import { ROOT_KEY, startGateway, type RunningGateway } from '../support/gateway.js';
import { httpCall } from '../support/http-call.js';

let running: RunningGateway;

beforeAll(async () => {
  running = await startGateway();
});

afterAll(() => running.stop());

const TOKEN = '"Authorization: token <key>"';
const BEARER = '"Authorization: Bearer <key>"';
const RAW = 'an Authorization header without a scheme that is known here';
const LOGIN = '";lsid=<LSID>" in the path, or "?apiKey=<key>"';

interface Row {
  readonly call: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The carrier of the path, and what came. */
  readonly takes: string;
  readonly came: string;
}

const ROWS: readonly Row[] = [
  { call: 'GET /v1/relays/sessions', headers: { authorization: `Bearer ${ROOT_KEY}` }, takes: TOKEN, came: 'Bearer' },
  { call: 'GET /v1/relays/sessions', headers: { authorization: ROOT_KEY }, takes: TOKEN, came: RAW },
  { call: 'GET /v1/relays/sessions', headers: { 'x-api-key': ROOT_KEY }, takes: TOKEN, came: 'X-API-KEY:' },
  { call: `GET /v1/relays/sessions?apiKey=${ROOT_KEY}`, takes: TOKEN, came: '?apiKey=' },
  {
    call: 'GET /v1/keys',
    headers: { authorization: `token ${ROOT_KEY}` },
    takes: BEARER,
    came: 'Authorization: token',
  },
  {
    call: 'GET /v1/keys',
    headers: { authorization: `Basic ${ROOT_KEY}` },
    takes: BEARER,
    came: 'Authorization: Basic',
  },
  {
    call: 'POST /v1/session',
    headers: { authorization: `Bearer ${ROOT_KEY}` },
    takes: '"X-API-KEY: <key>"',
    came: 'Bearer',
  },
  {
    call: 'GET /v1/session/current',
    headers: { authorization: `token ${ROOT_KEY}` },
    takes: '"Authorization: Bearer <token>"',
    came: 'Authorization: token',
  },
  {
    call: 'GET /authenticate/block/ada',
    headers: { authorization: `Bearer ${ROOT_KEY}` },
    takes: LOGIN,
    came: 'Bearer',
  },
  {
    call: 'GET /v1/client',
    headers: { authorization: `Bearer ${ROOT_KEY}` },
    takes: 'the cookie __client, or with ?_is_native=1 as "Authorization: <token>"',
    came: 'Authorization: Bearer',
  },
  {
    call: 'GET /v1/connect',
    headers: { authorization: `token ${ROOT_KEY}` },
    takes: '"Authorization: Bearer <credential>"',
    came: 'Authorization: token',
  },
];

const ask = (call: string, headers: Readonly<Record<string, string>> = {}) => {
  const [method = '', path = ''] = call.split(' ');
  return httpCall(running.url + path, { method, headers });
};

it.each(ROWS)('OB16 $call names the carrier of the path and $came', async ({ call, headers, takes, came }) => {
  const { status, text } = await ask(call, headers);
  expect([status, text]).toEqual([401, expect.stringContaining(JSON.stringify(takes).slice(1, -1))]);
  expect(text).toContain(came);
  expect(text).not.toContain(ROOT_KEY.slice(0, 8));
  // The message does not depend on whether the credential counts.
  const swap = (value: string): string => value.replaceAll(ROOT_KEY, 'x'.repeat(ROOT_KEY.length));
  const swapped = Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name, swap(value)]));
  const withoutId = (body: string): string => body.replace(/"clerk_trace_id":"[^"]*"/, '');
  expect(withoutId((await ask(swap(call), swapped)).text)).toBe(withoutId(text));
});

it('OB16 the control: a wrong key in its place, and no key, are refused without a word about carriers', async () => {
  const plain = 'This call needs a valid API key.';
  const backend = new Backend(running.url, `${ROOT_KEY}x`);
  for (const answer of [
    await backend.relays('GET', '/v1/relays/sessions'),
    await backend.native('GET', '/v1/keys'),
    await backend.call('GET', '/v1/relays/sessions'),
    await backend.call('GET', '/v1/keys'),
  ]) {
    expect([answer.status, (answer.body as { message: string }).message]).toEqual([401, plain]);
  }
});
