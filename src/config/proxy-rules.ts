/** The demands of the settings for proxies, and for the port for operators, on other settings. */
import type { Config } from './schema.js';
import { ownPortOf } from './worker-rules.js';

const MAX_PORT = 65_535;

type ProxyKeys = Pick<Config, 'trustedProxies' | 'proxyProtocol'>;
type AdminKeys = Pick<Config, 'adminPort' | 'adminHost' | 'port' | 'workers' | 'workerPort'>;

/** One sentence for each problem; each begins with its key. */
export function proxyProblems(config: ProxyKeys & AdminKeys): string[] {
  const { trustedProxies, proxyProtocol, adminPort, adminHost, workers } = config;
  const rules: readonly (readonly [broken: boolean, problem: string])[] = [
    [
      proxyProtocol !== 'off' && trustedProxies.length === 0,
      'SALLYPORT_TRUSTED_PROXIES: required when SALLYPORT_PROXY_PROTOCOL is set, because anyone can send such a header',
    ],
    [adminHost !== null && adminPort === null, 'SALLYPORT_ADMIN_PORT: required when SALLYPORT_ADMIN_HOST is set'],
    [
      (adminPort ?? 0) + workers - 1 > MAX_PORT,
      `SALLYPORT_ADMIN_PORT: expected at most ${MAX_PORT - workers + 1} with ${workers} workers`,
    ],
    [meetsOtherPorts(config), 'SALLYPORT_ADMIN_PORT: meets SALLYPORT_PORT, or the own port of a worker'],
  ];
  return rules.filter(([broken]) => broken).map(([, problem]) => problem);
}

/** The port of a node for operators; `worker` counts from 1 and is null outside of workers. null: there is none. */
export function adminPortOf({ adminPort }: Pick<Config, 'adminPort'>, worker: number | null): number | null {
  if (adminPort === null || adminPort === 0) return adminPort;
  return adminPort + (worker ?? 1) - 1;
}

function meetsOtherPorts(config: AdminKeys): boolean {
  const numbers = Array.from({ length: config.workers }, (_, n) => n + 1);
  const others = new Set([config.port, ...(config.workers === 1 ? [] : numbers.map((n) => ownPortOf(config, n)))]);
  return numbers.some((n) => {
    const port = adminPortOf(config, n);
    return port !== null && port !== 0 && others.has(port);
  });
}
