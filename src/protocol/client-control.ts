/**
 * Parses the control frames that clients send, by the table in control-frames.ts. Ignores unknown members, so that
 * clients may be newer than the server.
 */
import { MAX_JSON_DEPTH, scanJson, type JsonBounds, type Span } from '../lib/bounded-json.js';
import { isObject, type Members, type Shape, type Shaped } from '../lib/shape.js';
import { CLIENT_FRAMES, controlRef, type ClientFrameType } from './control-frames.js';
import type { ErrorCode } from './errors.js';
import { echoTextOf, MAX_ECHO_NUMBER_CHARS, type EchoText } from './pong.js';
import { stateTextOf, type StateText } from './presence.js';
import { MAX_STATE_BYTES } from './wire.js';

type Present<T> = undefined extends T ? Exclude<T, undefined> | null : T;
type Read<M extends Members> = { readonly [K in Exclude<keyof M, 'ref'>]: Present<Shaped<M[K]>> };
type PlainType = Exclude<ClientFrameType, 'state' | 'ping'>;
type PlainControl = {
  readonly [T in PlainType]: { readonly type: T } & Read<(typeof CLIENT_FRAMES)[T]>;
}[PlainType];

/** A frame that a client may give a ref. */
interface Referable {
  readonly ref?: number;
}

/**
 * A client's frame as the server reads it: absent members are null. What others will read, a presence state and the `t`
 * of a ping, is the text that was sent.
 */
export type ClientControl = (
  PlainControl | { readonly type: 'state'; readonly state: StateText } | { readonly type: 'ping'; readonly t: EchoText }
) &
  Referable;

export interface ControlRefusal extends Referable {
  readonly fault: Extract<ErrorCode, 'malformed_json' | 'invalid_request' | 'unknown_type' | 'state_too_big'>;
}

/**
 * Each value of a state takes two bytes or more, so no state within its size has too many values. An empty array costs
 * as much as 20 bytes of text, so arrays and objects have a bound of their own.
 */
const CONTROL_BOUNDS: JsonBounds = {
  maxDepth: MAX_JSON_DEPTH,
  maxValues: MAX_STATE_BYTES / 2 + 64,
  maxContainers: MAX_STATE_BYTES / 4,
};

/** The longest frame whose ref is looked up after a refusal: room for the largest state and for white space. */
const MAX_REF_SEARCH_BYTES = 2 * MAX_STATE_BYTES;

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

type MemberShapes = readonly (readonly [name: string, shape: Shape<unknown>])[];

const MEMBERS: ReadonlyMap<string, MemberShapes> = new Map(
  Object.entries(CLIENT_FRAMES).map(([type, members]) => [type, Object.entries(members)]),
);

/**
 * Parses the bytes of one text frame. Never throws: for text that is no control frame it returns a named fault.
 * Only tests pass `bounds`.
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
  if (!isObject(value) || Array.isArray(value)) return { fault: 'invalid_request' };
  const frame = frameOf(value, bytes, state);
  const ref: unknown = Reflect.get(value, 'ref');
  return controlRef.is(ref) ? Object.assign(frame, { ref }) : frame;
}

/** The ref of a frame that was refused before it was parsed; null when it has none or is too long to search. */
export function controlRefOf(bytes: Uint8Array): number | null {
  if (bytes.length > MAX_REF_SEARCH_BYTES) return null;
  return parseClientControl(bytes).ref ?? null;
}

function frameOf(value: object, bytes: Uint8Array, state: Span | null): ClientControl | ControlRefusal {
  const type: unknown = Reflect.get(value, 'type');
  if (typeof type !== 'string') return { fault: 'invalid_request' };
  const members = MEMBERS.get(type);
  if (members === undefined) return { fault: 'unknown_type' };
  const frame: Record<string, unknown> = { type };
  if (!takeMembers(members, value, frame)) return { fault: 'invalid_request' };
  if (type === 'state') return stateOf(bytes, state);
  return type === 'ping' ? pingOf(bytes) : frame;
}

/** A `ping` frame with the text of its `t`: another number would come back, if this one were parsed and written. */
function pingOf(bytes: Uint8Array): ClientControl | ControlRefusal {
  const { member: span } = scanJson(bytes, CONTROL_BOUNDS, 't');
  const text = span === null ? 'null' : utf8.decode(bytes.subarray(span.from, span.to));
  const isTooLong = !text.startsWith('"') && text.length > MAX_ECHO_NUMBER_CHARS;
  return isTooLong ? { fault: 'invalid_request' } : { type: 'ping', t: echoTextOf(text) };
}

/** A `state` frame with the state's own text, so that nothing needs to stringify the state again. */
function stateOf(bytes: Uint8Array, span: Span | null): ClientControl | ControlRefusal {
  if (span === null) return { fault: 'invalid_request' };
  if (span.to - span.from > MAX_STATE_BYTES) return { fault: 'state_too_big' };
  return { type: 'state', state: stateTextOf(utf8.decode(bytes.subarray(span.from, span.to))) };
}

/** Copies a frame's members from `value` to `frame`. False when a member has the wrong shape. */
function takeMembers(members: MemberShapes, value: object, frame: Record<string, unknown>): frame is PlainControl {
  for (const [name, { is }] of members) {
    const member: unknown = Reflect.get(value, name);
    if (!is(member)) return false;
    if (name !== 'ref') frame[name] = member ?? null;
  }
  return true;
}
