/** Where a handshake carries its credential, and the subprotocol of the answer. */
import { shownAuthorization } from '../lib/authorization-scheme.js';
import type { ConnectRequest } from '../ports/connect.js';
import { SUBPROTOCOL } from '../protocol/wire.js';

const BEARER_PROTOCOL = 'bearer.';

/**
 * The credential from the first carrier that is present; null when there is none, '' when it holds no bearer
 * credential.
 */
export function readCredential(request: ConnectRequest): string | null {
  if (request.authorization !== null) return /^bearer +(\S+)$/i.exec(request.authorization)?.[1] ?? '';
  const offered = request.protocols.find((protocol) => protocol.startsWith(BEARER_PROTOCOL));
  if (offered !== undefined) return offered.slice(BEARER_PROTOCOL.length);
  return request.query.get('access_token');
}

/** Words about an Authorization header of another scheme, without its value; null when there is none. */
export function wrongScheme({ authorization }: ConnectRequest): string | null {
  if (authorization === null || /^bearer(?: |$)/i.test(authorization)) return null;
  return `A handshake takes its credential as "Authorization: Bearer <credential>". The request has ${shownAuthorization(authorization)}.`;
}

/** The subprotocol of the answer: ours when the client offered it, never the one that carries a credential. */
export function chooseProtocol(request: ConnectRequest): string | null {
  return request.protocols.includes(SUBPROTOCOL) ? SUBPROTOCOL : null;
}
