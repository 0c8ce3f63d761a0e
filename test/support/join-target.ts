/** A backend that is asked before users join: a real HTTP server on loopback that keeps what it is asked. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Asked {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export type Answering = (response: ServerResponse, asked: Asked) => void;

export class JoinTarget {
  readonly asked: Asked[] = [];
  /** How many callers went away before they had their answer. */
  gone = 0;
  answering: Answering = says({ allow: true });

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async start(): Promise<JoinTarget> {
    const server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        const asked = {
          path: request.url ?? '',
          headers: request.headers,
          text: Buffer.concat(parts).toString('utf8'),
        };
        target.asked.push(asked);
        target.answering(response, asked);
      });
      response.on('close', () => {
        if (!response.writableEnded) target.gone += 1;
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const target = new JoinTarget(
      server,
      `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/may-join`,
    );
    return target;
  }

  get bodies(): readonly unknown[] {
    return this.asked.map(({ text }) => JSON.parse(text) as unknown);
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

export function says(answer: unknown): Answering {
  return (response) => {
    response.end(JSON.stringify(answer));
  };
}

export const saysNothing: Answering = () => undefined;
