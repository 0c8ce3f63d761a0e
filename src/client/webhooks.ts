/**
 * `sallyport-client/webhooks`, for backends on Node: checks that a request comes from your gateway, and gives its body.
 * Standard Webhooks 1.0.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { JoinQuestion, SessionReport, WebhookEvent } from './webhook-events.js';

export type * from './webhook-events.js';

export type WebhookErrorCode =
  /** `webhook-id`, `webhook-timestamp` or `webhook-signature` is missing, or given twice. */
  | 'header_missing'
  /** `webhook-timestamp` is no number. */
  | 'timestamp_invalid'
  /** The request was signed longer ago than the tolerance: perhaps somebody sends an old one again. */
  | 'too_old'
  /** The request was signed in the future: a clock is wrong. */
  | 'too_new'
  /** No signature was made with one of the secrets: somebody else sent the request, or changed it. */
  | 'signature_wrong'
  /** The body is no JSON. */
  | 'not_json'
  /** The body is JSON of another kind: for example a session, and not an event. */
  | 'unexpected_body'
  /** A secret is not `whsec_` and base64 of 24 bytes at least, or there is none. */
  | 'secret_invalid'
  /** The body was parsed or decoded before. Give it as it was received. */
  | 'body_not_raw';

export class WebhookError extends Error {
  override readonly name = 'WebhookError';

  constructor(
    readonly code: WebhookErrorCode,
    message: string,
  ) {
    super(message);
  }
}

/** The headers of a request: those of Node's `http`, of `fetch`, or an object with names in any case. */
export type WebhookHeaders =
  { get(name: string): string | null } | Readonly<Record<string, string | readonly string[] | undefined>>;

export interface VerifyOptions {
  /** The time now, in Unix milliseconds. The default is the system's. */
  readonly nowMs?: number;
  /** How far the sender's clock may be off, and how long a request may travel, in seconds. The default is 300. */
  readonly toleranceS?: number;
}

const DEFAULT_TOLERANCE_S = 300;
const MIN_SECRET_BYTES = 24;
const SECRET = /^(?:whsec_)?([A-Za-z0-9+/]+={0,2})$/;

/**
 * The event of a request to a webhook endpoint. `body`: exactly as it was received. `secrets`: the endpoint's; during a
 * rotation both. Throws a `WebhookError`.
 */
export function verifyWebhook(
  body: string | Uint8Array,
  headers: WebhookHeaders,
  secrets: string | readonly string[],
  options: VerifyOptions = {},
): WebhookEvent {
  const value = verified(body, headers, secrets, options);
  if (isEvent(value)) return value;
  throw new WebhookError('unexpected_body', 'The body is no event.');
}

/** As `verifyWebhook`, for the `webhook_url` of a relay session: gives the session. */
export function verifySessionReport(
  body: string | Uint8Array,
  headers: WebhookHeaders,
  secrets: string | readonly string[],
  options: VerifyOptions = {},
): SessionReport {
  const value = verified(body, headers, secrets, options);
  if (isSessionReport(value)) return value;
  throw new WebhookError('unexpected_body', 'The body is no relay session.');
}

/** As `verifyWebhook`, for a `join_url`: gives the question. */
export function verifyJoinQuestion(
  body: string | Uint8Array,
  headers: WebhookHeaders,
  secrets: string | readonly string[],
  options: VerifyOptions = {},
): JoinQuestion {
  const value = verified(body, headers, secrets, options);
  if (isJoinQuestion(value)) return value;
  throw new WebhookError('unexpected_body', 'The body is no question before a join.');
}

function verified(
  body: string | Uint8Array,
  headers: WebhookHeaders,
  secrets: string | readonly string[],
  { nowMs = new Date().getTime(), toleranceS = DEFAULT_TOLERANCE_S }: VerifyOptions,
): unknown {
  requireRaw(body);
  const keys = (typeof secrets === 'string' ? [secrets] : secrets).map(keyOf);
  if (keys.length === 0) throw new WebhookError('secret_invalid', 'There is no secret.');
  const id = headerOf(headers, 'webhook-id');
  const timestamp = headerOf(headers, 'webhook-timestamp');
  const signatures = headerOf(headers, 'webhook-signature').split(' ');
  requireRecent(timestamp, nowMs / 1000, toleranceS);
  const isSigned = keys.some((key) => {
    const hmac = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body);
    const expected = Buffer.from(`v1,${hmac.digest('base64')}`);
    return signatures.some((signature) => isEqual(Buffer.from(signature), expected));
  });
  if (!isSigned) throw new WebhookError('signature_wrong', 'No signature was made with one of the secrets.');
  return parse(typeof body === 'string' ? body : Buffer.from(body).toString('utf8'));
}

/** Callers without types may give a parsed body. */
function requireRaw(body: unknown): void {
  if (typeof body === 'string' || body instanceof Uint8Array) return;
  throw new WebhookError('body_not_raw', 'Give the body as it was received: a string or bytes, not a parsed object.');
}

function keyOf(secret: unknown): Buffer {
  const [, encoded = ''] = (typeof secret === 'string' ? SECRET.exec(secret) : null) ?? [];
  const key = Buffer.from(encoded, 'base64');
  // With an empty key anybody could sign: an unset variable must not become a secret.
  if (key.length >= MIN_SECRET_BYTES) return key;
  throw new WebhookError('secret_invalid', 'A secret is whsec_ and the base64 of 24 bytes at least.');
}

function headerOf(headers: WebhookHeaders, name: string): string {
  const values = isGetter(headers)
    ? [headers.get(name)]
    : Object.entries(headers).flatMap(([each, value]) => (each.toLowerCase() === name ? value : []));
  const [value] = values;
  if (typeof value === 'string' && value !== '' && values.length === 1) return value;
  throw new WebhookError('header_missing', `The request has no header ${name}, or several.`);
}

function requireRecent(timestamp: string, nowS: number, toleranceS: number): void {
  if (!/^[0-9]{1,12}$/.test(timestamp)) throw new WebhookError('timestamp_invalid', 'webhook-timestamp is no number.');
  const aheadS = Number(timestamp) - Math.floor(nowS);
  if (aheadS < -toleranceS) throw new WebhookError('too_old', `The request was signed ${String(-aheadS)} s ago.`);
  if (aheadS > toleranceS)
    throw new WebhookError('too_new', `The request was signed ${String(aheadS)} s ahead of now.`);
}

function isEqual(given: Buffer, expected: Buffer): boolean {
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new WebhookError('not_json', 'The body is no JSON.');
  }
}

function isGetter(headers: WebhookHeaders): headers is { get(name: string): string | null } {
  return typeof headers.get === 'function';
}

/** The signature proves that the gateway wrote the value: what tells the kinds apart is enough. */
function has(value: unknown, name: string, type: 'string' | 'object' | 'boolean'): boolean {
  return typeof value === 'object' && value !== null && typeof Reflect.get(value, name) === type;
}

function isEvent(value: unknown): value is WebhookEvent {
  return has(value, 'id', 'string') && has(value, 'type', 'string') && has(value, 'data', 'object');
}

function isSessionReport(value: unknown): value is SessionReport {
  return has(value, 'session_id', 'string') && has(value, 'status', 'string') && has(value, 'ready', 'boolean');
}

function isJoinQuestion(value: unknown): value is JoinQuestion {
  return (
    has(value, 'session_id', 'string') && has(value, 'user_id', 'string') && has(value, 'credential_kind', 'string')
  );
}
