/** Turns the connection URL into ioredis options. No error or log line repeats the URL: it contains credentials. */
import type { ClusterNode, RedisOptions } from 'ioredis';

export interface Target {
  /** The first servers of a cluster; null for the other kinds, which connect by `options`. */
  readonly seeds: readonly ClusterNode[] | null;
  readonly options: TargetOptions;
}

export type TargetOptions = Pick<
  RedisOptions,
  'host' | 'port' | 'username' | 'password' | 'db' | 'tls' | 'sentinels' | 'name'
>;

const SHAPE = /^(rediss?)(?:\+(sentinel|cluster))?:\/\/(?:([^@/]*)@)?([^/?#@]+)(?:\/([^?#]*))?$/;

/**
 * Reads `redis://[user:password@]host[:port][/db]` (`rediss://` with TLS), `redis+cluster://[..@]h1:p,h2:p` and
 * `redis+sentinel://[..@]h1:p,h2:p/master[/db]`. The credentials are those of the Redis servers.
 */
export function parseRedisUrl(url: string): Target {
  const match = SHAPE.exec(url);
  if (match === null) throw invalid('it must look like redis://host:6379');
  const [, scheme = '', kind, credentials, hosts = '', path = ''] = match;
  const auth = {
    ...parseCredentials(credentials),
    ...(scheme === 'rediss' ? { tls: {} } : {}),
  };
  switch (kind) {
    case 'cluster':
      return { seeds: parseHosts(hosts, 6379), options: auth };
    case 'sentinel': {
      const [name = '', db = ''] = path.split('/');
      if (name === '') throw invalid('a sentinel URL ends in /<name of the master>');
      return { seeds: null, options: { ...auth, ...parseDb(db), sentinels: parseHosts(hosts, 26379), name } };
    }
    default: {
      const [host, more] = parseHosts(hosts, 6379);
      if (host === undefined || more !== undefined) throw invalid('it must name one host');
      return { seeds: null, options: { ...auth, ...parseDb(path), ...host } };
    }
  }
}

/** Throws what `parseRedisUrl` throws. */
export function isClusterUrl(url: string): boolean {
  return parseRedisUrl(url).seeds !== null;
}

function parseHosts(list: string, defaultPort: number): { host: string; port: number }[] {
  return list.split(',').map((text) => {
    const match = /^(\[[0-9a-fA-F:.]+\]|[^:[\]]+)(?::([0-9]{1,5}))?$/.exec(text);
    const port = match?.[2] === undefined ? defaultPort : Number(match[2]);
    if (match?.[1] === undefined || port < 1 || port > 65_535) throw invalid('a host or a port is malformed');
    return { host: match[1].replace(/^\[|\]$/g, ''), port };
  });
}

function parseCredentials(text: string | undefined): Pick<RedisOptions, 'username' | 'password'> {
  if (text === undefined || text === '') return {};
  const colon = text.indexOf(':');
  const username = decode(colon === -1 ? text : text.slice(0, colon));
  const password = colon === -1 ? '' : decode(text.slice(colon + 1));
  return { ...(username === '' ? {} : { username }), ...(password === '' ? {} : { password }) };
}

function parseDb(text: string): Pick<RedisOptions, 'db'> {
  if (text === '') return {};
  if (!/^[0-9]{1,4}$/.test(text)) throw invalid('the database must be a number');
  return { db: Number(text) };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalid('the credentials are not percent-encoded');
  }
}

function invalid(why: string): Error {
  return new Error(`The Redis URL cannot be used: ${why}.`);
}
