/** Reads the API key out of a request, in the surface's own carrier and no other, and checks what it may do. */
import type { Caller } from '../identity/api-keys.js';
import type { Surface } from '../protocol/errors.js';
import { Failure } from '../protocol/failure.js';
import type { HttpRequest } from '../ports/http.js';
import type { Scope } from '../ports/key-store.js';

export interface KeyVerifier {
  verify(text: string): Promise<Caller | null>;
}

/** Where each surface carries an API key; null where it takes none. Two keys in one request are none. */
const CARRIERS: Readonly<Record<Surface, (request: HttpRequest) => string | null>> = {
  relays: afterScheme(/^token +([\x21-\x7e]+)$/i),
  native: afterScheme(/^bearer +([\x21-\x7e]+)$/i),
  client: () => null,
  login: ({ query }) => {
    const parameters = new URLSearchParams(query);
    const given = [...parameters.getAll('apiKey'), ...parameters.getAll('api_key')];
    return given.length === 1 ? (given[0] ?? null) : null;
  },
  group: ({ headers }) => headers.get('x-api-key') ?? null,
};

/** The key's text; null when there is none in the surface's own carrier. */
export function presentedKey(surface: Surface, request: HttpRequest): string | null {
  return CARRIERS[surface](request);
}

/** Rejects with `unauthorized`, which never says why, or with `scope_missing`. */
export async function authenticate(
  keys: KeyVerifier,
  surface: Surface,
  scope: Scope,
  request: HttpRequest,
): Promise<Caller> {
  const presented = presentedKey(surface, request);
  const caller = presented === null ? null : await keys.verify(presented);
  if (caller === null) throw new Failure('unauthorized');
  if (!caller.scopes.includes(scope)) throw new Failure('scope_missing');
  return caller;
}

function afterScheme(pattern: RegExp): (request: HttpRequest) => string | null {
  return ({ headers }) => pattern.exec(headers.get('authorization') ?? '')?.[1] ?? null;
}
