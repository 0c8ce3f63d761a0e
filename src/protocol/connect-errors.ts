/** The refusals of a handshake. */
import type { ErrorCode } from './errors.js';

/** Refusals by the door and the doorways. */
export const CONNECT_ERRORS = [
  'upgrade_required',
  'invalid_request',
  'credential_missing',
  'credential_invalid',
  'credential_revoked',
  'user_session_over',
  'banned',
  'origin_not_allowed',
  'address_not_allowed',
  'session_locked',
  'join_refused',
  'session_not_found',
  'session_full',
  'too_many_sockets',
  'too_many_requests',
  'session_not_linked',
  'home_elsewhere',
  'draining',
  'store_unavailable',
  'join_unanswered',
  'join_questions_full',
] as const satisfies readonly ErrorCode[];

/**
 * The refusals after which the same handshake cannot succeed. Any other answer of 4xx comes from something between the
 * client and the gateway (a proxy, a firewall, the portal of a hotel), or from a newer gateway, and may pass.
 */
export const FINAL_CONNECT_ERRORS: ReadonlySet<string> = new Set<ErrorCode>([
  'invalid_request',
  'credential_missing',
  'credential_invalid',
  'credential_revoked',
  'user_session_over',
  'banned',
  'origin_not_allowed',
  'address_not_allowed',
  'session_locked',
  'join_refused',
  'session_not_found',
  // Refusals by the HTTP server, before it asks the door.
  'headers_too_large',
  'unknown_path',
]);
