/** The demands of the worker settings on other settings, and the values that follow from them. */
import type { Config } from './schema.js';

type PortKeys = Pick<Config, 'port' | 'workers' | 'workerPort'>;
type UrlKeys = Pick<Config, 'port' | 'publicUrl' | 'workerUrl'>;

const MAX_PORT = 65_535;

/** One sentence for each problem; each begins with its key. */
export function workerProblems(config: PortKeys & UrlKeys & Pick<Config, 'redisUrl'>): string[] {
  if (config.workers === 1) return [];
  const first = ownPortOf(config, 1);
  const last = ownPortOf(config, config.workers);
  const rules: readonly (readonly [broken: boolean, problem: string])[] = [
    [
      config.redisUrl === null,
      'SALLYPORT_REDIS_URL: required when SALLYPORT_WORKERS is over 1, because workers share their state in Redis',
    ],
    [
      config.publicUrl !== null && workerUrlTemplate(config) === null,
      'SALLYPORT_WORKER_URL: required when SALLYPORT_WORKERS is over 1 and SALLYPORT_PUBLIC_URL does not lead to ' +
        'SALLYPORT_PORT, because clients must reach each worker by a URL of its own',
    ],
    [last > MAX_PORT, `SALLYPORT_WORKER_PORT: expected at most ${MAX_PORT - config.workers + 1}, got ${first}`],
    [
      first > 0 && first <= config.port && config.port <= last,
      `SALLYPORT_WORKER_PORT: the own ports of the workers, ${first} to ${last}, contain SALLYPORT_PORT`,
    ],
  ];
  return rules.filter(([broken]) => broken).map(([, problem]) => problem);
}

/** The own port of a worker, counted from 1; 0: a free one. */
export function ownPortOf({ port, workerPort }: PortKeys, worker: number): number {
  const first = workerPort ?? (port === 0 ? 0 : port + 1);
  return first === 0 ? 0 : first + worker - 1;
}

/** The URL of a worker, with `{port}` or `{worker}` in it; null: neither setting tells it. */
export function workerUrlTemplate({ port, publicUrl, workerUrl }: UrlKeys): string | null {
  if (workerUrl !== null || publicUrl === null) return workerUrl;
  const { protocol, host, hostname, pathname, port: written } = new URL(publicUrl);
  const effective = written === '' ? (protocol === 'https:' ? 443 : 80) : Number(written);
  if (effective !== port || host === '') return null;
  return `${protocol}//${hostname}:{port}${pathname}`.replace(/\/+$/, '');
}
