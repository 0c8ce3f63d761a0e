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
    const code = codeOf(await response.text()) ?? `http_${status}`;
    if (status < 400 || status === 426) return null;
    return { status, code, retryAfterMs: retryAfterOf(response.headers.get('Retry-After')) };
  } catch {
    return null;
  }
}

function codeOf(body: string): string | null {
  try {
    const value: unknown = JSON.parse(body);
    const code: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, 'code') : null;
    return typeof code === 'string' ? code : null;
  } catch {
    return null;
  }
}

function retryAfterOf(header: string | null): number {
  return header !== null && /^\d{1,6}$/.test(header) ? Number(header) * 1000 : 0;
}
