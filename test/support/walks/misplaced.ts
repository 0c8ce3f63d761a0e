/**
 * Every kind of secret in every place of every call where it does not belong: in the path, the query, the body and the
 * headers, well-formed or not, with and without a right credential beside it.
 */
import { ROOT_KEY } from '../gateway.js';
import { inParallel } from '../in-parallel.js';
import type { CallOptions } from '../login.js';
import { rawExchange } from '../raw-tcp.js';
import { percentEncoded, type Journal } from './journal.js';
import { operationsOf, type Operation } from './operations.js';

const AT_ONCE = 16;
const RIGHT_CREDENTIALS = { native: `Bearer ${ROOT_KEY}`, relays: `token ${ROOT_KEY}` } as const;

type Request = readonly [method: string, path: string, options: CallOptions];

export async function walkMisplaced(journal: Journal): Promise<void> {
  const operations = await operationsOf(journal.api);
  const requests = [...journal.samples.values()].flatMap((secret) => [
    ...operations.flatMap((operation) => misused(operation, secret)),
    ...malformed(secret),
  ]);
  await inParallel(requests, AT_ONCE, async ([method, path, options]) => {
    await journal.call(method, path, options);
  });
  const port = Number(new URL(journal.url).port);
  for (const secret of journal.samples.values()) await ambiguous(journal, port, secret);
}

/** The parts of one call. The bodies are never right: some of their members want other types than texts. */
function misused({ method, path, parameters, queries, members, surface }: Operation, secret: string): Request[] {
  const encoded = encodeURIComponent(secret);
  const filled = parameters.reduce((text, name) => text.replace(`{${name}}`, encoded), path);
  const query = new URLSearchParams(Object.fromEntries(queries.map((name) => [name, secret]))).toString();
  const json = Object.fromEntries([...members, secret].map((name) => [name, secret]));
  const authorization = RIGHT_CREDENTIALS[surface];
  const body = (options: CallOptions): CallOptions => (method === 'GET' ? {} : options);
  return [
    [method, `${filled}?${query}`, { ...body({ json }), headers: wrongCarriers(secret) }],
    [method, `${filled}?${query}&apiKey=${ROOT_KEY}`, { ...body({ json }), headers: { authorization } }],
    [method, filled, { ...body({ raw: `{"a":"${secret}` }), headers: { authorization } }],
    ['PUT', `${filled};a=${encoded}?_method=PATCH`, { form: { [secret]: secret } }],
  ];
}

function wrongCarriers(secret: string): Record<string, string> {
  const all = {
    authorization: `Bearer ${secret}`,
    'x-api-key': secret,
    cookie: `__client=${secret}`,
    'idempotency-key': `${secret} ${secret}`,
    'x-token': secret,
  };
  return secret.includes(' ') ? {} : all;
}

function malformed(secret: string): Request[] {
  const encoded = encodeURIComponent(secret);
  const long = secret.repeat(Math.ceil(9_000 / secret.length));
  const headers = { authorization: RIGHT_CREDENTIALS.native };
  return [
    ...[`/${encoded}`, `/v1/${percentEncoded(secret)}`, `/${encoded}/../x`, `//${encoded}`, `/%zz${encoded}`].map(
      (path): Request => ['GET', path, { headers }],
    ),
    ...['/v1/keys', '/session/join', '/authenticate/nobody', '/v1/client/sign_ins', '/v1/relays/sessions'].flatMap(
      (path): Request[] => [
        ['POST', path, { raw: long.repeat(8), headers }],
        ['POST', path, { raw: `${encoded}=${encoded}&${encoded}=1`, headers: { 'content-type': FORM } }],
        ['POST', path, { raw: `${'['.repeat(65)}"${secret}"${']'.repeat(65)}`, headers }],
        ['POST', path, { raw: JSON.stringify(secret), headers }],
        ['POST', path, { raw: secret, headers: { ...headers, 'content-type': secret } }],
        ['GET', path, { headers: { ...headers, 'x-long': long } }],
        ['GET', `${path}?a=${encoded}`, { headers: { origin: `https://${encoded}`, 'accept-language': secret } }],
      ],
    ),
    ['OPTIONS', `/v1/client?${encoded}`, { headers: preflight(secret) }],
    ['GET', `/v1/connect?access_token=${encoded}&seq=${encoded}`, {}],
    ['GET', `/v1/connect?access_token=${encoded}`, { headers: handshake(secret) }],
    ['GET', `/v1/connect;lsid=${encoded}`, { headers: { ...handshake(secret), 'sec-websocket-version': '12' } }],
    ['GET', `/v1/${encoded}`, { headers: handshake(secret) }],
  ];
}

const FORM = 'application/x-www-form-urlencoded';

function preflight(secret: string): Record<string, string> {
  return {
    origin: `https://${encodeURIComponent(secret)}`,
    'access-control-request-method': 'POST',
    'access-control-request-headers': secret,
  };
}

/** Refused before its 101, whatever the credential: its key is none. */
function handshake(secret: string): Record<string, string> {
  return {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': secret,
    'sec-websocket-protocol': `sallyport.v1, bearer.${secret}`,
  };
}

/** Requests that no HTTP client sends. */
async function ambiguous(journal: Journal, port: number, secret: string): Promise<void> {
  const encoded = encodeURIComponent(secret);
  for (const text of [
    `GET /${encoded} HTTP/1.1\r\nHost: a\r\nHost: ${encoded}\r\nX: ${secret}\r\n\r\n`,
    `POST /v1/keys HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\nContent-Length: 9\r\nX: ${secret}\r\n\r\n${secret}`,
    `${encoded} /${encoded} HTTP/1.1\r\nHost: ${encoded}\r\n\r\n`,
  ]) {
    journal.errors.push(await rawExchange(port, text));
  }
}
