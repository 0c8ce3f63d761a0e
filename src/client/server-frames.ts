/** Parses the control frames that the gateway sends. */
import { hasMembers, isObject } from '../lib/shape.js';
import { SERVER_FRAMES, type ServerFrameType } from '../protocol/control-frames.js';
import type { ServerControl } from '../protocol/server-control.js';

/**
 * `unknown`: a frame of a newer gateway, to be ignored. `broken`: text that breaks the protocol. Unknown members of a
 * known frame are ignored.
 */
export function parseServerControl(text: string): ServerControl | 'unknown' | 'broken' {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'broken';
  }
  const type: unknown = isObject(value) ? Reflect.get(value, 'type') : null;
  if (typeof type !== 'string') return 'broken';
  if (!isKnown(type)) return 'unknown';
  return isFrame(type, value) ? value : 'broken';
}

function isKnown(type: string): type is ServerFrameType {
  return Object.hasOwn(SERVER_FRAMES, type);
}

function isFrame(type: ServerFrameType, value: unknown): value is ServerControl {
  return hasMembers(value, SERVER_FRAMES[type]);
}
