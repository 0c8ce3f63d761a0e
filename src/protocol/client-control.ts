/**
 * Control frames, client to server: text, one JSON object with a `type`.
 * Parsed here into values; unknown members are ignored so that clients may be newer than the server.
 */
import { z } from 'zod';
import { MAX_JSON_DEPTH, scanJson, type JsonBounds, type Span } from '../lib/bounded-json.js';
import type { ErrorCode } from './errors.js';
import { MAX_MEMBER_INDEX } from './ids.js';
import { stateTextOf, type StateText } from './presence.js';
import type { Json } from './server-control.js';
import { MAX_STATE_BYTES } from './wire.js';

const index = z.int().min(0).max(MAX_MEMBER_INDEX);

const schemas = {
  ping: z.object({ type: z.literal('ping'), t: z.union([z.number(), z.string().max(64), z.null()]).optional() }),
  kick: z.object({ type: z.literal('kick'), index, reason: z.string().max(256).optional() }),
  host: z.object({ type: z.literal('host'), index }),
  lock: z.object({ type: z.literal('lock'), locked: z.boolean() }),
} as const;

export type ClientControl =
  | { readonly type: 'ping'; readonly t: Json }
  | { readonly type: 'state'; readonly state: StateText }
  | { readonly type: 'leave' }
  | { readonly type: 'kick'; readonly index: number; readonly reason: string | null }
  | { readonly type: 'host'; readonly index: number }
  | { readonly type: 'lock'; readonly locked: boolean };

export interface ControlRefusal {
  readonly fault: Extract<ErrorCode, 'malformed_json' | 'invalid_request' | 'unknown_type' | 'state_too_big'>;
}

/**
 * A state takes two bytes or more for each of its values, so none that is small enough has too many. Only one that hardly
 * holds anything but empty arrays has too many of these: each costs as much as 20 bytes of text.
 */
const CONTROL_BOUNDS: JsonBounds = {
  maxDepth: MAX_JSON_DEPTH,
  maxValues: MAX_STATE_BYTES / 2 + 64,
  maxContainers: MAX_STATE_BYTES / 4,
};

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * Parses the bytes of one text frame. Never throws: a frame that is no control frame comes back as a named fault.
 * `bounds` are for tests.
 */
export function parseClientControl(bytes: Uint8Array, bounds = CONTROL_BOUNDS): ClientControl | ControlRefusal {
  const { fault, member: state } = scanJson(bytes, bounds, 'state');
  if (fault !== null) return { fault: 'malformed_json' };
  let value: unknown;
  try {
    value = JSON.parse(utf8.decode(bytes));
  } catch {
    return { fault: 'malformed_json' };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { fault: 'invalid_request' };
  const type: unknown = Reflect.get(value, 'type');
  switch (type) {
    case 'ping':
      return read(schemas.ping, value, (ping) => ({ type: 'ping', t: ping.t ?? null }));
    case 'state':
      return stateOf(bytes, state);
    case 'leave':
      return { type: 'leave' };
    case 'kick':
      return read(schemas.kick, value, (kick) => ({ type: 'kick', index: kick.index, reason: kick.reason ?? null }));
    case 'host':
      return read(schemas.host, value, (host) => ({ type: 'host', index: host.index }));
    case 'lock':
      return read(schemas.lock, value, (lock) => ({ type: 'lock', locked: lock.locked }));
    case undefined:
      return { fault: 'invalid_request' };
    default:
      return typeof type === 'string' ? { fault: 'unknown_type' } : { fault: 'invalid_request' };
  }
}

/** The state as it was sent: to measure it or to pass it on it is not written again. */
function stateOf(bytes: Uint8Array, span: Span | null): ClientControl | ControlRefusal {
  if (span === null) return { fault: 'invalid_request' };
  if (span.to - span.from > MAX_STATE_BYTES) return { fault: 'state_too_big' };
  return { type: 'state', state: stateTextOf(utf8.decode(bytes.subarray(span.from, span.to))) };
}

function read<T>(
  schema: z.ZodType<T>,
  value: unknown,
  build: (parsed: T) => ClientControl,
): ClientControl | ControlRefusal {
  const parsed = schema.safeParse(value);
  return parsed.success ? build(parsed.data) : { fault: 'invalid_request' };
}
