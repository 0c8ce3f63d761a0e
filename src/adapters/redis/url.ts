/** Turns the connection URL into ioredis options. No error or log line repeats the URL: it contains credentials. */
import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import type { ClusterNode, RedisOptions } from 'ioredis';

export interface Target {
  /** The first servers of a cluster; null for the other kinds, which connect by `options`. */
  readonly seeds: readonly ClusterNode[] | null;
  readonly options: TargetOptions;
}

export type TargetOptions = Pick<
  RedisOptions,
  | 'host'
  | 'port'
  | 'username'
  | 'password'
  | 'db'
  | 'tls'
  | 'sentinels'
  | 'name'
  | 'sentinelUsername'
  | 'sentinelPassword'
  | 'sentinelTLS'
  | 'enableTLSForSentinelMode'
>;

const SHAPE = /^(rediss?)(?:\+(sentinel|cluster))?:\/\/(?:([^@/?#]*)@)?([^/?#@]+)(?:\/([^?#]*))?(?:\?([^#]*))?$/;
const TLS_OPTIONS = ['tls_ca', 'tls_cert', 'tls_key', 'tls_servername'] as const;
const SENTINEL_OPTIONS = ['sentinel_username', 'sentinel_password', 'sentinel_tls'] as const;

type UrlOption = (typeof TLS_OPTIONS)[number] | (typeof SENTINEL_OPTIONS)[number];
type UrlOptions = Partial<Record<UrlOption, string>>;

/**
 * Reads `redis://[user:password@]host[:port][/db]`, `redis+cluster://[..@]h1:p,h2:p` and
 * `redis+sentinel://[..@]h1:p,h2:p/master[/db]`. Schemes that begin with `rediss` use TLS. The credentials are those of
 * the Redis servers. docs/OPERATIONS.md describes the options behind `?`.
 */
export function parseRedisUrl(url: string): Target {
  const match = SHAPE.exec(url);
  if (match === null) throw invalid('it must look like redis://host:6379');
  const [, scheme = '', kind, credentials, hosts = '', path = '', query = ''] = match;
  const isTls = scheme === 'rediss';
  const given = parseOptions(query, [...(isTls ? TLS_OPTIONS : []), ...(kind === 'sentinel' ? SENTINEL_OPTIONS : [])]);
  const tls = tlsOf(given);
  const auth = { ...parseCredentials(credentials), ...(isTls ? { tls } : {}) };
  switch (kind) {
    case 'cluster':
      if (path !== '') throw invalid('a cluster URL has no path');
      return { seeds: parseHosts(hosts, 6379), options: auth };
    case 'sentinel': {
      const [name = '', db = ''] = path.split('/');
      if (name === '') throw invalid('a sentinel URL ends in /<name of the master>');
      const sentinels = { sentinels: parseHosts(hosts, 26379), name, ...sentinelOptions(given, isTls ? tls : null) };
      return { seeds: null, options: { ...auth, ...parseDb(db), ...sentinels } };
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

/** Refuses an option that is unknown or that this kind of URL does not have: a typo must not turn a protection off. */
function parseOptions(query: string, allowed: readonly UrlOption[]): UrlOptions {
  const options: UrlOptions = {};
  for (const [name, value] of new URLSearchParams(query)) {
    const option = allowed.find((each) => each === name);
    if (option === undefined) {
      const known = allowed.length === 0 ? 'it has none' : `it has ${allowed.join(', ')}`;
      throw invalid(`this kind of URL has no option "${nameShown(name)}"; ${known}`);
    }
    if (options[option] !== undefined) throw invalid(`the option ${option} is given twice`);
    if (value === '') throw invalid(`the option ${option} is empty`);
    options[option] = value;
  }
  return options;
}

/** Hides a name that does not look like one: it may be part of a password that was not percent-encoded. */
function nameShown(name: string): string {
  return /^[a-z][a-z_]{0,30}$/.test(name) ? name : '...';
}

function tlsOf({ tls_ca, tls_cert, tls_key, tls_servername }: UrlOptions): ConnectionOptions {
  if ((tls_cert === undefined) !== (tls_key === undefined)) throw invalid('tls_cert and tls_key belong together');
  return {
    ...(tls_ca === undefined ? {} : { ca: readOption('tls_ca', tls_ca) }),
    ...(tls_cert === undefined ? {} : { cert: readOption('tls_cert', tls_cert) }),
    ...(tls_key === undefined ? {} : { key: readOption('tls_key', tls_key) }),
    ...(tls_servername === undefined ? {} : { servername: tls_servername }),
  };
}

function readOption(option: UrlOption, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    throw invalid(`the file of ${option} cannot be read`);
  }
}

/** `tls` is null when the Redis servers are used without TLS. */
function sentinelOptions(
  { sentinel_username, sentinel_password, sentinel_tls = 'yes' }: UrlOptions,
  tls: ConnectionOptions | null,
): TargetOptions {
  if (sentinel_tls !== 'yes' && sentinel_tls !== 'no') throw invalid('sentinel_tls is yes or no');
  return {
    ...(sentinel_username === undefined ? {} : { sentinelUsername: sentinel_username }),
    ...(sentinel_password === undefined ? {} : { sentinelPassword: sentinel_password }),
    ...(tls === null ? {} : { enableTLSForSentinelMode: true }),
    ...(tls === null || sentinel_tls === 'no' ? {} : { sentinelTLS: tls }),
  };
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
