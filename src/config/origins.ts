/** Reads the origins whose pages may connect. */

const ORIGIN = /^[a-z][a-z0-9+.-]*:\/\/[^\s/?#@,*]+$/i;
/** `*.` before a domain, `:*` in the place of its port, or both. */
const PATTERN = /^(https?:\/\/)(\*\.)?([^\s/?#@,*]+?)(:\*)?$/i;
/** Under these, anybody can register a name: `*.co.uk`, `*.com.au`. */
const REGISTRY = /^(?:ac|co|com|edu|go|gob|gov|mil|ne|net|nom|or|org)\.[a-z]{2}$/;
/** Hosts that give each of their customers a name of its own. */
const SHARED_HOSTS: ReadonlySet<string> = new Set([
  'amazonaws.com',
  'azurewebsites.net',
  'cloudfront.net',
  'firebaseapp.com',
  'fly.dev',
  'github.io',
  'gitlab.io',
  'herokuapp.com',
  'itch.zone',
  'netlify.app',
  'ngrok-free.app',
  'ngrok.io',
  'onrender.com',
  'pages.dev',
  'surge.sh',
  'trycloudflare.com',
  'vercel.app',
  'web.app',
  'workers.dev',
]);

/**
 * The canonical form of one entry, in lower case and without a default port; null for what is no origin. Accepts
 * origins of app shells (`capacitor://localhost`) as well as web origins. Refuses a `*` that would let in pages of
 * strangers: before a top-level domain, a registry or a shared host, inside a label, or before an address.
 */
export function parseOrigin(written: string): string | null {
  if (written.includes('*')) return parsePattern(written);
  if (!ORIGIN.test(written) || !URL.canParse(written)) return null;
  return /^https?:/i.test(written) ? new URL(written).origin : written.toLowerCase();
}

function parsePattern(written: string): string | null {
  const [, scheme = '', label = '', host = '', anyPort = ''] = PATTERN.exec(written) ?? [];
  if (host === '' || !URL.canParse(`${scheme}${host}`)) return null;
  const { protocol, hostname, port } = new URL(`${scheme}${host}`);
  if ((anyPort !== '' && port !== '') || (label !== '' && !isOnesOwn(hostname))) return null;
  return `${protocol}//${label}${hostname}${port === '' ? anyPort : `:${port}`}`;
}

/** Whether all names below this one have one owner. */
function isOnesOwn(hostname: string): boolean {
  if (hostname === 'localhost') return true;
  const labels = hostname.split('.');
  const isDomain = !/^[[\d]/.test(labels.at(-1) ?? '') && !labels.includes('');
  return isDomain && labels.length > 1 && !REGISTRY.test(hostname) && !SHARED_HOSTS.has(hostname);
}
