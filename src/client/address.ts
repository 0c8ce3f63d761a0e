/**
 * The gateway's URL. It is kept and changed as text, because the URL class of React Native has no setters and adds a
 * slash at the end.
 */

/** Where a gateway is, for a WebSocket. */
export interface Address {
  /** Without a fragment. */
  readonly href: string;
}

/** Where to connect. With a list, a failed attempt leads to the next one. A function is asked afresh for each attempt. */
export type UrlSource = UrlList | (() => UrlList | Promise<UrlList>);
export type UrlList = string | URL | readonly (string | URL)[];

const CONNECT_PATH = '/v1/connect';
const URL_TEXT = /^(ws|http)(s?):\/\/([^/?#\s\\]+)([^?#\s]*)(\?[^#\s]*)?(?:#\S*)?$/i;

/** Takes ws, wss, http and https URLs; the origin alone is enough. Throws a TypeError for anything else. */
export function connectUrl(given: string | URL): Address {
  const [, scheme, secure = '', authority = '', path = '', query = ''] = URL_TEXT.exec(String(given).trim()) ?? [];
  const base = `ws${secure.toLowerCase()}://${authority.toLowerCase()}`;
  const text = `${base}${path === '' || path === '/' ? CONNECT_PATH : path}${query}`;
  const href = scheme === undefined ? null : normalized(text);
  if (href === null) throw new TypeError('url: not a WebSocket URL');
  return { href };
}

/** Throws a TypeError for an empty list, or for an entry that is no URL. */
export function connectUrls(given: UrlList): readonly Address[] {
  const list = isList(given) ? given : [given];
  if (list.length === 0) throw new TypeError('url: an empty list');
  return list.map((each) => connectUrl(each));
}

function isList(given: UrlList): given is readonly (string | URL)[] {
  return Array.isArray(given);
}

/** Whether one address has TLS and the other has not. */
export function isDowngrade(from: Address, to: Address): boolean {
  return from.href.startsWith('wss:') && to.href.startsWith('ws:');
}

/** The address with one query parameter set to a value that needs no escapes. */
export function withParameter({ href }: Address, name: string, value: string): Address {
  const [base = '', query = ''] = href.split('?', 2);
  const others = query.split('&').filter((each) => each !== '' && !each.startsWith(`${name}=`));
  return { href: `${base}?${[...others, `${name}=${value}`].join('&')}` };
}

/** The same place over HTTP. */
export function overHttp({ href }: Address): string {
  return href.replace(/^ws/, 'http');
}

/** null for what the platform's URL class refuses; the text itself where that class cannot tell. */
function normalized(text: string): string | null {
  const Url: unknown = Reflect.get(globalThis, 'URL');
  const isComplete = typeof Url === 'function' && typeof Reflect.get(Url, 'canParse') === 'function';
  if (!isComplete) return text;
  return URL.canParse(text) ? new URL(text).href : null;
}
