/**
 * The error catalogue: every error a user can see, on the wire or over REST. Codes are never reused.
 * docs/ERRORS.md is generated from this table and a test compares the two.
 */
import type { CloseName } from './close-codes.js';

/** The API surfaces that an error can leave through. */
export type Surface = 'relays' | 'client' | 'login' | 'group' | 'native';

export interface ErrorSpec {
  /** One English sentence for a person; it never carries a secret or a caller's input. */
  readonly message: string;
  /** The name of the close code. Without one, the gateway sends an `error` frame and keeps the connection open. */
  readonly close?: CloseName;
  /** The HTTP status, for REST and for a refused upgrade. */
  readonly status: number;
  /** The HTTP status on surfaces that use another one. */
  readonly statusOn?: Partial<Record<Surface, number>>;
  /** Whether the same request can succeed later without a change. */
  readonly retryable: boolean;
}

export const ERRORS = {
  // Requests
  invalid_request: spec('The request does not have the documented shape.', 400, {
    statusOn: { client: 422, group: 422 },
  }),
  malformed_json: spec('The body or the frame is not valid JSON, nested too deeply, or holds too many values.', 400, {
    statusOn: { group: 422 },
  }),
  ambiguous_request: spec('The request can be read in two ways (length, encoding, host or forwarding headers).', 400),
  headers_too_large: spec('The request line and the headers are larger than 8 KiB together.', 431),
  body_too_large: spec('The body is larger than this server accepts.', 413),
  unknown_path: spec('There is nothing at this path.', 404),
  method_not_allowed: spec('This path does not support that method.', 405),
  unauthorized: spec('This call needs a valid API key.', 401),
  scope_missing: spec('The API key does not have the scope this call needs.', 403),
  idempotency_conflict: spec('This Idempotency-Key was used with another request.', 409),
  idempotency_in_progress: spec('A request with this Idempotency-Key is still running.', 409, { retryable: true }),
  event_cursor_lost: spec('The log has lost the events after this cursor.', 410),
  too_many_event_readers: spec('Too many readers wait for events at this node; try again later.', 503, {
    retryable: true,
  }),
  too_many_requests: spec('Too many requests; wait before the next one.', 429, { retryable: true }),
  deadline_exceeded: spec('The request took longer than this server allows.', 503, { retryable: true }),
  draining: spec('This node is shutting down; another node will answer.', 503, {
    retryable: true,
    close: 'going_away',
  }),
  store_unavailable: spec('The state store does not answer; nothing was changed.', 503, { retryable: true }),
  outcome_unknown: spec(
    'No answer came in time: the change may or may not have been made. A repeat with the same Idempotency-Key is safe.',
    503,
    { retryable: true },
  ),
  internal: spec('The server failed; the error was logged.', 500, { retryable: true, close: 'internal_error' }),

  // Things that do not exist or are taken
  session_not_found: spec('There is no such relay session.', 404),
  token_not_found: spec('This relay session has no user with that authorization token.', 404),
  node_not_found: spec('There is no such live node.', 404),
  key_not_found: spec('There is no such API key.', 404),
  address_already_authorized: spec('This address is already authorized on the relay session.', 409),
  session_full: spec('Every seat of the relay session is taken.', 409, {
    statusOn: { group: 422 },
    retryable: true,
  }),
  session_not_linked: spec('No node is available for the relay session.', 503, { retryable: true }),
  home_elsewhere: spec('The relay session lives on another node.', 503, { retryable: true }),
  home_unreachable: spec(
    'The home node of the relay session does not answer; the request may or may not have been carried out.',
    503,
    { retryable: true },
  ),

  // Admission of a socket
  credential_missing: spec('No credential was given.', 401),
  credential_invalid: spec('The credential is invalid or expired.', 401),
  credential_revoked: spec('The credential was revoked.', 403),
  banned: spec('This user is banned from the relay session.', 403, { statusOn: { group: 401 } }),
  origin_not_allowed: spec('Pages of this origin may not do this.', 403),
  address_not_allowed: spec('This seat belongs to another address.', 403),
  session_locked: spec('The relay session is locked: nobody new may join.', 403, {
    statusOn: { group: 422 },
    retryable: true,
  }),
  join_refused: spec('The backend of the relay session refuses this user.', 403),
  join_unanswered: spec('The backend that decides about joins has not answered.', 503, { retryable: true }),
  join_questions_full: spec('Too many joins wait for the backend that decides about them.', 503, { retryable: true }),
  upgrade_required: spec('The credential is valid; connect with a WebSocket upgrade.', 426),

  // The directory
  user_not_found: spec('There is no such user.', 404),
  organization_not_found: spec('There is no such organization.', 404),
  membership_not_found: spec('The user is not a member of the organization.', 404),
  user_session_not_found: spec('There is no such user session.', 404),
  template_not_found: spec('There is no such JWT template.', 404),
  client_not_found: spec('There is no such client.', 404),
  name_taken: spec('Another record already has this name.', 409),
  membership_exists: spec('The user is already a member of the organization.', 409),
  webhook_not_found: spec('The project has no webhook endpoint with this id.', 404),
  webhook_url_refused: spec('The gateway may not call this URL.', 400),
  too_many_webhooks: spec('The maximum number of webhook endpoints is reached.', 409),
  too_many_webhook_tests: spec('Two tests of this webhook are under way at this node; wait for them.', 429, {
    retryable: true,
  }),
  dead_letter_not_found: spec('The project has no dead letter with this id.', 404),
  too_many_templates: spec('The maximum number of JWT templates is reached.', 409),
  changed_meanwhile: spec('Somebody else changed the record at the same time; read it and try again.', 409, {
    retryable: true,
  }),
  too_many_sessions: spec('The user already has the maximum number of sessions.', 409, { retryable: true }),
  too_many_sockets: spec('The user already has the maximum number of sockets.', 409, { retryable: true }),
  user_session_over: spec('The user session has ended.', 403),

  // Client sessions
  origin_authorization_headers_conflict: spec('Send either an Origin or an Authorization header, not both.', 400),
  authentication_invalid: spec('The request has no valid client token.', 401),
  signed_out: spec('The client has no such active session: it is signed out.', 401),
  action_for_session_not_authorized: spec('This client may not do that to the session.', 401),
  invalid_action_for_session: spec('The session is over; this action needs an active session.', 400),
  resource_not_found: spec('There is no such session on this client.', 404),
  organization_not_found_or_unauthorized: spec('There is no such organization, or the user is not a member.', 404),
  user_banned: spec('The user is banned.', 403),
  session_exists: spec('A user is already signed in on this client.', 400),
  form_password_incorrect: spec('The identifier or the password is incorrect.', 422),
  ticket_invalid_code: spec('The ticket is invalid or expired.', 401),

  // Login sessions
  login_session_invalid: spec('This call needs a valid login session or API key.', 401),
  login_failed: spec('The user name or the password is incorrect.', 401),
  user_blocked: spec('The user is blocked.', 403),
  login_session_not_found: spec('There is no such session, or the caller may not see it.', 404),
  not_allowed: spec('The caller has no right to do this.', 403),
  reset_token_invalid: spec('The reset token is invalid or expired.', 400),
  reset_url_not_allowed: spec('This server does not send users to this reset page.', 400),
  password_mismatch: spec('There is no user with this id and password.', 404),

  // Group sessions
  wallet_proof_invalid: spec('The wallet proof is invalid.', 400),
  group_session_not_found: spec('There is no such session.', 404),
  group_password_wrong: spec('The password of the session is incorrect.', 401),
  not_whitelisted: spec("This address is not on the session's whitelist.", 401),
  already_member: spec('The caller is already in this session.', 422),
  cannot_kick_self: spec('The host can only kick others.', 422),

  // Frames
  unknown_op: spec('The first byte of a binary frame names no operation.', 400),
  reserved_flags: spec('A reserved bit of the flags is set.', 400),
  unknown_class: spec('There is no delivery class 3.', 400),
  truncated_frame: spec('The frame ends inside its header.', 400),
  unknown_type: spec('There is no control frame of this type.', 400),
  unknown_member: spec('No member of the relay session has this index.', 400),
  state_too_big: spec('A presence state is at most 2 KiB of JSON text, as sent.', 400),
  not_host: spec('Only the host may do this.', 403),
  stale_host: spec('The sender is not the host in this term.', 409),
  rate_limited: spec(
    'The connection sends more than its limit, or its frames take too long; the frame was refused.',
    429,
    { retryable: true },
  ),
  message_too_big: spec('The message is larger than max_message_bytes.', 413, { close: 'message_too_big' }),
  protocol_error: spec('The connection kept sending frames that break the protocol.', 400, { close: 'protocol_error' }),
} as const satisfies Record<string, ErrorSpec>;

export type ErrorCode = keyof typeof ERRORS;

export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(ERRORS, text);
}

interface SpecOptions {
  readonly close?: CloseName;
  readonly statusOn?: Partial<Record<Surface, number>>;
  readonly retryable?: boolean;
}

function spec(message: string, status: number, options: SpecOptions = {}): ErrorSpec {
  const { close, statusOn, retryable = false } = options;
  return {
    message,
    status,
    retryable,
    ...(close === undefined ? {} : { close }),
    ...(statusOn === undefined ? {} : { statusOn }),
  };
}
