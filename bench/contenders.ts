/** What a bench compares: each is started anew for a run, and says how its clients connect. */
import { fileURLToPath } from 'node:url';
import { SUBPROTOCOL } from '../src/protocol/wire.js';
import { Backend, pairOf } from './backend.js';
import { GatewayProcess } from './gateway-process.js';
import { handshakeOf } from './load/client-frame.js';
import type { Job } from './load/job.js';
import { ServerProcess } from './server-process.js';

/** How many, and in rooms of how many. */
export interface Crowd {
  readonly clients: number;
  readonly roomsOf: number;
}

export interface StartOptions {
  readonly core: number | null;
  readonly nodeFlags: readonly string[];
}

export interface Target extends Pick<Job, 'host' | 'port' | 'wire' | 'handshakes' | 'serverPid'> {
  readonly engine: string;
  stop(): Promise<void>;
}

export interface Contender {
  readonly name: string;
  start(crowd: Crowd, options: StartOptions): Promise<Target>;
}

const BARE = fileURLToPath(new URL('./peers/bare-uws.js', import.meta.url));
const ADDRESS = '127.0.0.1';
const CONNECT_PATH = '/v1/connect';

export const bareEngine: Contender = {
  name: 'bare engine',
  async start(crowd, options) {
    const server = new ServerProcess('bare engine', BARE, options);
    return started(server, 'bare', async ({ host }) =>
      Array.from({ length: crowd.clients }, (_, i) => handshakeOf(host, `/${Math.floor(i / crowd.roomsOf)}`)),
    );
  },
};

/** The gateway on its embedded store, without limits on a connection's rate. */
export function sallyport(flushMs: number | 'auto', deliveryClass: 'volatile' | 'reliable' = 'volatile'): Contender {
  const isReliable = deliveryClass === 'reliable';
  return {
    name: `flush_ms ${flushMs}${isReliable ? ', reliable' : ''}`,
    async start(crowd, options) {
      const environment = { SALLYPORT_MESSAGES_PER_S: '0', SALLYPORT_BYTES_PER_S: '0' };
      const gateway = new GatewayProcess({ ...options, environment });
      return started(gateway, isReliable ? 'sallyport_reliable' : 'sallyport', ({ host, href }) => {
        const backend = new Backend(href.replace(/\/$/, ''), gateway.key);
        return openSessions(backend, host, crowd, flushMs);
      });
    },
  };
}

/** A process that serves: ours, or another program's. */
export type Server = Pick<ServerProcess, 'pid' | 'untilListening' | 'stop' | 'kill'>;

/** The server, once it listens and everything is made that clients need; it does not outlive a failure of that. */
export async function started(
  server: Server,
  wire: Job['wire'],
  prepare: (url: URL) => Promise<string[]>,
): Promise<Target> {
  const kill = (): void => {
    server.kill();
  };
  process.once('exit', kill);
  const { url: text, engine } = await server.untilListening();
  const url = new URL(text);
  return {
    host: url.hostname,
    port: Number(url.port),
    wire,
    handshakes: await prepare(url),
    serverPid: server.pid,
    engine,
    async stop() {
      await server.stop();
      process.off('exit', kill);
    },
  };
}

async function openSessions(
  backend: Backend,
  host: string,
  { clients, roomsOf }: Crowd,
  flushMs: number | 'auto',
): Promise<string[]> {
  const handshakes: string[] = [];
  const addresses = Array.from({ length: roomsOf }, () => ADDRESS);
  while (handshakes.length < clients) {
    const session = await backend.createSession(addresses, { flush_ms: flushMs, max_users: roomsOf });
    for (const user of session.session_users) {
      const headers = { 'Sec-WebSocket-Protocol': SUBPROTOCOL, Authorization: `Bearer ${pairOf(session, user)}` };
      handshakes.push(handshakeOf(host, CONNECT_PATH, headers));
    }
  }
  return handshakes;
}
