import { hash } from 'node:crypto';
import type { Clock } from '../../ports/clock.js';
import type { ClientTokenClaims } from '../../ports/session-tokens.js';

const MAX_TOKENS = 10_000;

/**
 * Tokens whose signature was found good, by their digest, until their time is up: a browser shows its token with every
 * call, and the signature takes as long as the rest of the call. What a token is still worth, the store says each time.
 */
export class ProvenTokens {
  private readonly tokens = new Map<string, { readonly claims: ClientTokenClaims; readonly untilMs: number }>();

  constructor(private readonly clock: Clock) {}

  find(token: string): ClientTokenClaims | null {
    const digest = digestOf(token);
    const known = this.tokens.get(digest);
    if (known === undefined) return null;
    if (known.untilMs > this.clock.nowMs()) return known.claims;
    this.tokens.delete(digest);
    return null;
  }

  /** The oldest is forgotten when there are too many. */
  add(token: string, claims: ClientTokenClaims, untilMs: number): void {
    this.tokens.set(digestOf(token), { claims, untilMs });
    if (this.tokens.size <= MAX_TOKENS) return;
    for (const oldest of this.tokens.keys()) {
      this.tokens.delete(oldest);
      return;
    }
  }
}

function digestOf(token: string): string {
  return hash('sha256', token, 'base64url');
}
