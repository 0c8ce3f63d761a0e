/** Parses control frames by hand: a validation library would be several times the SDK's size. */
import type {
  HostView,
  MemberView,
  ServerControl,
  SessionView,
  UserSessionPush,
  UserSessionView,
  Welcome,
} from '../protocol/server-control.js';

type Check = (value: unknown) => boolean;

const isNumber: Check = (value) => typeof value === 'number';
const isText: Check = (value) => typeof value === 'string';
const isBoolean: Check = (value) => typeof value === 'boolean';
const isJson: Check = (value) => value !== undefined;
const isRole: Check = (value) => value === 'host' || value === 'client';
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);
const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);

type Checks<T> = { readonly [K in keyof T]-?: Check };

/** An object with these members; others are ignored, so that the gateway may be newer. */
function shape<T>(checks: Checks<T>): Check {
  return (value) => hasShape(value, checks);
}

function hasShape(value: unknown, checks: Readonly<Record<string, Check>>): boolean {
  return isObject(value) && Object.entries(checks).every(([name, check]) => check(Reflect.get(value, name)));
}

const isMember = shape<MemberView>({
  index: isNumber,
  user_id: isText,
  role: isRole,
  connected: isBoolean,
  state: isJson,
});
const isSession = shape<SessionView>({
  id: isText,
  metadata: isJson,
  max_users: isNumber,
  expires_at: isNumber,
  locked: isBoolean,
});
const host: Checks<HostView> = { index: (value) => value === null || isNumber(value), term: isNumber };
const userSession: Checks<UserSessionPush> = {
  type: isText,
  session: shape<UserSessionView>({
    id: isText,
    user_id: isText,
    status: isText,
    last_active_at: isNumber,
    last_active_organization_id: (value) => value === null || isText(value),
    expire_at: isNumber,
    abandon_at: isNumber,
  }),
};
const byIndex = { type: isText, index: isNumber };

const FRAMES: { readonly [T in ServerControl['type']]: Checks<Extract<ServerControl, { type: T }>> } = {
  welcome: {
    type: isText,
    protocol: (value) => value === 1,
    session: isSession,
    you: shape<Welcome['you']>({ index: isNumber, user_id: isText, role: isRole }),
    members: listOf(isMember),
    host: shape(host),
    epoch: isText,
    seq: isNumber,
    recovered: isBoolean,
    resume: shape<Welcome['resume']>({ token: isText, window_ms: isNumber }),
    limits: shape<Welcome['limits']>({ max_message_bytes: isNumber, messages_per_s: isNumber, bytes_per_s: isNumber }),
    heartbeat_ms: isNumber,
    node: isText,
  },
  'member.joined': { type: isText, member: isMember },
  'member.away': byIndex,
  'member.back': byIndex,
  'member.left': { ...byIndex, reason: isText },
  'member.state': { ...byIndex, state: isJson },
  host: { type: isText, ...host },
  'session.updated': { type: isText, session: isSession },
  ack: { type: isText, ref: isNumber, seq: isNumber },
  gap: { type: isText, from: isNumber, to: isNumber, reason: isText },
  goaway: { type: isText, reason: isText, after_ms: isNumber, url: optional(isText) },
  error: { type: isText, code: isText, message: isText, ref: optional(isNumber) },
  pong: { type: isText, t: isJson },
  'user_session.touched': userSession,
  'user_session.ended': userSession,
  'user_session.removed': userSession,
  'user_session.revoked': userSession,
};

/** `unknown`: of a newer gateway, to be ignored. `broken`: not what the protocol says. */
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

function isKnown(type: string): type is ServerControl['type'] {
  return Object.hasOwn(FRAMES, type);
}

function isFrame(type: ServerControl['type'], value: unknown): value is ServerControl {
  return hasShape(value, FRAMES[type]);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
