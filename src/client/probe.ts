/**
 * Finds out why a handshake failed, which a WebSocket does not say. The same URL without an upgrade answers over
 * HTTP: 426 means that the credential is good.
 */
export type FetchLike = (
  url: string,
  init: { readonly headers: Record<string, string>; readonly signal: AbortSignal },
) => Promise<{
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  text(): Promise<string>;
}>;

export interface Refusal {
  readonly status: number;
  /** A code of the error catalogue. */
  readonly code: string;
  readonly retryAfterMs: number;
  /** Where the gateway says that the session is; null when it says nothing. */
  readonly url: string | null;
}

/**
 * null when there is no refusal to name: the credential is good, nothing answers, or this origin may not read the
 * answer.
 */
export async function askWhyRefused(
  fetchLike: FetchLike,
  socketUrl: URL,
  credential: string,
  signal: AbortSignal,
): Promise<Refusal | null> {
  const url = new URL(socketUrl);
  url.protocol = url.protocol.replace('ws', 'http');
  try {
    // A connection kept from an earlier request may lead to a node that has stopped listening. Browsers ignore this
    // header; Node obeys it.
    const headers = { Authorization: `Bearer ${credential}`, Connection: 'close' };
    const response = await fetchLike(url.href, { headers, signal });
    const { status } = response;
    const body = await response.text();
    const code = memberOf(body, 'code') ?? `http_${status}`;
    if (status < 400 || status === 426) return null;
    const retryAfterMs = retryAfterOf(response.headers.get('Retry-After'));
    return { status, code, retryAfterMs, url: memberOf(body, 'url') };
  } catch {
    return null;
  }
}

/** A text of a JSON body; null without one. */
function memberOf(body: string, name: 'code' | 'url'): string | null {
  try {
    const value: unknown = JSON.parse(body);
    const member: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, name) : null;
    return typeof member === 'string' ? member : null;
  } catch {
    return null;
  }
}

function retryAfterOf(header: string | null): number {
  return header !== null && /^\d{1,6}$/.test(header) ? Number(header) * 1000 : 0;
}
