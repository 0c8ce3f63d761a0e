/** Reads the API key out of a request, in the surface's own carrier and no other, and checks what it may do. */
import type { Caller } from '../identity/api-keys.js';
import type { Surface } from '../protocol/errors.js';
import { Failure } from '../protocol/failure.js';
import type { HttpRequest } from '../ports/http.js';
import type { Scope } from '../ports/key-store.js';

export interface KeyVerifier {
  verify(text: string): Promise<Caller | null>;
}

/** The scheme before the key in the Authorization header; null where API keys come in another way, or not at all. */
const SCHEMES: Readonly<Record<Surface, RegExp | null>> = {
  relays: /^token +([\x21-\x7e]+)$/i,
  native: /^bearer +([\x21-\x7e]+)$/i,
  client: null,
  login: null,
  group: null,
};

/** Rejects with `unauthorized`, which never says why, or with `scope_missing`. */
export async function authenticate(
  keys: KeyVerifier,
  surface: Surface,
  scope: Scope,
  headers: HttpRequest['headers'],
): Promise<Caller> {
  const presented = SCHEMES[surface]?.exec(headers.get('authorization') ?? '')?.[1];
  const caller = presented === undefined ? null : await keys.verify(presented);
  if (caller === null) throw new Failure('unauthorized');
  if (!caller.scopes.includes(scope)) throw new Failure('scope_missing');
  return caller;
}
