/** Reads the API key of a request in its surface's own carrier, and checks what the key may do. */
import type { Caller } from '../identity/api-keys.js';
import { Failure } from '../protocol/failure.js';
import type { HttpRequest } from '../ports/http.js';
import type { Scope } from '../ports/key-store.js';
import { wrongCarrier } from './wrong-carrier.js';

export interface KeyVerifier {
  verify(text: string): Promise<Caller | null>;
}

export interface KeyCarrier {
  /** How a request carries its key, for messages; empty on a surface that takes no API key. */
  readonly form: string;
  /** Returns the text of the API key in a request; null when the request carries none, or more than one. */
  readonly read: (request: HttpRequest) => string | null;
}

/** The carrier that a surface reads API keys from, and the service that verifies them. */
export interface KeyCheck {
  readonly keys: KeyVerifier;
  readonly carrier: KeyCarrier;
}

/** The carrier of a surface that takes no API key. */
export const noKey: KeyCarrier = { form: '', read: () => null };

/** Reads the key after one scheme of the Authorization header. */
export function keyAfterScheme(scheme: 'token' | 'bearer'): KeyCarrier {
  const pattern = new RegExp(`^${scheme} +([\\x21-\\x7e]+)$`, 'i');
  return {
    form: `"Authorization: ${scheme === 'bearer' ? 'Bearer' : 'token'} <key>"`,
    read: ({ headers }) => pattern.exec(headers.get('authorization') ?? '')?.[1] ?? null,
  };
}

/**
 * Rejects with `unauthorized`, which never says why a key does not count but names the carrier when none came in it, or
 * with `scope_missing`.
 */
export async function authenticate(check: KeyCheck, scope: Scope | 'any', request: HttpRequest): Promise<Caller> {
  const presented = check.carrier.read(request);
  if (presented === null) throw noKeyIn(check.carrier, request);
  const caller = await check.keys.verify(presented);
  if (caller === null) throw new Failure('unauthorized');
  if (scope !== 'any' && !caller.scopes.includes(scope)) throw new Failure('scope_missing');
  return caller;
}

function noKeyIn({ form }: KeyCarrier, request: HttpRequest): Failure {
  const message = wrongCarrier('its API key', form, request);
  return new Failure('unauthorized', message === null ? {} : { message });
}
