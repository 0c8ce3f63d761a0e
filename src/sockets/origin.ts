/**
 * Decides which web pages may connect. Programs send no Origin and pass. A browser's page passes when its origin is
 * listed or, with no list, when it is the server's own. Scheme, host and port must match: anybody on the network path
 * can forge a page that came over http to a server with https.
 */
export interface OriginRule {
  /**
   * Origins in lower case; 'own': only pages of the server itself; 'any': every page. `*.` before a host stands for one
   * or more labels, so the host alone is not meant; `:*` stands for any port.
   */
  readonly allowed: ReadonlySet<string> | 'any' | 'own';
  /** The origin of the public URL; null when it is not configured. */
  readonly own: string | null;
  /** Whether pages that the browser's own machine serves pass, too. For development. */
  readonly loopback?: boolean;
}

interface WebOrigin {
  readonly scheme: string;
  readonly host: string;
  /** Empty for the scheme's default port, otherwise with the colon. */
  readonly port: string;
}

/** A web origin. The scheme's default port is left out. A host with a dot at its end is another host. */
const WEB_ORIGIN = /^(https?):\/\/(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::([1-9][0-9]{0,4}))?$/;
const DEFAULT_PORTS: Readonly<Record<string, string>> = { http: '80', https: '443' };
/** A browser resolves these to its own machine, and writes each address in this one form. */
const LOOPBACK = /^(?:localhost|[a-z0-9-]+\.localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])$/;
/** The longest name that the DNS allows. */
const MAX_HOST_CHARS = 253;
const EMPTY_LABEL = /^\.|\.\.|\.$/;

export function originAllowed(rule: OriginRule, origin: string | null, host: string | null): boolean {
  if (origin === null || rule.allowed === 'any') return true;
  const lower = origin.toLowerCase();
  const page = webOrigin(lower);
  if (rule.loopback === true && page !== null && LOOPBACK.test(page.host)) return true;
  if (rule.allowed !== 'own') return page === null ? isListedShell(rule.allowed, lower) : isListed(rule.allowed, page);
  return page !== null && textOf(page) === (rule.own ?? addressed(host));
}

/** The origin of an app's shell (`capacitor://localhost`). The patterns in the list are no origins. */
function isListedShell(listed: ReadonlySet<string>, origin: string): boolean {
  return !origin.includes('*') && listed.has(origin);
}

function isListed(listed: ReadonlySet<string>, page: WebOrigin): boolean {
  const { scheme, host, port } = page;
  const has = (name: string): boolean =>
    listed.has(`${scheme}://${name}${port}`) || listed.has(`${scheme}://${name}:*`);
  if (has(host)) return true;
  if (host.length > MAX_HOST_CHARS || EMPTY_LABEL.test(host)) return false;
  for (let dot = host.indexOf('.'); dot !== -1; dot = host.indexOf('.', dot + 1)) {
    if (has(`*${host.slice(dot)}`)) return true;
  }
  return false;
}

/** The origin of this server without a configured URL: the server listens without TLS. */
function addressed(host: string | null): string | null {
  const own = host === null ? null : webOrigin(`http://${host.toLowerCase()}`);
  return own === null ? null : textOf(own);
}

/** null unless the text is a web origin in lower case: not `null`, another scheme, a path, a user or white space. */
function webOrigin(text: string): WebOrigin | null {
  const [, scheme = '', host = '', port] = WEB_ORIGIN.exec(text) ?? [];
  if (host === '') return null;
  return { scheme, host, port: port === undefined || port === DEFAULT_PORTS[scheme] ? '' : `:${port}` };
}

function textOf({ scheme, host, port }: WebOrigin): string {
  return `${scheme}://${host}${port}`;
}
