/**
 * What a client shows at the door: read from its carrier, parsed into one of the known forms.
 * Anything else is refused alike, so that the answer says nothing about how wrong it was.
 */
import { SUBPROTOCOL } from '../protocol/wire.js';
import {
  parseAuthorizationTokenText,
  parseMemberIndex,
  parseSessionId,
  type AuthorizationToken,
  type MemberIndex,
  type SessionId,
} from '../protocol/ids.js';
import type { ConnectRequest } from '../ports/connect.js';

export type Credential =
  | {
      readonly kind: 'pair';
      readonly sessionId: SessionId;
      readonly sessionToken: AuthorizationToken;
      readonly userToken: AuthorizationToken;
    }
  | {
      readonly kind: 'resume';
      readonly sessionId: SessionId;
      readonly index: MemberIndex;
      /** The numbering that the client's last sequence belongs to. */
      readonly epoch: string;
      readonly secret: string;
    }
  | { readonly kind: 'jwt'; readonly token: string };

/** Longer than any credential of ours; a JWT of ours is about 400 characters. */
const MAX_CREDENTIAL_CHARS = 4096;
const BEARER_PROTOCOL = 'bearer.';
const JWT = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;
const RESUME_PREFIX = 'rt.';

/** The credential's text by the order of carriers; null when there is none, '' when a carrier holds no bearer. */
export function readCredential(request: ConnectRequest): string | null {
  if (request.authorization !== null) return /^bearer +(\S+)$/i.exec(request.authorization)?.[1] ?? '';
  const offered = request.protocols.find((protocol) => protocol.startsWith(BEARER_PROTOCOL));
  if (offered !== undefined) return offered.slice(BEARER_PROTOCOL.length);
  return request.query.get('access_token');
}

/** The subprotocol to answer with: ours when it was offered, never the one that carries a credential. */
export function chooseProtocol(request: ConnectRequest): string | null {
  return request.protocols.includes(SUBPROTOCOL) ? SUBPROTOCOL : null;
}

export function parseCredential(text: string): Credential | null {
  if (text.length > MAX_CREDENTIAL_CHARS) return null;
  if (text.startsWith(RESUME_PREFIX)) return parseResumeToken(text);
  return parsePair(text) ?? (JWT.test(text) ? { kind: 'jwt', token: text } : null);
}

/** `rt.<session>.<index>.<epoch>.<secret>`: opaque to clients; only the secret's hash is kept. */
export function resumeToken(sessionId: SessionId, index: MemberIndex, epoch: string, secret: string): string {
  return `${RESUME_PREFIX}${sessionId}.${String(index)}.${epoch}.${secret}`;
}

function parseResumeToken(text: string): Credential | null {
  const parts = text.split('.');
  const [, session = '', indexText = '', epoch = '', secret = ''] = parts;
  const sessionId = parseSessionId(session);
  const index = /^\d{1,5}$/.test(indexText) ? parseMemberIndex(Number(indexText)) : null;
  if (parts.length !== 5 || sessionId === null || index === null || epoch === '' || secret === '') return null;
  return { kind: 'resume', sessionId, index, epoch, secret };
}

function parsePair(text: string): Credential | null {
  const parts = text.split('.');
  const [session = '', first = '', second = ''] = parts;
  const sessionId = parseSessionId(session);
  const sessionToken = parseAuthorizationTokenText(first);
  const userToken = parseAuthorizationTokenText(second);
  if (parts.length !== 3 || sessionId === null || sessionToken === null || userToken === null) return null;
  return { kind: 'pair', sessionId, sessionToken, userToken };
}
