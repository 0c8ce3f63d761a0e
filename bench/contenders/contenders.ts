/** What a bench compares: each is started anew for a run, and says how its clients connect. */
import { fileURLToPath } from 'node:url';
import { Backend } from '../rest/backend.js';
import { GatewayProcess, UNLIMITED } from '../processes/gateway.js';
import { handshakeOf } from '../client/client-frame.js';
import { endpointOf } from '../client/dial.js';
import type { Job } from '../load/job.js';
import { openSessions, type Crowd } from '../rest/seats.js';
import { ServerProcess, type Server } from '../processes/server-process.js';

export interface StartOptions {
  readonly core: number | null;
  readonly nodeFlags: readonly string[];
}

export interface Target extends Pick<Job, 'endpoints' | 'wire' | 'handshakes' | 'serverPid'> {
  /** null: not told. */
  readonly engine: string | null;
  stop(): Promise<void>;
}

export interface Contender {
  readonly name: string;
  start(crowd: Crowd, options: StartOptions): Promise<Target>;
}

const BARE = fileURLToPath(new URL('./bare-uws.js', import.meta.url));

export type ClassName = 'volatile' | 'latest' | 'reliable';

const WIRES = { volatile: 'sallyport', latest: 'sallyport_latest', reliable: 'sallyport_reliable' } as const;

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
export function sallyport(flushMs: number | 'auto', deliveryClass: ClassName = 'volatile'): Contender {
  return {
    name: `flush_ms ${flushMs}${deliveryClass === 'volatile' ? '' : `, ${deliveryClass}`}`,
    async start(crowd, options) {
      const gateway = new GatewayProcess({ ...options, environment: UNLIMITED });
      return started(gateway, WIRES[deliveryClass], async ({ origin }) => {
        const seats = await openSessions(new Backend(origin, gateway.key), crowd, { flush_ms: flushMs });
        return seats.handshakes;
      });
    },
  };
}

/** A gateway that runs already, with the limits it has. The sessions are ended afterwards. */
export function running(
  { url, key, pid }: { readonly url: string; readonly key: string; readonly pid: number | null },
  flushMs: number | 'auto',
  deliveryClass: ClassName,
): Contender {
  return {
    name: url,
    async start(crowd) {
      const seats = await openSessions(new Backend(url, key), crowd, { flush_ms: flushMs });
      const { endpoints, handshakes } = seats;
      const stop = (): Promise<void> => seats.end();
      return { endpoints, handshakes, wire: WIRES[deliveryClass], serverPid: pid, engine: null, stop };
    },
  };
}

/** The server, once it listens and everything is made that clients need; it does not outlive a failure of that. */
export async function started(
  server: Server,
  wire: Job['wire'],
  prepare: (url: URL) => Promise<string[]>,
): Promise<Target> {
  const { url: text, engine } = await server.untilListening();
  const url = new URL(text);
  return {
    endpoints: [endpointOf(text)],
    wire,
    handshakes: await prepare(url),
    serverPid: server.pid,
    engine,
    stop: () => server.stop(),
  };
}
