/**
 * Parses what a client shows to open a seat. A credential of no known form gets the same refusal as a wrong one, so
 * that the answer says nothing about how wrong it was.
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
/** Each number has exactly one text: no leading zeros, no sign. */
const INDEX = /^(?:0|[1-9][0-9]{0,4})$/;
/** The form of an epoch, as `Rooms` makes it. */
const EPOCH = /^[0-9A-Za-z]{8}$/;
/** 24 bytes in base64url: the last letter has no unused bits. */
const SECRET = /^[A-Za-z0-9_-]{32}$/;

export function parseCredential(text: string): Credential | null {
  if (text.startsWith(RESUME_PREFIX)) return parseResumeToken(text);
  return parsePair(text) ?? (JWT.test(text) ? { kind: 'jwt', token: text } : null);
}

/** `rt.<session>.<index>.<epoch>.<secret>`: opaque to clients. The store keeps only the hash of its proof. */
export function resumeToken(sessionId: SessionId, index: MemberIndex, epoch: string, secret: string): string {
  return `${RESUME_PREFIX}${sessionId}.${String(index)}.${epoch}.${secret}`;
}

/**
 * The text whose hash the seat keeps. It includes the epoch: a client that could change the epoch would choose what
 * the gateway tells it to have missed.
 */
export function resumeProof(epoch: string, secret: string): string {
  return `${epoch}.${secret}`;
}

function parseResumeToken(text: string): Credential | null {
  const parts = text.split('.');
  const [, session = '', indexText = '', epoch = '', secret = ''] = parts;
  const sessionId = parseSessionId(session);
  const index = INDEX.test(indexText) ? parseMemberIndex(Number(indexText)) : null;
  if (parts.length !== 5 || sessionId === null || index === null) return null;
  return EPOCH.test(epoch) && SECRET.test(secret) ? { kind: 'resume', sessionId, index, epoch, secret } : null;
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
