/** Composes the server: the engine's listening socket over the doors and the REST APIs. */
import { inNetworks } from '../adapters/system/trusted-networks.js';
import { UwsServer } from '../adapters/uws/server.js';
import type { Gatekeeper } from '../ports/connect.js';
import type { Router } from '../rest/router.js';
import type { Ground } from './ground.js';
import type { Composed, Service } from './service.js';

export interface ComposedServer extends Composed {
  readonly server: UwsServer;
  /** Takes this worker's part of the connections at the port that all workers share. Start it when all else runs. */
  readonly entry: Service;
}

export function composeServer(ground: Ground, gatekeeper: Gatekeeper, { handle, refuse }: Router): ComposedServer {
  const { config, clock, log, metrics, uws, address, openSockets } = ground;
  const { maxBodyBytes, maxMessageBytes, requestDeadlineMs: deadlineMs } = config;
  const maxSilenceMs = config.heartbeatMs + config.heartbeatTimeoutMs;
  const limits = { maxMessageBytes, maxBufferedBytes: config.maxBackpressureBytes, maxSilenceMs };
  const readsProxyProtocol = config.proxyProtocol === 'v2';
  const server = new UwsServer(uws, {
    handle,
    refuse,
    gatekeeper,
    openSockets,
    clock,
    log,
    metrics,
    maxBodyBytes,
    deadlineMs,
    limits,
    addresses: { isTrusted: inNetworks(config.trustedProxies), readsProxyProtocol },
    // A client behind a proxy that passes bytes on could send a PROXY header of its own before its second request.
    keepAliveS: readsProxyProtocol ? 0 : config.keepAliveS,
  });
  const listener = {
    name: 'listener',
    start: async () => {
      address.listensOn(await server.listen(config.host, address.port));
    },
    stop: () => {
      server.stopListening();
    },
  };
  const { role } = address;
  const entry = {
    name: 'entry',
    start: async () => {
      if (role !== null) await server.listenWithOthers(config.host, role.entryPort);
    },
    stop: () => {
      server.stopListening();
    },
  };
  return { server, entry, services: [listener] };
}
