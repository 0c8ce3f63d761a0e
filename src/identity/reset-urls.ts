/**
 * The pages that password reset mails may link to. A link to any other page would give the token to whoever requested
 * the mail. Therefore the check compares the parsed URL: its origin, and its path segment by segment.
 */
export class ResetUrls {
  private readonly allowed: readonly URL[];

  /** Canonical http or https URLs without query and fragment. */
  constructor(prefixes: readonly string[]) {
    this.allowed = prefixes.map((prefix) => new URL(prefix));
  }

  /** The parsed page; null when the page is not allowed. */
  parse(text: string): URL | null {
    if (text.length > MAX_LENGTH || !URL.canParse(text)) return null;
    const page = new URL(text);
    const isPlain = page.username === '' && page.password === '' && !HIDDEN_STRUCTURE.test(page.pathname);
    return isPlain && this.allowed.some((prefix) => leadsBelow(page, prefix)) ? page : null;
  }
}

const MAX_LENGTH = 2048;
/**
 * Encoded dots, slashes and backslashes, and dots with parameters: the page's own server may treat them as path
 * structure.
 */
const HIDDEN_STRUCTURE = /%(2e|2f|5c)|\/\.{1,2};/i;

/** The page with the token in its query parameter `token`, replacing an existing one. */
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
