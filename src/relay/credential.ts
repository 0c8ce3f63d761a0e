/**
 * What a client shows for a seat, parsed into one of the known forms.
 * Anything else is refused alike, so that the answer says nothing about how wrong it was.
 */
import {
  parseAuthorizationTokenText,
  parseMemberIndex,
  parseSessionId,
  type AuthorizationToken,
  type MemberIndex,
  type SessionId,
} from '../protocol/ids.js';

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

const JWT = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;
const RESUME_PREFIX = 'rt.';

export function parseCredential(text: string): Credential | null {
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
