/**
 * Which pages may connect. Programs send no Origin and pass; a browser's page passes when its origin is listed
 * or, with no list, when it is the server's own. Scheme, host and port must all be the same: a page that came over http can
 * be anybody's who sits on the way to a server with https.
 */
export interface OriginRule {
  /** Exact origins, lower case; 'own' for pages of the server itself only; 'any' for everybody. */
  readonly allowed: ReadonlySet<string> | 'any' | 'own';
  /** The origin of the public URL; null when it is not configured. */
  readonly own: string | null;
}

/** An origin of the web; the port is left out when it is the scheme's own. A host with a dot at its end is another host. */
const WEB_ORIGIN = /^(https?):\/\/(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::([1-9][0-9]{0,4}))?$/;
const DEFAULT_PORTS: Readonly<Record<string, string>> = { http: '80', https: '443' };

export function originAllowed(rule: OriginRule, origin: string | null, host: string | null): boolean {
  if (origin === null || rule.allowed === 'any') return true;
  const lower = origin.toLowerCase();
  if (rule.allowed !== 'own') return rule.allowed.has(webOrigin(lower) ?? lower);
  const page = webOrigin(lower);
  return page !== null && page === (rule.own ?? addressed(host));
}

/** Where a request to this server went, when nothing says how clients see it: it listens without TLS. */
function addressed(host: string | null): string | null {
  return host === null ? null : webOrigin(`http://${host.toLowerCase()}`);
}

/** null for anything but an origin of the web in lower case: `null`, other schemes, a path, a user, white space. */
function webOrigin(text: string): string | null {
  const [, scheme = '', host = '', port] = WEB_ORIGIN.exec(text) ?? [];
  if (host === '') return null;
  const shownPort = port === undefined || port === DEFAULT_PORTS[scheme] ? '' : `:${port}`;
  return `${scheme}://${host}${shownPort}`;
}
