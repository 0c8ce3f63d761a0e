/**
 * Control frames, client to server: text, one JSON object with a `type`.
 * Parsed here into values; unknown members are ignored so that clients may be newer than the server.
 */
import { z } from 'zod';
import type { ErrorCode } from './errors.js';
import { MAX_MEMBER_INDEX } from './ids.js';
import type { Json } from './server-control.js';
import { MAX_STATE_BYTES } from './wire.js';

const index = z.int().min(0).max(MAX_MEMBER_INDEX);

export const clientControlSchemas = {
  ping: z.object({ type: z.literal('ping'), t: z.union([z.number(), z.string().max(64), z.null()]).optional() }),
  state: z.object({ type: z.literal('state'), state: z.json() }),
  leave: z.object({ type: z.literal('leave') }),
  kick: z.object({ type: z.literal('kick'), index, reason: z.string().max(256).optional() }),
  host: z.object({ type: z.literal('host'), index }),
  lock: z.object({ type: z.literal('lock'), locked: z.boolean() }),
} as const;

export type ClientControl =
  | { readonly type: 'ping'; readonly t: Json }
  | { readonly type: 'state'; readonly state: Json }
  | { readonly type: 'leave' }
  | { readonly type: 'kick'; readonly index: number; readonly reason: string | null }
  | { readonly type: 'host'; readonly index: number }
  | { readonly type: 'lock'; readonly locked: boolean };

export interface ControlRefusal {
  readonly fault: Extract<ErrorCode, 'malformed_json' | 'invalid_request' | 'unknown_type' | 'state_too_big'>;
}

/** Parses one text frame. Never throws: a frame that is no control frame comes back as a named fault. */
export function parseClientControl(text: string): ClientControl | ControlRefusal {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { fault: 'malformed_json' };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { fault: 'invalid_request' };
  const type: unknown = Reflect.get(value, 'type');
  switch (type) {
    case 'ping':
      return read(clientControlSchemas.ping, value, (ping) => ({ type: 'ping', t: ping.t ?? null }));
    case 'state':
      return parseState(text, value);
    case 'leave':
      return { type: 'leave' };
    case 'kick':
      return read(clientControlSchemas.kick, value, (kick) => ({
        type: 'kick',
        index: kick.index,
        reason: kick.reason ?? null,
      }));
    case 'host':
      return read(clientControlSchemas.host, value, (host) => ({ type: 'host', index: host.index }));
    case 'lock':
      return read(clientControlSchemas.lock, value, (lock) => ({ type: 'lock', locked: lock.locked }));
    case undefined:
      return { fault: 'invalid_request' };
    default:
      return typeof type === 'string' ? { fault: 'unknown_type' } : { fault: 'invalid_request' };
  }
}

/** The size is checked before the shape: a huge or very deep state must not cost a walk through it. */
function parseState(text: string, value: object): ClientControl | ControlRefusal {
  // Some encoders write every character beyond ASCII as \uXXXX: six characters for what may be one byte of the state.
  const envelopeLength = 64;
  if (text.length > 6 * MAX_STATE_BYTES + envelopeLength) return { fault: 'state_too_big' };
  if (!('state' in value)) return { fault: 'invalid_request' };
  // eslint-disable-next-line @typescript-eslint/consistent-type-assertions -- JSON.parse made it, so it is JSON
  const state = value.state as Json;
  if (new TextEncoder().encode(JSON.stringify(state)).length > MAX_STATE_BYTES) return { fault: 'state_too_big' };
  return { type: 'state', state };
}

function read<T>(
  schema: z.ZodType<T>,
  value: unknown,
  build: (parsed: T) => ClientControl,
): ClientControl | ControlRefusal {
  const parsed = schema.safeParse(value);
  return parsed.success ? build(parsed.data) : { fault: 'invalid_request' };
}
