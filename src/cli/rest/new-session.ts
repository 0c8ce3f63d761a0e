/** The flags of `sessions create`, and the body that they make. */
import { isObject } from '../../lib/shape.js';
import type { Flag } from '../flag.js';
import type { Given } from '../given.js';
import { parseJson } from '../parse-json.js';

export const NEW_SESSION_FLAGS: readonly Flag[] = [
  { name: 'user-ip', value: 'IP', about: 'The address of a user; 127.0.0.1 when absent.', isRepeatable: true },
  { name: 'max-users', value: 'N', about: 'How many users may be in the session at once.' },
  { name: 'expires-in-s', value: 'SECONDS', about: 'How long the session lives.' },
  { name: 'resume-window-ms', value: 'MS', about: 'How long a seat is kept without a socket.' },
  { name: 'flush-ms', value: 'MS', about: 'How long frames are gathered: 0 to 50, or auto.' },
  {
    name: 'durability',
    value: 'KIND',
    about: 'Whether reliable frames survive the death of their node.',
    choices: ['memory', 'redis'],
  },
  { name: 'metadata', value: 'JSON', about: 'A JSON object that members get with the welcome.' },
  { name: 'webhook-url', value: 'URL', about: 'Where the gateway reports what becomes of the session.' },
  { name: 'enforce-ip', about: 'Admit users only from their addresses.' },
  {
    name: 'label',
    value: 'NAME=VALUE',
    about: 'Only nodes with this label, such as region=eu.',
    isRepeatable: true,
  },
];

const COUNTS = ['max-users', 'expires-in-s', 'resume-window-ms'];
const MAX_INTEGER = 2 ** 31 - 1;

/** Throws a `UsageError`. The gateway knows the exact bounds. */
export function newSessionBody(given: Given): string {
  const metadata = metadataOf(given);
  const others = JSON.stringify(otherMembers(given));
  return metadata === null ? others : `{"metadata":${metadata},${others.slice(1)}`;
}

function otherMembers(given: Given): object {
  const addresses = given.texts('user-ip');
  const labels = given.texts('label').map((text) => labelOf(given, text));
  return {
    users: (addresses.length === 0 ? ['127.0.0.1'] : addresses).map((ip) => ({ ip })),
    filters: labels.length === 0 ? undefined : labels,
    webhook_url: given.text('webhook-url') ?? undefined,
    durability: given.text('durability') ?? undefined,
    flush_ms: flushOf(given),
    enforce_ip: given.has('enforce-ip') ? true : undefined,
    ...Object.fromEntries(
      COUNTS.map((name) => [name.replaceAll('-', '_'), given.integer(name, { min: 0, max: MAX_INTEGER }) ?? undefined]),
    ),
  };
}

function labelOf(given: Given, text: string): object {
  const at = text.indexOf('=');
  if (at < 1 || at === text.length - 1) throw given.wrong('label', 'expected NAME=VALUE');
  return { field: text.slice(0, at), values: [text.slice(at + 1)], filter_type: 'any' };
}

function flushOf(given: Given): number | 'auto' | undefined {
  return given.text('flush-ms') === 'auto' ? 'auto' : (given.integer('flush-ms', { min: 0, max: 50 }) ?? undefined);
}

/** The text as the user wrote it: a parsed number may have fewer digits. */
function metadataOf(given: Given): string | null {
  const text = given.text('metadata');
  if (text === null) return null;
  const value = parseJson(text);
  if (isObject(value) && !Array.isArray(value)) return text;
  throw given.wrong('metadata', 'expected a JSON object');
}
