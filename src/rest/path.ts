/**
 * Parses a raw request path into decoded segments and matrix parameters. Every path has one meaning or none: a text that two
 * programs could read differently (encoded slashes, dot segments, empty segments, bad encodings) is no path.
 */
export interface ParsedPath {
  /** Percent-decoded once, without their matrix parameters. The path `/` has none. */
  readonly segments: readonly string[];
  /** `;name=value` of any segment, percent-decoded. A parameter without a value has the empty text. */
  readonly matrix: ReadonlyMap<string, string>;
}

/** Returns null for a text that is no path, or that names a matrix parameter twice. */
export function parsePath(raw: string): ParsedPath | null {
  if (!raw.startsWith('/') || !PATH_CHARACTERS.test(raw)) return null;
  if (raw === '/') return { segments: [], matrix: new Map() };
  const segments: string[] = [];
  const matrix = new Map<string, string>();
  const hasParameters = raw.includes(';');
  for (const part of raw.slice(1).split('/')) {
    const [rawSegment = '', ...parameters] = hasParameters ? part.split(';') : [part];
    const segment = decode(rawSegment);
    if (segment === null || !isSafeSegment(segment)) return null;
    segments.push(segment);
    for (const parameter of parameters) {
      if (parameter !== '' && !addParameter(matrix, parameter)) return null;
    }
  }
  return { segments, matrix };
}

const PATH_CHARACTERS = /^[\x21-\x7e]+$/;
const UNSAFE = /[/\\\x00-\x1f\x7f]/;

function isSafeSegment(segment: string): boolean {
  return segment !== '' && segment !== '.' && segment !== '..' && !UNSAFE.test(segment);
}

function addParameter(matrix: Map<string, string>, parameter: string): boolean {
  const equals = parameter.indexOf('=');
  const name = decode(equals === -1 ? parameter : parameter.slice(0, equals));
  const value = decode(equals === -1 ? '' : parameter.slice(equals + 1));
  if (name === null || value === null || name === '' || matrix.has(name)) return false;
  matrix.set(name, value);
  return true;
}

function decode(text: string): string | null {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return null;
    throw error;
  }
}
