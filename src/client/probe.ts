/**
 * Finds out why a handshake failed, which a WebSocket does not say. The same URL without an upgrade answers over
 * HTTP: 426 means that the credential is good.
 */
import { FINAL_CONNECT_ERRORS } from '../protocol/connect-errors.js';
import { overHttp, type Address } from './address.js';

export type FetchLike = (
  url: string,
  init: { readonly headers: Record<string, string>; readonly signal: AbortSignal },
) => Promise<{
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  text(): Promise<string>;
}>;

export interface Refusal {
  /** A code of the error catalogue, or of something that stands before the gateway: `http_` and the status without one. */
  readonly code: string;
  /** Whether the same handshake cannot succeed. */
  readonly isFinal: boolean;
  readonly retryAfterMs: number;
  /** Why the backend refused the join; undefined with other codes. */
  readonly cause: unknown;
  /** Where the gateway says that the session is; null when it says nothing. */
  readonly url: string | null;
}

/**
 * null when there is no refusal to name: the credential is good, nothing answers, or this origin may not read the
 * answer.
 */
export async function askWhyRefused(
  fetchLike: FetchLike,
  address: Address,
  credential: string,
  signal: AbortSignal,
): Promise<Refusal | null> {
  try {
    // A connection kept from an earlier request may lead to a node that has stopped listening. Browsers ignore this
    // header; Node obeys it.
    const headers = { Authorization: `Bearer ${credential}`, Connection: 'close' };
    const response = await fetchLike(overHttp(address), { headers, signal });
    const { status } = response;
    const body = await response.text();
    if (status < 400 || status === 426) return null;
    const retryAfterMs = retryAfterOf(response.headers.get('Retry-After'));
    const members = membersOf(body);
    const code = textOf(members.code) ?? `http_${status}`;
    const isFinal = status < 500 && FINAL_CONNECT_ERRORS.has(code);
    const cause = code === 'join_refused' ? members.message : undefined;
    return { code, isFinal, retryAfterMs, cause, url: textOf(members.url) };
  } catch {
    return null;
  }
}

interface Members {
  readonly code?: unknown;
  readonly message?: unknown;
  readonly url?: unknown;
}

function membersOf(body: string): Members {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' ? (value ?? {}) : {};
  } catch {
    return {};
  }
}

function textOf(member: unknown): string | null {
  return typeof member === 'string' ? member : null;
}

function retryAfterOf(header: string | null): number {
  return header !== null && /^\d{1,6}$/.test(header) ? Number(header) * 1000 : 0;
}
