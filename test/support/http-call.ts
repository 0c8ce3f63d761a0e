/** An HTTP call as `fetch` makes it, for a third of the CPU time: the tests make tens of thousands of calls. */
import { Agent, request } from 'node:http';

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly rawHeaders: readonly string[];
}

export interface HttpCall {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  /** The address to call from, on a connection of its own. */
  readonly localAddress?: string | undefined;
}

/** Shorter than the gateway keeps an idle connection, so that no call meets the close of its connection. */
const IDLE_MS = 4000;

const agent = new Agent({ keepAlive: true, timeout: IDLE_MS });

export function httpCall(url: string, { method, headers, body, localAddress }: HttpCall): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const from = localAddress === undefined ? { agent } : { agent: false, localAddress };
    const outgoing = request(url, { method, ...from, headers: { ...bodyHeaders(headers, body), ...headers } });
    outgoing.on('error', reject);
    outgoing.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('error', reject).on('end', () => {
        const { statusCode: status = 0, rawHeaders } = response;
        resolve({ status, headers: headersOf(rawHeaders), text, rawHeaders });
      });
    });
    outgoing.end(body);
  });
}

/** The type that `fetch` gives to a text, unless the caller names another one. */
function bodyHeaders(given: Readonly<Record<string, string>>, body: string | undefined): Record<string, string> {
  if (body === undefined) return {};
  const hasType = Object.keys(given).some((name) => name.toLowerCase() === 'content-type');
  const length = { 'content-length': String(Buffer.byteLength(body)) };
  return hasType ? length : { ...length, 'content-type': 'text/plain;charset=UTF-8' };
}

function headersOf(rawHeaders: readonly string[]): Headers {
  const headers = new Headers();
  for (let at = 0; at < rawHeaders.length; at += 2) headers.append(rawHeaders[at] ?? '', rawHeaders[at + 1] ?? '');
  return headers;
}
