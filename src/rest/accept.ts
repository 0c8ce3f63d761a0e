/** The form that a request would rather get: HTML, as a browser that shows a page, or JSON, as a program. */

export const EVENT_STREAM = 'text/event-stream';

/** JSON also when both are wanted alike, as by a range for everything, and without an Accept header. */
export function prefersHtml(accept: string | undefined): boolean {
  if (accept === undefined) return false;
  const wanted = accept.split(',').map(parseRange);
  return qualityOf('text/html', wanted) > qualityOf('application/json', wanted);
}

/** Whether the request asks for server-sent events rather than JSON. */
export function prefersEventStream(accept: string | undefined): boolean {
  if (accept === undefined) return false;
  const wanted = accept.split(',').map(parseRange);
  return qualityOf(EVENT_STREAM, wanted) > qualityOf('application/json', wanted);
}

interface Range {
  readonly type: string;
  readonly quality: number;
}

function parseRange(text: string): Range {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const [quality = '1'] = parameters.flatMap((each) => (each.startsWith('q=') ? [each.slice(2)] : []));
  return { type, quality: Number(quality) || 0 };
}

/** The most exact range that matches decides (RFC 9110, 12.5.1). */
function qualityOf(type: string, wanted: readonly Range[]): number {
  const [family = ''] = type.split('/');
  for (const name of [type, `${family}/*`, '*/*']) {
    const found = wanted.find((range) => range.type === name);
    if (found !== undefined) return found.quality;
  }
  return 0;
}
