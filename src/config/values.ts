/** Parsers of single settings: each turns text into a typed value, or says what it expected. */
import { z } from 'zod';
import { parseNetwork, type Network } from '../lib/network.js';
import { SESSION_BOUNDS } from '../protocol/session-bounds.js';
import { parseOrigin } from './origins.js';

/** Any text that is not empty. */
export const text: z.ZodType<string, string> = z.string().min(1, 'expected some text');

/** Visible ASCII, so that the text fits into a header unchanged. */
export function minimumText(length: number): z.ZodType<string, string> {
  return z
    .string()
    .regex(/^[\x21-\x7e]*$/, 'expected visible ASCII characters without spaces')
    .min(length, `expected at least ${length} characters`);
}

/** A plain decimal integer within the bounds: no sign, no exponent, no separators, no unit. */
export function integer(min: number, max: number): z.ZodType<number, string> {
  const expected = `expected an integer from ${min} to ${max}`;
  return z
    .string()
    .regex(/^[0-9]{1,15}$/, { error: expected, abort: true })
    .transform(Number)
    .refine((value) => value >= min && value <= max, expected);
}

export function oneOf<const T extends string>(values: readonly [T, ...T[]]): z.ZodType<T, string> {
  return read(`expected one of ${values.join(', ')}`, (written) => values.find((value) => value === written) ?? null);
}

/** Spelled out, so that nobody has to guess the meaning of `0` or `no`. */
export const trueOrFalse: z.ZodType<boolean, string> = oneOf(['true', 'false']).transform(
  (written) => written === 'true',
);

/** `auto`, or a window of 0 to 50 ms. */
export const flush: z.ZodType<number | 'auto', string> = read(
  'expected auto, or an integer from 0 to 50',
  (written) => {
    if (written === 'auto') return 'auto';
    const value = /^[0-9]{1,2}$/.test(written) ? Number(written) : Number.NaN;
    return value <= SESSION_BOUNDS.flushMs.max ? value : null;
  },
);

/** An absolute http or https URL without credentials, query or fragment; no slash at its end. */
export const httpUrl: z.ZodType<string, string> = read(
  'expected an http or https URL without credentials, query or fragment',
  (written) => {
    if (!/^https?:\/\//i.test(written) || !URL.canParse(written)) return null;
    const url = new URL(written);
    if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') return null;
    return url.href.replace(/\/+$/, '');
  },
);

/** An http or https URL as above that holds at least one of the placeholders, such as `{port}`. */
export function urlTemplate(placeholders: readonly string[]): z.ZodType<string, string> {
  const written = placeholders.map((name) => `{${name}}`);
  return read(
    `expected an http or https URL with ${written.join(' or ')} in it, without credentials, query or fragment`,
    (template) => {
      // A digit may stand wherever a placeholder may: in the port, the host and the path.
      const filled = written.reduce((text, placeholder) => text.replaceAll(placeholder, '1'), template);
      if (filled === template || !httpUrl.safeParse(filled).success) return null;
      return template.replace(/\/+$/, '');
    },
  );
}

/** Absolute http or https URLs without credentials, query or fragment, in their canonical spelling. */
export const urlPrefixes: z.ZodType<readonly string[], string> = read(
  'expected http or https URLs without credentials, query or fragment, separated by commas',
  (written) => {
    const urls = splitList(written).map((part) => httpUrl.safeParse(part).data ?? null);
    return urls.every((url) => url !== null) ? [...new Set(urls)] : null;
  },
);

/** `smtp://[user:password@]host[:port]`; nothing after the port, because options there could weaken TLS. */
export const smtpUrl: z.ZodType<string, string> = read(
  'expected a URL like smtp://host, smtps://user:password@host or smtp://host:587',
  (written) => {
    if (!/^smtps?:\/\/[^\s/?#]+\/?$/i.test(written) || !URL.canParse(written)) return null;
    const { hostname, username, password } = new URL(written);
    return hostname === '' || !canDecode(username) || !canDecode(password) ? null : written;
  },
);

const MAIL_ADDRESS =
  /^(?:[^\r\n<>"@,;:]{1,64} <[^\s<>"@,;:]{1,64}@[A-Za-z0-9.-]{1,253}>|[^\s<>"@,;:]{1,64}@[A-Za-z0-9.-]{1,253})$/;

/** A mail address, alone or with its owner's name; no characters that could start another header. */
export const mailAddress: z.ZodType<string, string> = z
  .string()
  .regex(MAIL_ADDRESS, 'expected name@host, or Name <name@host>');

/** The part of a URL between scheme and path: a host, with the port unless it is the scheme's default. */
export const authority: z.ZodType<string, string> = z
  .string()
  .regex(/^[A-Za-z0-9.:[\]-]{1,260}$/, 'expected a host, or host:port')
  .refine((written) => URL.canParse(`https://${written}`), 'expected a host, or host:port');

/** EIP-155 ids, each once. */
export const chainIds: z.ZodType<readonly number[], string> = read(
  'expected chain ids separated by commas, each once',
  (written) => {
    const parts = splitList(written);
    const isList = parts.length > 0 && new Set(parts).size === parts.length;
    return isList && parts.every((part) => /^[1-9][0-9]{0,14}$/.test(part)) ? parts.map(Number) : null;
  },
);

/** Checks only the scheme and that something follows; the adapter parses the rest. */
export const redisUrl: z.ZodType<string, string> = z
  .string()
  .regex(
    /^rediss?(\+(sentinel|cluster))?:\/\/[^\s/]\S*$/,
    'expected a URL that begins with redis://, redis+sentinel:// or redis+cluster://, or the same with rediss',
  );

/** `own`: pages of the server itself. `any`: no check. Otherwise a list of canonical origins, which may hold `*`. */
export type AllowedOrigins = 'own' | 'any' | readonly string[];

export const origins: z.ZodType<AllowedOrigins, string> = read(
  'expected *, or origins like https://game.example or https://*.game.example separated by commas; a * stands for ' +
    'whole labels before a domain of your own, or for the port',
  (written) => {
    const parts = splitList(written);
    if (parts.length === 0) return 'own';
    if (parts.includes('*')) return parts.length === 1 ? 'any' : null;
    const parsed = parts.map(parseOrigin);
    return parsed.every((origin) => origin !== null) ? [...new Set(parsed)] : null;
  },
);

/** Addresses and CIDR networks. */
export const networks: z.ZodType<readonly Network[], string> = read(
  'expected addresses or networks like 10.0.0.0/8 separated by commas, none of them /0',
  (written) => {
    const parsed = splitList(written).map(parseNetwork);
    return parsed.every((network) => network !== null) ? parsed : null;
  },
);

export type NodeLabels = Readonly<Record<string, string>>;

const LABEL = /^([A-Za-z][A-Za-z0-9_.-]{0,63})=([^=]{1,128})$/;

export const labels: z.ZodType<NodeLabels, string> = read(
  'expected name=value pairs separated by commas, each name once',
  (written) => {
    const pairs = new Map<string, string>();
    for (const part of splitList(written)) {
      const [, name, value] = LABEL.exec(part) ?? [];
      if (name === undefined || value === undefined || pairs.has(name)) return null;
      pairs.set(name, value);
    }
    return Object.fromEntries(pairs);
  },
);

function splitList(written: string): string[] {
  return written
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** A schema from a function that returns null for unreadable text. */
function read<T>(expected: string, parse: (written: string) => T | null): z.ZodType<T, string> {
  return z.string().transform((written, context) => {
    const value = parse(written);
    if (value !== null) return value;
    context.addIssue({ code: 'custom', message: expected });
    return z.NEVER;
  });
}

function canDecode(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch (error) {
    if (error instanceof URIError) return false;
    throw error;
  }
}
