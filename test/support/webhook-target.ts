/** Real HTTP targets of webhooks, on loopback. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { vi } from 'vitest';

export interface Received {
  readonly id: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly atMs: number;
}

export interface WebhookTarget {
  readonly url: string;
  readonly received: Received[];
  /** How it answers from now on. */
  answer: (response: ServerResponse, received: Received) => void;
  stop(): Promise<void>;
}

export const status =
  (code: number) =>
  (response: ServerResponse): void => {
    response.writeHead(code).end();
  };

/** `nowMs`: by which clock it notes when a call came. */
export async function startTarget(
  nowMs: () => number,
  answer: WebhookTarget['answer'] = status(204),
): Promise<WebhookTarget> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (part: string) => (body += part));
    request.on('end', () => {
      const { headers, url = '' } = request;
      const call = { id: String(headers['webhook-id']), path: url, headers, body, atMs: nowMs() };
      received.push(call);
      target.answer(response, call);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const target: WebhookTarget = {
    url: `http://127.0.0.1:${String(port)}`,
    received,
    answer,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return target;
}

/** By the reference library, at this time. Throws unless the signature fits. */
export function verify(secret: string, { headers, body }: Pick<Received, 'headers' | 'body'>, atMs: number): unknown {
  const proof = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
  vi.useFakeTimers({ toFake: ['Date'], now: atMs });
  try {
    return new Webhook(secret).verify(body, proof);
  } finally {
    vi.useRealTimers();
  }
}
