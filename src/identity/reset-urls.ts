/**
 * Where password reset mails may lead. A link on any other page would hand the token to whoever asked for the mail,
 * so what is compared is the parsed URL: its origin, and its path segment by segment.
 */
export class ResetUrls {
  private readonly allowed: readonly URL[];

  /** Canonical http or https URLs without query and fragment. */
  constructor(prefixes: readonly string[]) {
    this.allowed = prefixes.map((prefix) => new URL(prefix));
  }

  /** The page; null when it is not one that users are sent to. */
  parse(text: string): URL | null {
    if (text.length > MAX_LENGTH || !URL.canParse(text)) return null;
    const page = new URL(text);
    const isPlain = page.username === '' && page.password === '' && !HIDDEN_STRUCTURE.test(page.pathname);
    return isPlain && this.allowed.some((prefix) => leadsBelow(page, prefix)) ? page : null;
  }
}

const MAX_LENGTH = 2048;
/** Encoded dots, slashes and backslashes, and dots with parameters: the page's own server may read them as structure. */
const HIDDEN_STRUCTURE = /%(2e|2f|5c)|\/\.{1,2};/i;

/** The page with the token as its query parameter `token`, in place of one that it had. */
export function withResetToken(page: URL, token: string): string {
  const link = new URL(page);
  link.searchParams.set('token', token);
  return link.href;
}

function leadsBelow(page: URL, prefix: URL): boolean {
  if (page.origin !== prefix.origin || !/^https?:$/.test(page.protocol)) return false;
  const path = prefix.pathname.replace(/\/+$/, '');
  return page.pathname === path || page.pathname.startsWith(`${path}/`);
}
