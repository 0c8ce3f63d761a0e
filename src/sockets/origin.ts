/**
 * Decides which web pages may connect. Programs send no Origin and pass. A browser's page passes when its origin is
 * listed or, with no list, when it is the server's own. Scheme, host and port must match: anybody on the network path
 * can forge a page that came over http to a server with https.
 */
export interface OriginRule {
  /** Exact origins in lower case; 'own': only pages of the server itself; 'any': every page. */
  readonly allowed: ReadonlySet<string> | 'any' | 'own';
  /** The origin of the public URL; null when it is not configured. */
  readonly own: string | null;
}

/** A web origin. The scheme's default port is left out. A host with a dot at its end is another host. */
const WEB_ORIGIN = /^(https?):\/\/(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::([1-9][0-9]{0,4}))?$/;
const DEFAULT_PORTS: Readonly<Record<string, string>> = { http: '80', https: '443' };

export function originAllowed(rule: OriginRule, origin: string | null, host: string | null): boolean {
  if (origin === null || rule.allowed === 'any') return true;
  const lower = origin.toLowerCase();
  if (rule.allowed !== 'own') return rule.allowed.has(webOrigin(lower) ?? lower);
  const page = webOrigin(lower);
  return page !== null && page === (rule.own ?? addressed(host));
}

/** The origin of this server without a configured URL: the server listens without TLS. */
function addressed(host: string | null): string | null {
  return host === null ? null : webOrigin(`http://${host.toLowerCase()}`);
}

/** null unless the text is a web origin in lower case: not `null`, another scheme, a path, a user or white space. */
function webOrigin(text: string): string | null {
  const [, scheme = '', host = '', port] = WEB_ORIGIN.exec(text) ?? [];
  if (host === '') return null;
  const shownPort = port === undefined || port === DEFAULT_PORTS[scheme] ? '' : `:${port}`;
  return `${scheme}://${host}${shownPort}`;
}
