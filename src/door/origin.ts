/**
 * Which pages may connect. Programs send no Origin and pass; a browser's page passes when its origin is listed
 * or, with no list, when it is the server's own.
 */
export interface OriginRule {
  /** Exact origins, lower case; 'own' for pages of the server itself only; 'any' for everybody. */
  readonly allowed: ReadonlySet<string> | 'any' | 'own';
  /** The origin of the public URL; null when it is not configured. */
  readonly own: string | null;
}

export function originAllowed(rule: OriginRule, origin: string | null, host: string | null): boolean {
  if (origin === null || rule.allowed === 'any') return true;
  const page = origin.toLowerCase();
  if (rule.allowed !== 'own') return rule.allowed.has(page);
  if (rule.own !== null && page === rule.own) return true;
  return host !== null && (page === `http://${host.toLowerCase()}` || page === `https://${host.toLowerCase()}`);
}
