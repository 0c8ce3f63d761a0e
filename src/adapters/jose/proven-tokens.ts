import { hash } from 'node:crypto';
import type { Clock } from '../../ports/clock.js';
import type { DeviceTokenClaims } from '../../ports/session-tokens.js';

const MAX_TOKENS = 10_000;

/**
 * Tokens with a verified signature, by digest, until they expire. A browser sends its token with every call, and
 * verifying takes as long as the rest of the call. The store still decides each time whether the token is valid.
 */
export class ProvenTokens {
  private readonly tokens = new Map<string, { readonly claims: DeviceTokenClaims; readonly untilMs: number }>();

  constructor(private readonly clock: Clock) {}

  find(token: string): DeviceTokenClaims | null {
    const digest = digestOf(token);
    const known = this.tokens.get(digest);
    if (known === undefined) return null;
    if (known.untilMs > this.clock.nowMs()) return known.claims;
    this.tokens.delete(digest);
    return null;
  }

  /** Drops the oldest when full. */
  add(token: string, claims: DeviceTokenClaims, untilMs: number): void {
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
