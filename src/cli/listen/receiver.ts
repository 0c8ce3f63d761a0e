/** A small HTTP server on loopback that takes one POST after another. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { CommandFailed } from '../command-failed.js';
import { EXIT } from '../exit-codes.js';

export interface ReceivedCall {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Receiver {
  readonly url: string;
  /** Closes the connections, too. */
  stop(): Promise<void>;
}

const HOST = '127.0.0.1';
/** Far more than a gateway sends: any process of the machine can call. */
const MAX_BODY_BYTES = 1024 * 1024;

/** `port` 0: a free one. `take` gives the status of the answer. Rejects with a `CommandFailed` when the port is taken. */
export async function startReceiver(port: number, take: (call: ReceivedCall) => Promise<number>): Promise<Receiver> {
  const server = createServer((request, response) => {
    statusOf(request, take).then(
      (status) => response.writeHead(status).end(),
      // The caller went away in the middle of its request, or the command could not work on it.
      () => response.writeHead(500).end(),
    );
  });
  server.listen(port, HOST);
  await once(server, 'listening').catch((error: unknown) => {
    throw new CommandFailed(EXIT.failed, `cannot listen at ${HOST}:${port}: ${reasonOf(error)}`);
  });
  const address = server.address();
  const taken = address === null || typeof address === 'string' ? port : address.port;
  return {
    url: `http://${HOST}:${taken}/`,
    stop: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function statusOf(request: IncomingMessage, take: (call: ReceivedCall) => Promise<number>): Promise<number> {
  if (request.method !== 'POST') return 405;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes: unknown = chunk;
    if (!Buffer.isBuffer(bytes)) continue;
    size += bytes.length;
    if (size > MAX_BODY_BYTES) return 413;
    chunks.push(bytes);
  }
  return take({ headers: request.headers, body: Buffer.concat(chunks) });
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
