/** Paths that a surface shares with pages of other origins, and the headers that let a browser show the answer to a page. */
import { originAllowed, type OriginRule } from '../sockets/origin.js';

/** The CORS headers of one answer. */
export type Share = Readonly<Record<string, string>>;

const READABLE: Share = {
  'Access-Control-Expose-Headers': 'Authorization, Retry-After, X-Request-Id',
  Vary: 'Origin',
};

export interface SharedPaths {
  /** `path` is decoded, without the leading slash and without matrix parameters. */
  matches(path: string): boolean;
  readonly preflight: Share;
  /** Returns null for a page that gets nothing. */
  shareWith(rule: OriginRule, origin: string, host: string | null): Share | null;
}

/** The headers of an answer that a page of `origin` may read, without its cookies; null when the rule does not allow it. */
export function shareWithAllowed(rule: OriginRule, origin: string, host: string | null): Share | null {
  if (!originAllowed(rule, origin, host)) return null;
  return { 'Access-Control-Allow-Origin': origin, ...READABLE };
}

/**
 * The same for every page: one that may not connect can read that, and nothing else. The origin comes before the
 * credential, so such a page learns nothing about credentials.
 */
export function shareWithAll(rule: OriginRule, origin: string, host: string | null): Share {
  return shareWithAllowed(rule, origin, host) ?? { ...READABLE, 'Access-Control-Allow-Origin': '*' };
}

/** The same as `shareWithAllowed`, with cookies for the pages that may use them. */
export function shareWithCookies(rule: OriginRule, origin: string, host: string | null): Share | null {
  const share = shareWithAllowed(rule, origin, host);
  if (share === null || !originAllowed(credentialRule(rule), origin, host)) return share;
  return { ...share, 'Access-Control-Allow-Credentials': 'true' };
}

/** Which pages may use cookies: where every page may connect, only the server's own pages may. */
export function credentialRule(rule: OriginRule): OriginRule {
  return rule.allowed === 'any' ? { ...rule, allowed: 'own' } : rule;
}
